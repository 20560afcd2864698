/**
 * Writes the outbox of a client socket, and applies faults to the frames.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Action } from "../Faults.ts"
import { type ClientSocket, disconnect } from "./clientSocket.ts"
import { ReorderBuffer } from "./reorderBuffer.ts"
import type { Frame } from "./session.ts"
import * as WriteQuota from "./writeQuota.ts"

/** The maximum size of a batch of frames, in bytes. */
const batchBytes = 256 * 1024

/** Replaces a response by the error of the fault `answer`; other frames are unchanged. */
const withError = (text: string, { code, message }: Extract<Action, { readonly type: "answer" }>): string => {
  const parsed = JsonRpc.parse(text)
  return Result.isSuccess(parsed) && parsed.success._tag !== "Request"
    ? JsonRpc.failure(parsed.success.id, {
      code: code ?? JsonRpc.code.internal,
      message: message ?? "Internal error"
    })
    : text
}

/**
 * Writes the items of the client's outbox in batches. Each batch waits for `awaitDrain` after the one before, so that frames
 * that a client does not read remain in the outbox, whose capacity is limited.
 */
export const run = (
  client: ClientSocket,
  { write, writeAll }: Socket.Writer,
  awaitDrain: Effect.Effect<void>
): Effect.Effect<never, Socket.SocketError, Scope.Scope> => {
  const reordered = new ReorderBuffer<Frame>()

  /** Writes a frame, and then the frames that were held back until after it. */
  const writeInOrder = (text: string) =>
    Effect.suspend(() => writeAll([text, ...reordered.takeAll().map(({ text }) => text)]))
  const writeWithFault = (frame: Frame): Effect.Effect<void, Socket.SocketError, Scope.Scope> => {
    const action = client.faultFor({ direction: "out", method: frame.method, eventType: frame.eventType })
    client.logFrame("out", frame.text, frame.method, action?.type ?? null)
    switch (action?.type) {
      case undefined:
      case "endless":
        return writeInOrder(frame.text)
      case "answer":
        return writeInOrder(withError(frame.text, action))
      case "refuse":
      case "loseAnswer":
        return Effect.sync(() => client.close(null))
      case "close":
        return Effect.sync(() => client.close(action.code ?? null))
      case "silent":
        return Effect.sync(() => {
          client.isSilent = true
        })
      case "delay":
        return Effect.delay(writeInOrder(frame.text), action.millis)
      case "duplicate":
        return Effect.andThen(writeInOrder(frame.text), write(frame.text))
      case "reorder":
        return reordered.isFull
          ? writeInOrder(frame.text)
          : reordered.hold(frame, ({ text }) => Effect.ignore(write(text)))
      case "drop":
        return Effect.void
      case "malformed":
        return write(action.text ?? frame.text.slice(0, frame.text.length >> 1))
      case "restart":
        return disconnect(client, true)
    }
  }

  let batch: Array<string> = []
  let taken: Array<Frame> = []
  let bytes = 0
  /** Writes the current batch, and waits while the client does not read. */
  const flush = Effect.gen(function*() {
    if (Arr.isArrayNonEmpty(batch)) yield* writeAll(batch)
    client.onWritten(taken)
    batch = []
    taken = []
    bytes = 0
    yield* awaitDrain
  })

  return Effect.gen(function*() {
    while (true) {
      for (const item of yield* Queue.takeAll(client.outbox)) {
        if (item._tag === "Frame") {
          while (!WriteQuota.tryTake(item.frame.bytes)) yield* WriteQuota.awaitNextTurn
          taken.push(item.frame)
          bytes += item.frame.bytes
        }
        if (client.isSilent) continue
        if (item._tag === "Frame" && !client.faults.isActive() && reordered.isEmpty) {
          client.logFrame("out", item.frame.text, item.frame.method, null)
          batch.push(item.frame.text)
          if (bytes >= batchBytes) yield* flush
          continue
        }
        yield* flush
        if (item._tag === "Frame") yield* writeWithFault(item.frame)
        else if (item._tag === "Disconnect") yield* disconnect(client, item.restart)
        else client.close(item.code)
      }
      yield* flush
    }
  })
}
