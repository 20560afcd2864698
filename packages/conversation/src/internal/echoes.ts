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

/** A message that is being sent. Messages to two addresses may have the same client id. */
export interface Sent {
  readonly addressId: string
  readonly clientId: ClientId
}

interface Expected extends Sent {
  readonly echo: Echo
}

export interface Echoes {
  /** Runs an effect with the echo of a message, which is expected for as long as the effect runs. */
  readonly listenDuring: <A, E>(sent: Sent, use: (echo: Echo) => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Receives the signals of the session. */
  readonly onSignals: (signals: ReadonlyArray<Signal>) => void
}

export const make = (): Echoes => {
  const expected = new Set<Expected>()
  return {
    listenDuring: ({ addressId, clientId }, use) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const one: Expected = { addressId, clientId, echo: Deferred.makeUnsafe() }
          expected.add(one)
          return one
        }),
        ({ echo }) => use(echo),
        (one) => Effect.sync(() => expected.delete(one))
      ),
    onSignals: (signals) => {
      if (expected.size === 0) return
      for (const signal of signals) {
        if (signal._tag !== "Event") continue
        const { addressId, clientId, conversationId, groupId } = signal.event
        // in the group dialect, the address of an event may not be known
        const [one, another] = [...expected].filter((one) =>
          one.clientId === clientId && (addressId === null || one.addressId === addressId)
        )
        if (one === undefined || another !== undefined) continue
        Deferred.doneUnsafe(one.echo, Effect.succeed({ conversationId, groupId }))
      }
    }
  }
}
