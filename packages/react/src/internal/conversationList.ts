/** The list of conversations of one client: read once, and then updated by the messages that arrive. */
import {
  type Conversation,
  ConversationError,
  type ConversationEvent,
  type Page,
  type Reason,
  type SignalWireClient
} from "@effect-signalwire/promise"
import { isStaleLinkReason } from "@effect-signalwire/schema/Page"
import { childController } from "./abortController.ts"
import type { ClientSource } from "./clientSource.ts"
import { toError } from "./errors.ts"
import * as Retry from "./retry.ts"
import type { Store } from "./store.ts"

/** A conversation in the list. */
export interface ListedConversation extends Conversation {
  /** The newest message received since the list was started, or `null` if there was none. */
  readonly lastMessage: ConversationEvent | null
}

/** The subscriber's conversations, and their loading state. */
export interface ConversationsState {
  /**
   * - `loading`: the list is being read.
   * - `ready`: the list is up to date, and changes as messages arrive.
   * - `failed`: reading failed for a reason that can't recover by itself; see `error`.
   */
  readonly status: "loading" | "ready" | "failed"
  /** Why the status is `failed`: a `ConversationError`, unless the client could not be created; otherwise `null`. */
  readonly error: Error | null
  /** Why the status is still `loading`, if the last read failed. It is repeated automatically. */
  readonly reason: Reason | null
  /** The conversations, most recently active first. */
  readonly conversations: ReadonlyArray<ListedConversation>
  /** Whether there are more conversations to load. */
  readonly hasMore: boolean
  /** Whether more conversations are being loaded, including retries after failures that may recover. */
  readonly isLoadingMore: boolean
  /** Why the last call of `loadMore` failed; otherwise `null`. */
  readonly moreError: Error | null
}

export const initial: ConversationsState = {
  status: "loading",
  error: null,
  reason: null,
  conversations: [],
  hasMore: false,
  isLoadingMore: false,
  moreError: null
}

/** Sorts by activity, the latest first. */
const sort = (conversations: Iterable<ListedConversation>): ReadonlyArray<ListedConversation> =>
  Array.from(conversations).sort((a, b) => b.last_message_at - a.last_message_at || (a.id < b.id ? -1 : 1))

/** Adds conversations that were read to the known ones. Messages received in the meantime are kept. */
const mergePage = (
  known: ReadonlyArray<ListedConversation>,
  page: ReadonlyArray<Conversation>
): ReadonlyArray<ListedConversation> => {
  const byId = new Map(known.map((conversation) => [conversation.id, conversation]))
  for (const conversation of page) {
    const before = byId.get(conversation.id)
    byId.set(conversation.id, {
      ...conversation,
      last_message_at: Math.max(conversation.last_message_at, before?.last_message_at ?? 0),
      lastMessage: before?.lastMessage ?? null
    })
  }
  return sort(byId.values())
}

const isConversationOf = (event: ConversationEvent) => (conversation: Conversation): boolean =>
  conversation.id === event.conversation_id ||
  (event.address_id !== null && conversation.address_id === event.address_id)

/** Updates the conversation of an event. */
const applyEvent = (
  known: ReadonlyArray<ListedConversation>,
  event: ConversationEvent
): ReadonlyArray<ListedConversation> => {
  const isConversation = isConversationOf(event)
  return sort(
    known.map((conversation) =>
      isConversation(conversation) && event.ts >= (conversation.lastMessage?.ts ?? 0)
        ? {
          ...conversation,
          last_message_at: Math.max(conversation.last_message_at, event.ts * 1000),
          lastMessage: event
        }
        : conversation
    )
  )
}

/** How long to wait for the subscription before the list is read without it. Milliseconds. */
const subscribeTimeout = 1000

/** The maximum number of conversations outside the list whose newest event is kept. */
const maxUnlistedEvents = 1000

export interface ConversationList {
  /** Reads the first page again. */
  readonly refresh: () => Promise<void>
  /** Reads the next page. */
  readonly loadMore: () => Promise<void>
}

/** The parts of a client that the list needs. */
interface ListingClient extends Pick<SignalWireClient, "connection"> {
  readonly conversation: Pick<SignalWireClient["conversation"], "getConversations" | "subscribe">
}

