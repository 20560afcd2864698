/** What the hooks under one provider share: each thing is watched once, however many components look at it. */
import type { ConnectionState } from "@effect-signalwire/promise"
import * as Conversation from "./conversation.ts"
import * as Conversations from "./conversations.ts"
import type { Source } from "./source.ts"
import * as Store from "./store.ts"

export interface Stores {
  readonly source: Source
  readonly connection: Store.Readable<ConnectionState>
  readonly conversations: Conversations.Conversations
  /** The conversation with an address: the same object for as long as anybody holds it. */
  readonly conversation: (addressId: string) => Conversation.Conversation
}

export const idle: ConnectionState = { _tag: "Idle", reason: null }

const connection = ({ client }: Source): Store.Readable<ConnectionState> => {
  const state = Store.make<ConnectionState>(idle)
  return Store.whileWatched(state, (signal) => {
    client().then(({ connection }) => {
      if (signal.aborted) return
      const stop = connection.onChange(state.set)
      signal.addEventListener("abort", () => {
        stop()
        state.set(idle)
      }, { once: true })
    }).catch(() => {
      // the source tells
    })
  })
}

export const make = (source: Source): Stores => {
  const held = new Map<string, WeakRef<Conversation.Conversation>>()
  const forgotten = new FinalizationRegistry<string>((addressId) => {
    if (held.get(addressId)?.deref() === undefined) held.delete(addressId)
  })
  /** Those with messages on their way, which components that went away may come back for. */
  const busy = new Set<Conversation.Conversation>()

  const make = (addressId: string): Conversation.Conversation => {
    const conversation = Conversation.make(addressId, source)
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
    conversations: Conversations.make(source),
    conversation: (addressId) => held.get(addressId)?.deref() ?? make(addressId)
  }
}
