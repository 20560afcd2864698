/**
 * What the routes ask of a connection of Node's.
 */
import type { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Effect from "effect/Effect"
import { IncomingMessage } from "node:http"
import { inUrl, toHostname } from "./hostnames.ts"

/** How much may wait in a connection before more is written to it, in bytes. */
const highWaterMark = 256 * 1024

/** For connections of Node's. The `names` lead here, as does the address that a connection was made to. */
export const hosting = (names: ReadonlyArray<string>): Hosting => {
  const hostnames = new Set(names.map(toHostname))
  return {
    abort: ({ source }) =>
      Effect.andThen(
        Effect.sync(() => {
          if (source instanceof IncomingMessage) source.socket.destroy()
        }),
        // the closed connection interrupts the handler
        Effect.never
      ),
    awaitDrain: ({ source }) =>
      Effect.callback((resume) => {
        if (!(source instanceof IncomingMessage) || source.socket.writableLength < highWaterMark) {
          return resume(Effect.void)
        }
        const { socket } = source
        const done = () => resume(Effect.void)
        socket.once("drain", done).once("close", done)
        return Effect.sync(() => socket.off("drain", done).off("close", done))
      }),
    isOwnName: (hostname, { source }) =>
      hostnames.has(hostname) ||
      (source instanceof IncomingMessage &&
        hostname === inUrl(source.socket.localAddress?.replace(/^::ffff:/, "") ?? ""))
  }
}
