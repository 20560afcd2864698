/**
 * Echoes: messages of this client that the session pushes back to it. An echo is the fastest proof that a message was
 * stored.
 */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Completes when the echo of a message is received. */
export type Echo = Deferred.Deferred<SendReceipt>

export interface Echoes {
  /** Runs an effect with the echo of a message, which is expected for as long as the effect runs. */
  readonly listenDuring: <A, E>(clientId: ClientId, use: (echo: Echo) => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Receives the signals of the session. */
  readonly onSignals: (signals: ReadonlyArray<Signal>) => void
}

export const make = (): Echoes => {
  const expected = new Map<ClientId, Echo>()
  return {
    listenDuring: (clientId, use) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const echo = Deferred.makeUnsafe<SendReceipt>()
          expected.set(clientId, echo)
          return echo
        }),
        use,
        () => Effect.sync(() => expected.delete(clientId))
      ),
    onSignals: (signals) => {
      if (expected.size === 0) return
      for (const signal of signals) {
        if (signal._tag !== "Event") continue
        const { clientId, conversationId, groupId } = signal.event
        const echo = clientId === null ? undefined : expected.get(clientId)
        if (echo !== undefined) Deferred.doneUnsafe(echo, Effect.succeed({ conversationId, groupId }))
      }
    }
  }
}
