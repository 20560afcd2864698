/** The list of conversations: read once, then kept by what is heard. */
import type { DocumentedConversation, DocumentedEvent, Page, SignalWireClient } from "@effect-signalwire/promise"
import { toError } from "./failure.ts"
import type { Source } from "./source.ts"
import * as Store from "./store.ts"

/** A conversation in the list. */
export interface ListedConversation extends DocumentedConversation {
  /** The newest message that was heard since the list is watched. */
  readonly lastMessage: DocumentedEvent | null
}

/** The subscriber's conversations as they stand. */
export interface ConversationsState {
  readonly status: "loading" | "ready" | "failed"
  /** Why it failed: a `ConversationError`, unless the client could not be made. */
  readonly error: Error | null
  /** Most recently active first. */
  readonly conversations: ReadonlyArray<ListedConversation>
  /** Whether there are more to load. */
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
}

export interface Conversations {
  readonly state: Store.Readable<ConversationsState>
  readonly loadMore: () => Promise<void>
  readonly refresh: () => Promise<void>
}

export const initial: ConversationsState = {
  status: "loading",
  error: null,
  conversations: [],
  hasMore: false,
  isLoadingMore: false
}

/** The newest first. */
const sorted = (conversations: Iterable<ListedConversation>): ReadonlyArray<ListedConversation> =>
  Array.from(conversations).sort((a, b) => b.last_message_at - a.last_message_at || (a.id < b.id ? -1 : 1))

/** What was read, over what is known; what was heard since stays. */
const merged = (
  known: ReadonlyArray<ListedConversation>,
  read: ReadonlyArray<DocumentedConversation>
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

/** What was heard, over what is known. */
const heard = (
  known: ReadonlyArray<ListedConversation>,
  event: DocumentedEvent
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

const concerns = (event: DocumentedEvent) => (conversation: DocumentedConversation): boolean =>
  conversation.id === event.conversation_id ||
  (event.address_id !== null && conversation.address_id === event.address_id)

export const make = ({ client }: Pick<Source, "client">): Conversations => {
  const state = Store.make(initial)
  const update = (change: Partial<ConversationsState>) => state.set({ ...state.get(), ...change })
  let last: Page<DocumentedConversation> | undefined
  let current: AbortSignal | undefined
  let reading: Promise<void> | undefined
  let isStale = false
  /** What was heard of conversations that the list does not have yet, the newest of each. */
  const unplaced = new Map<string, DocumentedEvent>()

  const fail = (signal: AbortSignal | undefined) => (error: unknown) => {
    if (current === signal) update({ status: "failed", error: toError(error), isLoadingMore: false })
  }

  const read = async (signal: AbortSignal, { conversation }: SignalWireClient): Promise<void> => {
    do {
      isStale = false
      const page = await conversation.getConversations({ signal })
      if (signal.aborted) return
      // those behind stay as they are known
      last ??= page
      const { conversations } = state.get()
      update({
        status: "ready",
        error: null,
        conversations: [...unplaced.values()].reduce(heard, merged(conversations, page.data)),
        hasMore: last.hasNext
      })
      unplaced.clear()
    } while (isStale)
  }

  /** Reads the first page again, once more when it is asked for meanwhile. */
  const refresh = (): Promise<void> => {
    const signal = current
    if (signal === undefined) return Promise.resolve()
    isStale = true
    reading ??= client().then((made) => read(signal, made)).catch(fail(signal)).finally(() => {
      reading = undefined
    })
    return reading
  }

  const hear = (event: DocumentedEvent) => {
    const { conversations } = state.get()
    if (conversations.some(concerns(event))) return update({ conversations: heard(conversations, event) })
    unplaced.set(event.conversation_id, event)
    void refresh()
  }

  const run = (signal: AbortSignal) => {
    current = signal
    signal.addEventListener("abort", () => {
      current = undefined
      reading = undefined
      last = undefined
      unplaced.clear()
      state.set(initial)
    }, { once: true })
    client().then(async ({ conversation }) => {
      // before the list is read, so that nothing falls in between
      await conversation.subscribe(hear, { signal, onError: fail(signal) })
      await refresh()
    }).catch(fail(signal))
  }

  const loadMore = async (): Promise<void> => {
    const signal = current
    if (signal === undefined || last === undefined || !last.hasNext || state.get().isLoadingMore) return
    update({ isLoadingMore: true })
    try {
      const next = await last.nextPage({ signal })
      if (signal.aborted) return
      last = next ?? last
      update({
        isLoadingMore: false,
        hasMore: next?.hasNext ?? false,
        conversations: merged(state.get().conversations, next?.data ?? [])
      })
    } catch (error) {
      fail(signal)(error)
    }
  }

  return { state: Store.whileWatched(state, run), loadMore, refresh }
}
