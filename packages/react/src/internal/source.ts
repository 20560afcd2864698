/**
 * Where hooks get their client from. A client that the provider makes lives from when it is first needed until the
 * provider is gone for good: strict mode, which takes every component away and puts it back at once, sees one client.
 */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import { toError } from "./failure.ts"
import * as Store from "./store.ts"

/** How the client stands. */
export type ClientState =
  | { readonly status: "pending"; readonly client: null; readonly error: null }
  | { readonly status: "ready"; readonly client: SignalWireClient; readonly error: null }
  | { readonly status: "failed"; readonly client: null; readonly error: Error }

export interface Source {
  readonly state: Store.Readable<ClientState>
  /** The client, as soon as there is one. */
  readonly client: () => Promise<SignalWireClient>
}

const pending: ClientState = { status: "pending", client: null, error: null }
const ready = (client: SignalWireClient): ClientState => ({ status: "ready", client, error: null })

/** A client that somebody else made, and ends. */
export const given = (client: SignalWireClient): Source => ({
  state: Store.make(ready(client)),
  client: () => Promise.resolve(client)
})

/** Before there is a provider, as on a server: a client that never comes. */
export const none: Source = {
  state: Store.make<ClientState>(pending),
  client: () => Promise.reject(new Error("there is no SignalWireProvider above this component"))
}

export interface OwnedSource extends Source {
  /** Keeps the client; answers how to let go of it. Who lets go last ends it. */
  readonly retain: () => () => void
  /** Takes another token over, and who is asked for the next. Other options are those of the beginning. */
  readonly update: (options: SignalWireOptions) => void
}

/** A client that is made from options. */
export const owned = (initial: SignalWireOptions, make: typeof SignalWire = SignalWire): OwnedSource => {
  const state = Store.make<ClientState>(pending)
  let options = initial
  let owners = 0
  let isEnded = false
  let opened: Promise<SignalWireClient> | undefined

  const open = async (): Promise<SignalWireClient> => {
    const { onRefreshToken } = options
    const client = await make({
      ...options,
      // the newest that was given: they are new functions each time a component renders
      onRefreshToken: onRefreshToken === undefined ? undefined : () => (options.onRefreshToken ?? onRefreshToken)()
    })
    return client
  }

  const client = (): Promise<SignalWireClient> => {
    if (opened !== undefined) return opened
    if (isEnded) return Promise.reject(new Error("the SignalWireProvider is gone"))
    const opening = open()
    opened = opening
    opening.then(
      (client) => opened === opening && state.set(ready(client)),
      (error: unknown) => opened === opening && state.set({ status: "failed", client: null, error: toError(error) })
    )
    return opening
  }

  const endUnlessOwned = () => {
    if (owners > 0 || opened === undefined) return
    const ended = opened
    opened = undefined
    isEnded = true
    state.set(pending)
    ended.then((client) => client.disconnect()).catch(() => {
      // it could not be made, which was told
    })
  }

  return {
    state,
    client,
    retain: () => {
      owners++
      isEnded = false
      void client().catch(() => {
        // the state tells
      })
      let isOwner = true
      return () => {
        if (!isOwner) return
        isOwner = false
        owners--
        queueMicrotask(endUnlessOwned)
      }
    },
    update: (next) => {
      const { token } = next
      const isAnother = token !== options.token
      options = next
      if (!isAnother || token === undefined || opened === undefined) return
      opened.then((client) => client.updateToken(token)).catch((error: unknown) =>
        state.set({ status: "failed", client: null, error: toError(error) })
      )
    }
  }
}
