/** Messages of our own that come back over the socket: the quickest proof that they were stored. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** A message that is listened for: completes once it was heard. */
export type Echo = Deferred.Deferred<SendReceipt>

export interface Echoes {
  /** Listens for a message for as long as something is done. */
  readonly during: <A, E>(clientId: ClientId, use: (echo: Echo) => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** What the session signals. */
  readonly hear: (signals: ReadonlyArray<Signal>) => void
}

export const make = (): Echoes => {
  const expected = new Map<ClientId, Echo>()
  return {
    during: (clientId, use) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const echo = Deferred.makeUnsafe<SendReceipt>()
          expected.set(clientId, echo)
          return echo
        }),
        use,
        () => Effect.sync(() => expected.delete(clientId))
      ),
    hear: (signals) => {
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
