/**
 * The source of the client that hooks use. A client that the provider creates exists from when it is first needed until
 * the provider unmounts. When strict mode remounts all components, they keep the same client.
 */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import { childController } from "./abortController.ts"
import { reportUncaught, toError } from "./errors.ts"
import * as RefCount from "./refCount.ts"
import * as Store from "./store.ts"

/** The state of the provider's client. */
export type ClientState =
  | { readonly status: "pending"; readonly client: null; readonly error: null }
  | { readonly status: "ready"; readonly client: SignalWireClient; readonly error: null }
  | { readonly status: "failed"; readonly client: null; readonly error: Error }

export interface ClientSource {
  /** The state of the client. It also changes, to an equal one, when the client was given another token. */
  readonly state: Store.Readable<ClientState>
  /** Resolves with the client once it is created. */
  readonly client: () => Promise<SignalWireClient>
  /** Acquires a reference to the client, and returns a function that releases it. The last release disconnects it. */
  readonly retain: () => () => void
}

const pending: ClientState = { status: "pending", client: null, error: null }
const ready = (client: SignalWireClient): ClientState => ({ status: "ready", client, error: null })
const failed = (error: unknown): ClientState => ({ status: "failed", client: null, error: toError(error) })

const retainNothing = () => () => {}

/** The source of a client that the application creates and disconnects. */
export const fromClient = (client: SignalWireClient): ClientSource => ({
  state: Store.make(ready(client)),
  client: () => Promise.resolve(client),
  retain: retainNothing
})

const noProvider = new Error("no SignalWireProvider found above this component")

/** The source of components without a provider: it fails. */
export const withoutProvider: ClientSource = {
  state: Store.make(failed(noProvider)),
  client: () => Promise.reject(noProvider),
  retain: retainNothing
}

export interface Listener {
  /** Called with each client. The signal is aborted when the client goes away, or another one replaces it. */
  readonly onClient: (client: SignalWireClient, signal: AbortSignal) => void
  /** Called when the client could not be created. */
  readonly onFailure: (error: Error) => void
}

/** Notifies a listener of the current client and of each later one, until the signal is aborted. */
export const listen = ({ state }: ClientSource, signal: AbortSignal, { onClient, onFailure }: Listener): void => {
  let current: SignalWireClient | null = null
  let controller: AbortController | undefined
  const onState = () => {
    const { client, error } = state.get()
    if (client !== null && client === current) return
    current = client
    controller?.abort()
    if (error !== null) onFailure(error)
    if (client === null) return
    controller = childController(signal)
    onClient(client, controller.signal)
  }
  const unsubscribe = state.subscribe(onState)
  signal.addEventListener("abort", unsubscribe)
  onState()
}

export interface ManagedClientSource extends ClientSource {
  /** Applies a new `token` and a new `onRefreshToken`. All other options are fixed when the source is created. */
  readonly update: (options: SignalWireOptions) => void
}

/** The source of a client that is created from options. */
export const fromOptions = (initial: SignalWireOptions, make: typeof SignalWire = SignalWire): ManagedClientSource => {
  const state = Store.make<ClientState>(pending)
  let options = initial
  let isReleased = false
  let creation: Promise<SignalWireClient> | undefined

  // the latest one, because a component usually passes a new function with every render, or only a later one passes any
  const refreshToken = async (): Promise<string | null> => await options.onRefreshToken?.() ?? null

  const create = async (): Promise<SignalWireClient> => {
    const { onRefreshToken } = options
    const isValid = onRefreshToken === undefined || typeof onRefreshToken === "function"
    // the client refuses an invalid one by its name
    return make({ ...options, onRefreshToken: isValid ? refreshToken : onRefreshToken })
  }

  const start = (): Promise<SignalWireClient> => {
    const creating = create()
    creation = creating
    state.set(pending)
    const setState = (next: ClientState) => {
      if (creation === creating) state.set(next)
    }
    creating.then((client) => setState(ready(client)), (error: unknown) => setState(failed(error)))
    return creating
  }

  /** Passes another token to the client, or creates the client if that failed with the previous token. */
  const replaceToken = async (current: Promise<SignalWireClient>, token: string): Promise<void> => {
    const client = await current.catch(() => undefined)
    if (client !== undefined) await client.updateToken(token)
    if (creation !== current) return
    if (client === undefined) void start()
    else state.set(ready(client))
  }

  return {
    state,
    client: () => {
      if (creation !== undefined) return creation
      return isReleased ? Promise.reject(new Error("the SignalWireProvider has unmounted")) : start()
    },
    retain: RefCount.make(() => {
      if (creation === undefined) void start()
    }, () => {
      const released = creation
      creation = undefined
      isReleased = true
      state.set(pending)
      released?.then((client) => client.disconnect()).catch(() => {
        // creating it failed, which `state` has reported
      })
    }),
    update: (next) => {
      const { token } = next
      const hasChanged = token !== options.token
      options = next
      if (!hasChanged || token === undefined || creation === undefined) return
      const current = creation
      replaceToken(current, token).catch((error: unknown) => {
        if (creation !== current) return
        const logger = options.logger ?? console
        logger.error("the new token is invalid; the client continues with the previous one", error)
      }).catch(reportUncaught)
    }
  }
}
