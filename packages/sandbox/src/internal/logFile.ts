/**
 * Appends what is logged to a file, one line of JSON per entry.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createWriteStream, type WriteStream } from "node:fs"

/** How much may wait for the disk, in bytes; what comes beyond that is left out. */
const maxWaiting = 64 * 1024 * 1024

const open = (file: string, failed: (cause: Error) => void): Effect.Effect<WriteStream, Error> =>
  Effect.callback((resume) => {
    const stream = createWriteStream(file, { flags: "a", mode: 0o600 })
    stream.once("open", () => resume(Effect.succeed(stream)))
    stream.on("error", (cause) => {
      resume(Effect.fail(cause))
      failed(cause)
    })
  })

const close = (stream: WriteStream): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (stream.closed) return resume(Effect.void)
    stream.once("close", () => resume(Effect.void))
    stream.end()
  })

/**
 * Opens the file, and answers what appends a line to it; everything is written when the scope closes. When the file can't
 * be written any more, that is logged once, and nothing more is appended.
 */
export const make = Effect.fnUntraced(function*(
  file: string
): Effect.fn.Return<(line: string) => void, Error, Scope.Scope> {
  const failed = Deferred.makeUnsafe<never, Error>()
  const stream = yield* Effect.acquireRelease(
    open(file, (cause) => Deferred.doneUnsafe(failed, Effect.fail(cause))),
    close
  )
  yield* Effect.forkScoped(
    Effect.catch(
      Deferred.await(failed),
      (error) => Effect.logError(`${file} cannot be written any more: ${error.message}`)
    )
  )
  return (line) => {
    if (!stream.destroyed && stream.writableLength < maxWaiting) stream.write(`${line}\n`)
  }
})
