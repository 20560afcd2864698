/** The stores that the hooks under one provider share, so that components with the same data use one subscription. */
import { type ConnectionState, ConversationError } from "@effect-signalwire/promise"
import * as ClientSource from "./clientSource.ts"
import * as ConversationListStore from "./conversationListStore.ts"
import * as ConversationStore from "./conversationStore.ts"
import * as KeepAlive from "./keepAlive.ts"
import * as Store from "./store.ts"
import * as WeakValues from "./weakValues.ts"

export interface Stores {
  readonly source: ClientSource.ClientSource
  readonly connection: Store.Readable<ConnectionState>
  readonly conversations: ConversationListStore.ConversationListStore
  /** Returns the store of the conversation with an address: the same object for as long as it is referenced. */
  readonly conversation: (addressId: string) => ConversationStore.ConversationStore
  /**
   * Acquires a reference to the client and to recently used stores, and returns a function that releases it. After the
   * last release nothing keeps running.
   */
  readonly retain: () => () => void
}

export const idle: ConnectionState = { _tag: "Idle", reason: null }

/** The maximum number of unused conversations that are kept alive. */
const maxKeptConversations = 5

const makeConnection = (source: ClientSource.ClientSource): Store.Readable<ConnectionState> => {
  const state = Store.make<ConnectionState>(idle)
  return Store.whileSubscribed(state, (signal) => {
    ClientSource.listen(source, signal, {
      onClient: ({ connection }, signal) => {
        const stop = connection.onChange(state.set)
        signal.addEventListener("abort", () => {
          stop()
          state.set(idle)
        })
      },
      onFailure: (error) => {
        if (error instanceof ConversationError) state.set({ _tag: "Failed", reason: error.reason })
      }
    })
    signal.addEventListener("abort", () => state.set(idle))
  })
}

export const make = (source: ClientSource.ClientSource): Stores => {
  const keptConversations = KeepAlive.make(maxKeptConversations)
  const keptList = KeepAlive.make(1)
  const stores = WeakValues.make<ConversationStore.ConversationStore>()
  /** References to stores with outgoing messages, which must outlive the components that sent them. */
  const storesWithOutgoing = new Set<ConversationStore.ConversationStore>()

  const makeConversation = (addressId: string): ConversationStore.ConversationStore => {
    const store = ConversationStore.make(addressId, source, keptConversations)
    // the listener also keeps the store in memory while its timeline runs, which is kept alive without a component
    store.outgoing.subscribe(() => {
      if (store.outgoing.get().length > 0) storesWithOutgoing.add(store)
      else storesWithOutgoing.delete(store)
    })
    stores.set(addressId, store)
    return store
  }

  return {
    source,
    connection: makeConnection(source),
    conversations: ConversationListStore.make(source, keptList.keep(ConversationStore.defaults.keepAlive)),
    conversation: (addressId) => stores.get(addressId) ?? makeConversation(addressId),
    retain: () => {
      const releases = [source, keptConversations, keptList].map(({ retain }) => retain())
      return () => releases.forEach((release) => release())
    }
  }
}
