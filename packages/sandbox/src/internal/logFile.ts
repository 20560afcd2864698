/**
 * Appends what is logged to a file, one line of JSON per entry.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createWriteStream, type WriteStream } from "node:fs"

/** How much may wait for the disk; what comes beyond that is left out. */
const maxWaiting = 64 * 1024 * 1024

const open = (file: string): Promise<WriteStream> =>
  new Promise((resolve, reject) => {
    const stream = createWriteStream(file, { flags: "a", mode: 0o600 })
    stream.once("open", () => resolve(stream))
    stream.on("error", reject)
  })

/** Opens the file, and answers what appends a line to it; everything is written when the scope closes. */
export const make = (file: string): Effect.Effect<(line: string) => void, Cause.UnknownError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise(() => open(file)),
    (stream) => Effect.promise(() => new Promise<void>((resolve) => stream.end(() => resolve())))
  ).pipe(
    Effect.map((stream) => (line) => {
      if (stream.writableLength < maxWaiting) stream.write(`${line}\n`)
    })
  )
