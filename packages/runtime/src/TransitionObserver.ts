/**
 * Observes the state machines of a client, for tests that report which states and events they reached.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** A state or an event of a state machine. */
interface Tagged {
  readonly _tag: string
}

/** Receives every transition of the state machines of the connection, and of each subscription and timeline. */
export type TransitionObserver = (
  machine: "connection" | "sequence",
  from: Tagged,
  event: Tagged,
  to: Tagged
) => void

/** The observer of the clients that are built in a context; `undefined` for none, which is the default. */
export const TransitionObserver: Context.Reference<TransitionObserver | undefined> = /* @__PURE__ */ Context.Reference<
  TransitionObserver | undefined
>(
  "@effect-signalwire/runtime/TransitionObserver",
  { defaultValue: () => undefined }
)
