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

interface Expected {
  readonly addressId: string
  readonly echo: Echo
}

export interface Echoes {
  /** Runs an effect with the echo of a message, which is expected for as long as the effect runs. */
  readonly listenDuring: <A, E>(sent: Sent, use: (echo: Echo) => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Receives the signals of the session. */
  readonly onSignals: (signals: ReadonlyArray<Signal>) => void
}

export const make = (): Echoes => {
  const expected = new Map<ClientId, ReadonlyArray<Expected>>()
  return {
    listenDuring: ({ addressId, clientId }, use) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const one: Expected = { addressId, echo: Deferred.makeUnsafe() }
          expected.set(clientId, [...expected.get(clientId) ?? [], one])
          return one
        }),
        ({ echo }) => use(echo),
        (one) =>
          Effect.sync(() => {
            const others = (expected.get(clientId) ?? []).filter((other) => other !== one)
            if (others.length > 0) expected.set(clientId, others)
            else expected.delete(clientId)
          })
      ),
    onSignals: (signals) => {
      if (expected.size === 0) return
      for (const signal of signals) {
        if (signal._tag !== "Event") continue
        const { addressId, clientId, conversationId, groupId } = signal.event
        const sends = clientId === null ? undefined : expected.get(clientId)
        if (sends === undefined) continue
        // in the group dialect, the address of an event may not be known
        const [one, another] = sends.filter((send) => addressId === null || send.addressId === addressId)
        if (one === undefined || another !== undefined) continue
        Deferred.doneUnsafe(one.echo, Effect.succeed({ conversationId, groupId }))
      }
    }
  }
}
