/** What the hooks under one provider share: each thing is watched once, however many components look at it. */
import { type ConnectionState, ConversationError } from "@effect-signalwire/promise"
import * as Conversation from "./conversation.ts"
import * as Conversations from "./conversations.ts"
import * as Keeping from "./keeping.ts"
import * as Source from "./source.ts"
import * as Store from "./store.ts"

export interface Stores {
  readonly source: Source.Source
  readonly connection: Store.Readable<ConnectionState>
  readonly conversations: Conversations.Conversations
  /** The conversation with an address: the same object for as long as anybody holds it. */
  readonly conversation: (addressId: string) => Conversation.Conversation
  /** Keeps the client, and what was looked at last; answers how to let go of it. Then nothing of it goes on. */
  readonly retain: () => () => void
}

export const idle: ConnectionState = { _tag: "Idle", reason: null }

/** How many conversations are kept that nobody looks at any more. */
const maxKept = 5

const connection = (source: Source.Source): Store.Readable<ConnectionState> => {
  const state = Store.make<ConnectionState>(idle)
  return Store.whileWatched(state, (signal) => {
    Source.use(source, signal, {
      onClient: ({ connection }, signal) => {
        const stop = connection.onChange(state.set)
        signal.addEventListener("abort", () => {
          stop()
          state.set(idle)
        }, { once: true })
      },
      onFailure: (error) => {
        if (error instanceof ConversationError) state.set({ _tag: "Failed", reason: error.reason })
      }
    })
    signal.addEventListener("abort", () => state.set(idle), { once: true })
  })
}

export const make = (source: Source.Source): Stores => {
  const keptConversations = Keeping.make(maxKept)
  const keptList = Keeping.make(1)
  const held = new Map<string, WeakRef<Conversation.Conversation>>()
  const forgotten = new FinalizationRegistry<string>((addressId) => {
    if (held.get(addressId)?.deref() === undefined) held.delete(addressId)
  })
  /** Those with messages on their way, which components that went away may come back for. */
  const busy = new Set<Conversation.Conversation>()

  const make = (addressId: string): Conversation.Conversation => {
    const conversation = Conversation.make(addressId, source, keptConversations)
    const noteBusy = () => {
      if (conversation.outgoing.get().length > 0) busy.add(conversation)
      else busy.delete(conversation)
    }
    conversation.outgoing.subscribe(noteBusy)
    held.set(addressId, new WeakRef(conversation))
    forgotten.register(conversation, addressId)
    return conversation
  }

  return {
    source,
    connection: connection(source),
    conversations: Conversations.make(source, keptList.keep(Conversation.defaults.keepAlive)),
    conversation: (addressId) => held.get(addressId)?.deref() ?? make(addressId),
    retain: () => {
      const releases = [source, keptConversations, keptList].map(({ retain }) => retain())
      return () => releases.forEach((release) => release())
    }
  }
}
