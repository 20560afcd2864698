/** The state of the list of conversations. */
import * as ClientSource from "./clientSource.ts"
import * as ConversationList from "./conversationList.ts"
import * as Store from "./store.ts"

export interface ConversationListStore {
  readonly state: Store.Readable<ConversationList.ConversationsState>
  readonly loadMore: () => Promise<void>
  readonly refresh: () => Promise<void>
}

export const make = (source: ClientSource.ClientSource, releasePolicy: Store.ReleasePolicy): ConversationListStore => {
  const state = Store.make(ConversationList.initial)
  let list: ConversationList.ConversationList | undefined
  /** Starts the list again; `undefined` while there is no client. */
  let restart: (() => ConversationList.ConversationList) | undefined

  const run = (signal: AbortSignal) => {
    ClientSource.listen(source, signal, {
      onClient: (client, signal) => {
        restart = () => list = ConversationList.start(client, source, state, signal)
        restart()
      },
      onFailure: (error) => {
        restart = undefined
        state.set({ ...state.get(), status: "failed", error, reason: null })
      }
    })
    signal.addEventListener("abort", () => {
      restart = undefined
      list = undefined
      state.set(ConversationList.initial)
    })
  }

  return {
    state: Store.whileSubscribed(state, run, releasePolicy),
    loadMore: async () => list?.loadMore(),
    refresh: async () => {
      // a list that failed has ended
      if (state.get().status === "failed") restart?.()
      await list?.refresh()
    }
  }
}
