/** The list of conversations, followed with one client: read once, then kept by what is heard. */
import {
  type Conversation,
  ConversationError,
  type ConversationEvent,
  type Page,
  type Reason,
  type SignalWireClient
} from "@effect-signalwire/promise"
import * as Aborting from "./aborting.ts"
import { toError } from "./failure.ts"
import * as Retrying from "./retrying.ts"
import type { Source } from "./source.ts"
import type { Store } from "./store.ts"

/** A conversation in the list. */
export interface ListedConversation extends Conversation {
  /** The newest message that was heard since the list is watched. */
  readonly lastMessage: ConversationEvent | null
}

/** The subscriber's conversations as they stand. */
export interface ConversationsState {
  /** `loading` until the list has been read; `failed` when it can't be, and is not followed any more: see `error`. */
  readonly status: "loading" | "ready" | "failed"
  /** Why it is `failed`: a `ConversationError`, unless the client could not be made. */
  readonly error: Error | null
  /** Why it is still `loading`, where something is in the way that may heal: it then goes on by itself. */
  readonly reason: Reason | null
  /** Most recently active first. */
  readonly conversations: ReadonlyArray<ListedConversation>
  /** Whether there are more to load. */
  readonly hasMore: boolean
  /** Whether more are being loaded. It waits for whatever may heal. */
  readonly isLoadingMore: boolean
  /** Why the last loading of more failed; they can be asked for again. */
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

/** The newest first. */
const sorted = (conversations: Iterable<ListedConversation>): ReadonlyArray<ListedConversation> =>
  Array.from(conversations).sort((a, b) => b.last_message_at - a.last_message_at || (a.id < b.id ? -1 : 1))

/** What was read, over what is known; what was heard since stays. */
const merged = (
  known: ReadonlyArray<ListedConversation>,
  read: ReadonlyArray<Conversation>
): ReadonlyArray<ListedConversation> => {
  const byId = new Map(known.map((conversation) => [conversation.id, conversation]))
  for (const conversation of read) {
    const before = byId.get(conversation.id)
    byId.set(conversation.id, {
      ...conversation,
      last_message_at: Math.max(conversation.last_message_at, before?.last_message_at ?? 0),
      lastMessage: before?.lastMessage ?? null
    })
  }
  return sorted(byId.values())
}

const concerns = (event: ConversationEvent) => (conversation: Conversation): boolean =>
  conversation.id === event.conversation_id ||
  (event.address_id !== null && conversation.address_id === event.address_id)

/** What was heard, over what is known. */
const heard = (
  known: ReadonlyArray<ListedConversation>,
  event: ConversationEvent
): ReadonlyArray<ListedConversation> => {
  const isConcerned = concerns(event)
  return sorted(known.map((conversation) =>
    isConcerned(conversation) && event.ts >= (conversation.lastMessage?.ts ?? 0)
      ? {
        ...conversation,
        last_message_at: Math.max(conversation.last_message_at, event.ts * 1000),
        lastMessage: event
      }
      : conversation
  ))
}

/** How long the list waits for messages to come through before it is read without them. Milliseconds. */
const patience = 1000

/** Of how many conversations that are not in the list what was heard is held. */
const maxUnplaced = 1000

/** Whether the server has forgotten where a page's link led. */
const isForgotten = (error: unknown): boolean =>
  error instanceof ConversationError && (error.reason._tag === "Invalid" || error.reason._tag === "NotFound")

export interface Listing {
  /** Reads the first page again. */
  readonly refresh: () => Promise<void>
  /** Reads the next page. */
  readonly loadMore: () => Promise<void>
}

/** Follows the list into the store, until the signal, or until it fails. */
export const follow = (
  client: SignalWireClient,
  source: Pick<Source, "state">,
  store: Store<ConversationsState>,
  until: AbortSignal
): Listing => {
  const { conversation } = client
  const ending = Aborting.within(until)
  const { signal } = ending
  const retrying = Retrying.make(client, source, signal)
  let last: Page<Conversation> | undefined
  let reading: Promise<void> | undefined
  let isStale = false
  /** What was heard of conversations that the list does not have yet, the newest of each. */
  const unplaced = new Map<string, ConversationEvent>()

  const update = (change: Partial<ConversationsState>) => {
    if (!signal.aborted) store.set({ ...store.get(), ...change })
  }

  const fail = (error: unknown) => {
    update({ status: "failed", error: toError(error), reason: null, isLoadingMore: false })
    ending.abort()
  }

  const read = async (): Promise<void> => {
    const page = await retrying.read(
      () => conversation.getConversations({ signal }),
      (reason) => update({ reason })
    )
    // those behind stay as they are known
    last ??= page
    update({
      status: "ready",
      error: null,
      reason: null,
      conversations: [...unplaced.values()].reduce(heard, merged(store.get().conversations, page.data)),
      hasMore: last.hasNext
    })
    unplaced.clear()
  }

  const readWhileStale = async (): Promise<void> => {
    try {
      while (isStale) {
        isStale = false
        await read()
      }
    } catch (error) {
      fail(error)
    } finally {
      reading = undefined
    }
  }

  /** Reads the first page again, once more when it is asked for meanwhile. */
  const readAgain = (): Promise<void> => {
    isStale = true
    reading ??= readWhileStale()
    return reading
  }

  const hear = (event: ConversationEvent) => {
    const { conversations } = store.get()
    if (conversations.some(concerns(event))) return update({ conversations: heard(conversations, event) })
    unplaced.delete(event.conversation_id)
    unplaced.set(event.conversation_id, event)
    for (const eldest of unplaced.keys()) {
      if (unplaced.size <= maxUnplaced) break
      unplaced.delete(eldest)
    }
    void readAgain()
  }

  const refresh = (): Promise<void> => {
    retrying.nudge()
    return readAgain()
  }

  const begin = async (): Promise<void> => {
    const early = setTimeout(() => void readAgain(), patience)
    signal.addEventListener("abort", () => clearTimeout(early), { once: true })
    await conversation.subscribe(hear, {
      signal,
      // one that waits for another token goes on with it
      onError: (error) =>
        error instanceof ConversationError && error.reason._tag === "Unauthorized" ? undefined : fail(error),
      onGap: () => void readAgain()
    })
    clearTimeout(early)
    // once more, so that nothing falls in between
    await refresh()
  }

  const pageAfter = (page: Page<Conversation>) => retrying.read(() => page.nextPage({ signal }))

  /** The first page, from the newest on, that has what is not known. */
  const newPage = async (): Promise<Page<Conversation> | undefined> => {
    const known = new Set(store.get().conversations.map(({ id }) => id))
    let page: Page<Conversation> | undefined = await retrying.read(() => conversation.getConversations({ signal }))
    while (page?.hasNext === true && page.data.every(({ id }) => known.has(id))) page = await pageAfter(page)
    return page
  }

  store.set({ ...store.get(), status: "loading", error: null, reason: null, isLoadingMore: false, moreError: null })
  begin().catch(fail)

  return {
    refresh,
    loadMore: async () => {
      const before = last
      if (before === undefined || !store.get().hasMore || store.get().isLoadingMore) return
      update({ isLoadingMore: true, moreError: null })
      try {
        const next = await pageAfter(before).catch((error: unknown) => {
          if (isForgotten(error)) return newPage()
          throw error
        })
        last = next ?? before
        update({
          isLoadingMore: false,
          hasMore: next?.hasNext ?? false,
          conversations: merged(store.get().conversations, next?.data ?? [])
        })
      } catch (error) {
        update({ isLoadingMore: false, moreError: toError(error) })
      }
    }
  }
}
