/**
 * Carries out faults on the frames from a client.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Action } from "../../Faults.ts"
import { type ClientSocket, disconnect } from "../clientSocket.ts"
import { ReorderBuffer } from "./reorderBuffer.ts"
import { closeOrSilence } from "./socketFaults.ts"

/** `handle` handles a frame without a fault. */
export const make = (
  client: ClientSocket,
  handle: (frame: JsonRpc.Frame, method: string) => Effect.Effect<void>
) => {
  const reordered = new ReorderBuffer<Effect.Effect<void>>()

  /** Handles a frame, and then the frames that were held back until after it. */
  const handleInOrder = (frame: JsonRpc.Frame, method: string) =>
    Effect.suspend(() => {
      const held = reordered.takeAll()
      return Effect.andThen(handle(frame, method), Effect.forEach(held, (handled) => handled, { discard: true }))
    })
  const withoutResponse = (handled: Effect.Effect<void>) =>
    Effect.suspend(() => {
      client.isSilent = true
      return Effect.ensuring(
        handled,
        Effect.sync(() => {
          client.isSilent = false
        })
      )
    })

  /** Handles a frame with a fault, or without one. */
  const apply = (
    frame: JsonRpc.Frame,
    method: string,
    action: Action | undefined
  ): Effect.Effect<void, never, Scope.Scope> => {
    const handled = handleInOrder(frame, method)
    switch (action?.type) {
      case undefined:
      case "endless":
        return handled
      case "refuse":
      case "close":
      case "silent":
        return closeOrSilence(client, action)
      case "delay":
        return Effect.delay(handled, action.millis)
      case "duplicate":
        return Effect.andThen(handled, Effect.suspend(() => handle(frame, method)))
      case "reorder":
        return reordered.isFull
          ? handled
          : reordered.hold(Effect.suspend(() => handle(frame, method)), (late) => late)
      case "drop":
      case "malformed":
        return Effect.void
      case "answer":
        return Effect.sync(() => {
          if (frame._tag !== "Request") return
          client.replyError(frame.id, method, action.code ?? JsonRpc.code.internal, action.message ?? "Internal error")
        })
      case "loseAnswer":
        return Effect.andThen(
          withoutResponse(handled),
          Effect.sync(() => {
            if (action.never !== true) client.close(null)
          })
        )
      case "restart":
        return disconnect(client, true)
    }
  }

  return {
    apply,
    /** Whether frames are held back. */
    isHolding: () => !reordered.isEmpty
  }
}