/** Keeps the list in the store up to date, until the signal is aborted or it fails. */
export const start = (
  client: ListingClient,
  source: Pick<ClientSource, "state">,
  store: Store<ConversationsState>,
  parentSignal: AbortSignal
): ConversationList => {
  const { conversation } = client
  const controller = childController(parentSignal)
  const { signal } = controller
  const retry = Retry.make(client, source, signal)
  let lastPage: Page<Conversation> | undefined
  let reading: Promise<void> | undefined
  let isStale = false
  /** The newest event of each conversation that is not in the list yet, by conversation id. */
  const unlistedEvents = new Map<string, ConversationEvent>()

  const update = (change: Partial<ConversationsState>) => {
    if (!signal.aborted) store.set({ ...store.get(), ...change })
  }

  const fail = (error: unknown) => {
    update({ status: "failed", error: toError(error), reason: null, isLoadingMore: false })
    controller.abort()
  }

  const readFirstPage = async (): Promise<void> => {
    const page = await retry.run(
      () => conversation.getConversations({ signal }),
      (reason) => update({ reason })
    )
    // later pages that are already loaded stay
    lastPage ??= page
    update({
      status: "ready",
      error: null,
      reason: null,
      conversations: [...unlistedEvents.values()].reduce(applyEvent, mergePage(store.get().conversations, page.data)),
      hasMore: lastPage.hasNext
    })
    unlistedEvents.clear()
  }

  const readWhileStale = async (): Promise<void> => {
    try {
      while (isStale) {
        isStale = false
        await readFirstPage()
      }
    } catch (error) {
      fail(error)
    } finally {
      reading = undefined
    }
  }

  /** Reads the first page again. If a read is in progress, another one follows it. */
  const readAgain = (): Promise<void> => {
    isStale = true
    reading ??= readWhileStale()
    return reading
  }

  const onMessage = (event: ConversationEvent) => {
    const { conversations } = store.get()
    if (conversations.some(isConversationOf(event))) return update({ conversations: applyEvent(conversations, event) })
    unlistedEvents.delete(event.conversation_id)
    unlistedEvents.set(event.conversation_id, event)
    for (const oldest of unlistedEvents.keys()) {
      if (unlistedEvents.size <= maxUnlistedEvents) break
      unlistedEvents.delete(oldest)
    }
    void readAgain()
  }

  const refresh = (): Promise<void> => {
    retry.retryNow()
    return readAgain()
  }

  const run = async (): Promise<void> => {
    const timer = setTimeout(() => void readAgain(), subscribeTimeout)
    signal.addEventListener("abort", () => clearTimeout(timer))
    await conversation.subscribe(onMessage, {
      signal,
      // a subscription whose token was refused continues with the next token
      onError: (error) =>
        error instanceof ConversationError && error.reason._tag === "Unauthorized" ? undefined : fail(error),
      onGap: () => void readAgain()
    })
    clearTimeout(timer)
    // read after subscribing, so that no conversation is missed in between
    await refresh()
  }

  const readNextPage = (page: Page<Conversation>) => retry.run(() => page.nextPage({ signal }))

  /** Reads pages from the first one on, and returns the first that has an unknown conversation. */
  const readUnknownPage = async (): Promise<Page<Conversation> | undefined> => {
    const known = new Set(store.get().conversations.map(({ id }) => id))
    let page: Page<Conversation> | undefined = await retry.run(() => conversation.getConversations({ signal }))
    while (page?.hasNext === true && page.data.every(({ id }) => known.has(id))) page = await readNextPage(page)
    return page
  }

  store.set({ ...store.get(), status: "loading", error: null, reason: null, isLoadingMore: false, moreError: null })
  run().catch(fail)

  return {
    refresh,
    loadMore: async () => {
      const before = lastPage
      if (before === undefined || !store.get().hasMore || store.get().isLoadingMore) return
      update({ isLoadingMore: true, moreError: null })
      try {
        const next = await readNextPage(before).catch((error: unknown) => {
          if (error instanceof ConversationError && isStaleLinkReason(error.reason)) return readUnknownPage()
          throw error
        })
        lastPage = next ?? before
        update({
          isLoadingMore: false,
          hasMore: next?.hasNext ?? false,
          conversations: mergePage(store.get().conversations, next?.data ?? [])
        })
      } catch (error) {
        update({ isLoadingMore: false, moreError: toError(error) })
      }
    }
  }
}
