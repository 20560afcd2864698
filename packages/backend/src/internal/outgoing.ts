/**
 * Writing to a client, with what goes wrong on the way.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Action } from "../Faults.ts"
import { disconnect, type Peer } from "./peer.ts"
import type { Frame } from "./sessions.ts"
import * as Turns from "./turns.ts"

/** How much is written at once, in bytes. */
const batchBytes = 256 * 1024

/** How long a frame is kept back for a next one, in milliseconds. */
const reorderTimeout = 1000

/** How many frames are kept back at once. */
const maxHeld = 100

/** The refusal that a rule puts in the place of an answer; what is no answer stays as it is. */
const refused = (text: string, { code, message }: Extract<Action, { readonly type: "answer" }>): string => {
  const parsed = JsonRpc.parse(text)
  return Result.isSuccess(parsed) && parsed.success._tag !== "Request"
    ? JsonRpc.failure(parsed.success.id, {
      code: code ?? JsonRpc.code.internal,
      message: message ?? "Internal error"
    })
    : text
}

/**
 * Writes what is offered to the peer's outbox, in batches as it comes. The next one waits until the connection has
 * `awaitDrain`, so that what a client does not read stays in the outbox, which has a bound.
 */
export const run = (
  peer: Peer,
  { write, writeAll }: Socket.Writer,
  awaitDrain: Effect.Effect<void>
): Effect.Effect<never, Socket.SocketError, Scope.Scope> => {
  let held: ReadonlyArray<Frame> = []

  /** Writes a frame, and after it those that were kept back for it. */
  const writeText = (text: string) =>
    Effect.suspend(() => {
      const late = held
      held = []
      return writeAll([text, ...late.map(({ text }) => text)])
    })
  const hold = (frame: Frame) =>
    Effect.suspend(() => {
      held = [...held, frame]
      const release = Effect.suspend(() => {
        if (!held.includes(frame)) return Effect.void
        held = held.filter((other) => other !== frame)
        return write(frame.text)
      })
      return Effect.asVoid(Effect.forkScoped(Effect.ignore(Effect.delay(release, reorderTimeout))))
    })
  const writeWithFault = (frame: Frame): Effect.Effect<void, Socket.SocketError, Scope.Scope> => {
    const action = peer.faultAt({ direction: "out", method: frame.method, eventType: frame.eventType })
    peer.logFrame("out", frame.text, frame.method, action?.type ?? null)
    switch (action?.type) {
      case undefined:
      case "endless":
        return writeText(frame.text)
      case "answer":
        return writeText(refused(frame.text, action))
      case "refuse":
      case "loseAnswer":
        return Effect.sync(() => peer.end(null))
      case "close":
        return Effect.sync(() => peer.end(action.code ?? null))
      case "silent":
        return Effect.sync(() => {
          peer.isSilent = true
        })
      case "delay":
        return Effect.delay(writeText(frame.text), action.millis)
      case "duplicate":
        return Effect.andThen(writeText(frame.text), write(frame.text))
      case "reorder":
        return held.length < maxHeld ? hold(frame) : writeText(frame.text)
      case "drop":
        return Effect.void
      case "malformed":
        return write(action.text ?? frame.text.slice(0, frame.text.length >> 1))
      case "restart":
        return disconnect(peer, true)
    }
  }

  let texts: Array<string> = []
  let taken: Array<Frame> = []
  let bytes = 0
  /** Writes the texts that were put together, and waits while the client does not read. */
  const flush = Effect.gen(function*() {
    if (Arr.isArrayNonEmpty(texts)) yield* writeAll(texts)
    peer.written(taken)
    texts = []
    taken = []
    bytes = 0
    yield* awaitDrain
  })

  return Effect.gen(function*() {
    while (true) {
      for (const item of yield* Queue.takeAll(peer.outbox)) {
        if (item._tag === "Frame") {
          while (!Turns.take(item.frame.bytes)) yield* Turns.next
          taken.push(item.frame)
          bytes += item.frame.bytes
        }
        if (peer.isSilent) continue
        if (item._tag === "Frame" && !peer.faults.isArmed() && held.length === 0) {
          peer.logFrame("out", item.frame.text, item.frame.method, null)
          texts.push(item.frame.text)
          if (bytes >= batchBytes) yield* flush
          continue
        }
        yield* flush
        if (item._tag === "Frame") yield* writeWithFault(item.frame)
        else if (item._tag === "Disconnect") yield* disconnect(peer, item.restart)
        else peer.end(item.code)
      }
      yield* flush
    }
  })
}
