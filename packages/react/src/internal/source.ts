/**
 * Where hooks get their client from. A client that the provider makes lives from when it is first needed until the
 * provider is gone for good: strict mode, which takes every component away and puts it back at once, sees one client.
 */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import * as Aborting from "./aborting.ts"
import { report, toError } from "./failure.ts"
import * as Holding from "./holding.ts"
import * as Store from "./store.ts"

/** How the client stands. */
export type ClientState =
  | { readonly status: "pending"; readonly client: null; readonly error: null }
  | { readonly status: "ready"; readonly client: SignalWireClient; readonly error: null }
  | { readonly status: "failed"; readonly client: null; readonly error: Error }

export interface Source {
  /** It also changes, and has the same client, when that one has got another token. */
  readonly state: Store.Readable<ClientState>
  /** The client, as soon as there is one. */
  readonly client: () => Promise<SignalWireClient>
  /** Keeps the client; answers how to let go of it. Who lets go last ends it. */
  readonly retain: () => () => void
}

const pending: ClientState = { status: "pending", client: null, error: null }
const ready = (client: SignalWireClient): ClientState => ({ status: "ready", client, error: null })
const failed = (error: unknown): ClientState => ({ status: "failed", client: null, error: toError(error) })

const retainNothing = () => () => {}

/** A client that somebody else made, and ends. */
export const given = (client: SignalWireClient): Source => ({
  state: Store.make(ready(client)),
  client: () => Promise.resolve(client),
  retain: retainNothing
})

const noProvider = new Error("there is no SignalWireProvider above this component")

/** Where there is no provider: a client that never comes. */
export const none: Source = {
  state: Store.make(failed(noProvider)),
  client: () => Promise.reject(noProvider),
  retain: retainNothing
}

/** What becomes of those who need a client, when there is one and when there is not. */
export interface User {
  /** The signal is aborted when the client is no more, or another one takes its place. */
  readonly onClient: (client: SignalWireClient, signal: AbortSignal) => void
  /** The client could not be made. */
  readonly onFailure: (error: Error) => void
}

/** Hands over one client after the other, until the signal. */
export const use = ({ state }: Source, signal: AbortSignal, { onClient, onFailure }: User): void => {
  let current: SignalWireClient | null = null
  let inUse: AbortController | undefined
  const note = () => {
    const { client, error } = state.get()
    if (client !== null && client === current) return
    current = client
    inUse?.abort()
    if (error !== null) onFailure(error)
    if (client === null) return
    inUse = Aborting.within(signal)
    onClient(client, inUse.signal)
  }
  const stop = state.subscribe(note)
  signal.addEventListener("abort", stop, { once: true })
  note()
}

export interface OwnedSource extends Source {
  /** Takes another token over, and who is asked for the next. Other options are those of the beginning. */
  readonly update: (options: SignalWireOptions) => void
}

/** A client that is made from options. */
export const owned = (initial: SignalWireOptions, make: typeof SignalWire = SignalWire): OwnedSource => {
  const state = Store.make<ClientState>(pending)
  let options = initial
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

  const begin = (): Promise<SignalWireClient> => {
    const opening = open()
    opened = opening
    state.set(pending)
    const tell = (outcome: ClientState) => {
      if (opened === opening) state.set(outcome)
    }
    opening.then((client) => tell(ready(client)), (error: unknown) => tell(failed(error)))
    return opening
  }

  /** Gives another token to the client, or makes the one that could not be made without it. */
  const replaceToken = async (current: Promise<SignalWireClient>, token: string): Promise<void> => {
    const client = await current.catch(() => undefined)
    if (client !== undefined) await client.updateToken(token)
    if (opened !== current) return
    if (client === undefined) void begin()
    else state.set(ready(client))
  }

  return {
    state,
    client: () => {
      if (opened !== undefined) return opened
      return isEnded ? Promise.reject(new Error("the SignalWireProvider is gone")) : begin()
    },
    retain: Holding.make(() => {
      isEnded = false
      if (opened === undefined) void begin()
    }, () => {
      const ended = opened
      opened = undefined
      isEnded = true
      state.set(pending)
      ended?.then((client) => client.disconnect()).catch(() => {
        // it could not be made, which was told
      })
    }),
    update: (next) => {
      const { token } = next
      const isAnother = token !== options.token
      options = next
      if (!isAnother || token === undefined || opened === undefined) return
      const current = opened
      replaceToken(current, token).catch((error: unknown) => {
        // the client goes on with the one it has
        if (opened === current) (options.logger ?? console).error("the client was given no token", error)
      }).catch(report)
    }
  }
}
