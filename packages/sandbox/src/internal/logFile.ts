/**
 * Appends what is logged to a file, one line of JSON per entry.
 */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { closeSync, createWriteStream, openSync, readSync, statSync, type WriteStream } from "node:fs"

/** How much may wait for the disk, in bytes; what comes beyond that is left out. */
const maxWaiting = 64 * 1024 * 1024

/** The file can't be opened or written. */
class LogFileError extends Data.TaggedError("LogFileError")<{ readonly message: string }> {}

/** Whether the last line of a file was cut off, by a crash or a full disk. */
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

/** What is written before anything else. Throws when the file is of a kind that a log is not written to. */
const beginningOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isCharacterDevice()) return ""
  // to open a pipe would wait for a reader
  if (!stat.isFile()) throw new LogFileError({ message: "it is not a file" })
  return stat.size > 0 && endsWithinLine(file, stat.size) ? "\n" : ""
}

const toError = (cause: unknown) =>
  new LogFileError({ message: cause instanceof Error ? cause.message : String(cause) })

const open = (file: string, failed: (error: LogFileError) => void): Effect.Effect<WriteStream, LogFileError> =>
  Effect.flatMap(
    Effect.try({ try: () => beginningOf(file), catch: toError }),
    (beginning) =>
      Effect.callback((resume) => {
        const stream = createWriteStream(file, { flags: "a", mode: 0o600 })
        stream.once("open", () => {
          stream.write(beginning)
          resume(Effect.succeed(stream))
        })
        stream.on("error", (cause) => {
          resume(Effect.fail(toError(cause)))
          failed(toError(cause))
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
 * Opens the file and returns what appends a line to it; everything is written when the scope closes. When the file can't
 * be written any more, that is logged once, and nothing more is appended.
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
      (error) => Effect.logError(`${file} cannot be written any more: ${error.message}`)
    )
  )
  return (line) => {
    if (!stream.destroyed && stream.writableLength < maxWaiting) stream.write(`${line}\n`)
  }
})
