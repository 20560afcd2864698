/** Messages of our own that come back over the socket: the quickest proof that they were stored. */
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface Echoes {
  /** Listens for a message until the scope closes; answers what was heard of it so far. */
  readonly expect: (clientId: ClientId) => Effect.Effect<() => SendReceipt | undefined, never, Scope.Scope>
  /** What the session signals. */
  readonly hear: (signals: ReadonlyArray<Signal>) => void
}

export const make = (): Echoes => {
  const expected = new Map<ClientId, SendReceipt | undefined>()
  return {
    expect: (clientId) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          expected.set(clientId, undefined)
          return () => expected.get(clientId)
        }),
        () => Effect.sync(() => expected.delete(clientId))
      ),
    hear: (signals) => {
      if (expected.size === 0) return
      for (const signal of signals) {
        if (signal._tag !== "Event") continue
        const { clientId, conversationId, groupId } = signal.event
        if (clientId !== null && expected.has(clientId)) expected.set(clientId, { conversationId, groupId })
      }
    }
  }
}
