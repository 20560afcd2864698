/**
 * Writes the outbox of a client socket.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import { type ClientSocket, disconnect } from "./clientSocket.ts"
import * as OutgoingFrameFaults from "./faults/outgoingFrameFaults.ts"
import type { Frame } from "./session.ts"
import * as WriteQuota from "./writeQuota.ts"

/** The maximum size of a batch of frames, in bytes. */
const batchBytes = 256 * 1024

/**
 * Writes the items of the client's outbox in batches. Each batch waits for `awaitDrain` after the one before, so that frames
 * that a client does not read remain in the outbox, whose capacity is limited.
 */
export const run = (
  client: ClientSocket,
  writer: Socket.Writer,
  awaitDrain: Effect.Effect<void>
): Effect.Effect<never, Socket.SocketError, Scope.Scope> => {
  const faults = OutgoingFrameFaults.make(client, writer)
  let batch: Array<string> = []
  let taken: Array<Frame> = []
  let bytes = 0
  /** Writes the current batch, and waits while the client does not read. */
  const flush = Effect.gen(function*() {
    if (Arr.isArrayNonEmpty(batch)) yield* writer.writeAll(batch)
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
        if (item._tag === "Frame" && !client.faults.isActive() && !faults.isHolding()) {
          client.logFrame("out", item.frame.text, item.frame.method, null)
          batch.push(item.frame.text)
          if (bytes >= batchBytes) yield* flush
          continue
        }
        yield* flush
        if (item._tag === "Frame") yield* faults.write(item.frame)
        else if (item._tag === "Disconnect") yield* disconnect(client, item.restart)
        else client.close(item.code)
      }
      yield* flush
    }
  })
}
