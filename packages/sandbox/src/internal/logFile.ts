/**
 * Appends the wire log to a file, one line of JSON per entry.
 */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { closeSync, createWriteStream, openSync, readSync, statSync, type WriteStream } from "node:fs"

/** The maximum size of pending writes, in bytes; further entries are dropped. */
const maxPendingBytes = 64 * 1024 * 1024

/** The file cannot be opened or written. */
class LogFileError extends Data.TaggedError("LogFileError")<{ readonly message: string }> {}

/** Returns whether the last line of a file is incomplete, because of a crash or a full disk. */
const endsWithinLine = (file: string, size: number): boolean => {
  const descriptor = openSync(file, "r")
  try {
    const last = Buffer.alloc(1)
    readSync(descriptor, last, 0, 1, size - 1)
    return last.toString() !== "\n"
  } finally {
    closeSync(descriptor)
  }
}

/** Returns what to write first: a line break after an incomplete line. Throws if the file is not a regular file or a device. */
const prefixFor = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isCharacterDevice()) return ""
  // opening a pipe would block until there is a reader
  if (!stat.isFile()) throw new LogFileError({ message: "it is not a file" })
  return stat.size > 0 && endsWithinLine(file, stat.size) ? "\n" : ""
}

const toError = (cause: unknown) =>
  new LogFileError({ message: cause instanceof Error ? cause.message : String(cause) })

const open = (file: string, onError: (error: LogFileError) => void): Effect.Effect<WriteStream, LogFileError> =>
  Effect.flatMap(
    Effect.try({ try: () => prefixFor(file), catch: toError }),
    (prefix) =>
      Effect.callback((resume) => {
        const stream = createWriteStream(file, { flags: "a", mode: 0o600 })
        stream.once("open", () => {
          stream.write(prefix)
          resume(Effect.succeed(stream))
        })
        stream.on("error", (cause) => {
          resume(Effect.fail(toError(cause)))
          onError(toError(cause))
        })
      })
  )

const close = (stream: WriteStream): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (stream.closed) return resume(Effect.void)
    stream.once("close", () => resume(Effect.void))
    stream.end()
  })

/**
 * Opens the file, and returns a function that appends a line. Pending lines are written before the scope is closed. If writing
 * fails, an error is logged once, and nothing more is appended.
 */
export const make = Effect.fnUntraced(function*(
  file: string
): Effect.fn.Return<(line: string) => void, LogFileError, Scope.Scope> {
  const failed = Deferred.makeUnsafe<never, LogFileError>()
  const stream = yield* Effect.acquireRelease(
    open(file, (error) => Deferred.doneUnsafe(failed, Effect.fail(error))),
    close
  )
  yield* Effect.forkScoped(
    Effect.catch(
      Deferred.await(failed),
      (error) => Effect.logError(`${file} can no longer be written: ${error.message}`)
    )
  )
  return (line) => {
    if (!stream.destroyed && stream.writableLength < maxPendingBytes) stream.write(`${line}\n`)
  }
})
