/**
 * Reading from a client, with what goes wrong on the way.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import { disconnect, type Peer } from "./peer.ts"
import { onAnswer, onRequest } from "./requests.ts"

/** How long a frame may be, in UTF-16 code units. The longest that clients send is a description of a call. */
const maxFrame = 64 * 1024

/** How long a frame is kept back for a next one, in milliseconds, and how many are at once. */
const reorderTimeout = 1000
const maxHeld = 100

/** How long the id of a frame may be, which its answer repeats. */
const maxId = 1000

/** How much of one client is handled before others have their turn, in bytes or UTF-16 code units. */
const turnLength = 65_536

/** What handling a frame costs besides its length, in the same unit. */
const frameOverhead = 256

const decoder = new TextDecoder()

/** Reads and handles frame after frame, until the socket ends. */
export const run = (
  peer: Peer,
  { pull }: Socket.Reader
): Effect.Effect<never, Socket.SocketError, Scope.Scope> => {
  let held: ReadonlyArray<Effect.Effect<void>> = []

  const handle = (frame: JsonRpc.Frame, method: string): Effect.Effect<void> =>
    frame._tag === "Request" ? onRequest(peer, frame) : Effect.sync(() => onAnswer(peer, frame.id, method))
  /** Handles a frame, and after it those that were kept back for it. */
  const handleAll = (frame: JsonRpc.Frame, method: string) =>
    Effect.suspend(() => {
      const late = held
      held = []
      return Effect.andThen(handle(frame, method), Effect.forEach(late, (one) => one, { discard: true }))
    })
  const withoutAnswer = (handled: Effect.Effect<void>) =>
    Effect.suspend(() => {
      peer.isSilent = true
      return Effect.ensuring(
        handled,
        Effect.sync(() => {
          peer.isSilent = false
        })
      )
    })

  const onFrame = (frame: JsonRpc.Frame, text: string): Effect.Effect<void, never, Scope.Scope> => {
    // what answers no request of ours acknowledges an event
    const method = frame._tag === "Request" ? frame.method : peer.asked.get(frame.id) ?? JsonRpc.method.event
    const handled = handleAll(frame, method)
    const action = peer.faultAt({ direction: "in", method, eventType: undefined })
    peer.logFrame("in", text, method, action?.type ?? null)
    switch (action?.type) {
      case undefined:
      case "endless":
        return handled
      case "refuse":
        return Effect.sync(() => peer.end(null))
      case "close":
        return Effect.sync(() => peer.end(action.code ?? null))
      case "silent":
        return Effect.sync(() => {
          peer.isSilent = true
        })
      case "delay":
        return Effect.delay(handled, action.millis)
      case "duplicate":
        return Effect.andThen(handled, Effect.suspend(() => handle(frame, method)))
      case "reorder": {
        if (held.length >= maxHeld) return handled
        const late = Effect.suspend(() => handle(frame, method))
        held = [...held, late]
        const release = Effect.suspend(() => {
          if (!held.includes(late)) return Effect.void
          held = held.filter((other) => other !== late)
          return late
        })
        return Effect.asVoid(Effect.forkScoped(Effect.delay(release, reorderTimeout)))
      }
      case "drop":
      case "malformed":
        return Effect.void
      case "answer":
        return Effect.sync(() => {
          if (frame._tag !== "Request") return
          peer.refuse(frame.id, method, action.code ?? JsonRpc.code.internal, action.message ?? "Internal error")
        })
      case "loseAnswer":
        return Effect.andThen(
          withoutAnswer(handled),
          Effect.sync(() => {
            if (action.never !== true) peer.end(null)
          })
        )
      case "restart":
        return disconnect(peer, true)
    }
  }

  /** Takes an acknowledgement, of which most of what comes consists, when nothing can go wrong with it. */
  const isTaken = (frame: JsonRpc.Frame): boolean => {
    if (frame._tag === "Request" || held.length > 0 || peer.faults.isArmed() || peer.backend.wireLog.isEnabled()) {
      return false
    }
    onAnswer(peer, frame.id, peer.asked.get(frame.id) ?? JsonRpc.method.event)
    return true
  }

  const onText = (text: string): Effect.Effect<void, never, Scope.Scope> => {
    if (peer.isSilent) return Effect.sync(() => peer.logFrame("in", text, null, "silent"))
    if (text.length > maxFrame) return Effect.sync(() => peer.end(1009))
    const parsed = Result.filterOrFail(
      JsonRpc.parse(text),
      ({ id }) => typeof id !== "string" || id.length <= maxId,
      () => ({ message: "the id is too long" })
    )
    if (Result.isSuccess(parsed)) return isTaken(parsed.success) ? Effect.void : onFrame(parsed.success, text)
    peer.logFrame("in", text, null, null)
    const { message } = parsed.failure
    const code = message === "not JSON" ? JsonRpc.code.parseError : JsonRpc.code.invalidRequest
    return Effect.sync(() => peer.send(JsonRpc.failure(null, { code, message }), ""))
  }

  return Effect.gen(function*() {
    let handledLength = 0
    while (true) {
      for (const chunk of yield* pull) {
        const handled = onText(typeof chunk === "string" ? chunk : decoder.decode(chunk))
        if (handled !== Effect.void) yield* handled
        handledLength += chunk.length + frameOverhead
        // lets others run, and the writer catch up
        if (handledLength < turnLength && !peer.isBehind) continue
        handledLength = 0
        yield* Effect.yieldNow
      }
    }
  })
}
