/** The list of conversations, as components see it. */
import * as Listing from "./listing.ts"
import * as Source from "./source.ts"
import * as Store from "./store.ts"

export interface Conversations {
  readonly state: Store.Readable<Listing.ConversationsState>
  readonly loadMore: () => Promise<void>
  readonly refresh: () => Promise<void>
}

export const make = (source: Source.Source, release: Store.Release): Conversations => {
  const state = Store.make(Listing.initial)
  let listing: Listing.Listing | undefined
  /** Follows anew, where there is a client to do so with. */
  let restart: (() => Listing.Listing) | undefined

  const run = (signal: AbortSignal) => {
    Source.use(source, signal, {
      onClient: (client, current) => {
        restart = () => listing = Listing.follow(client, source, state, current)
        restart()
      },
      onFailure: (error) => {
        restart = undefined
        state.set({ ...state.get(), status: "failed", error, reason: null })
      }
    })
    signal.addEventListener("abort", () => {
      restart = undefined
      listing = undefined
      state.set(Listing.initial)
    }, { once: true })
  }

  return {
    state: Store.whileWatched(state, run, release),
    loadMore: async () => listing?.loadMore(),
    refresh: async () => {
      // one that failed is over
      if (state.get().status === "failed") restart?.()
      await listing?.refresh()
    }
  }
}
