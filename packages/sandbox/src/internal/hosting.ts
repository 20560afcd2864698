/**
 * Implements `Hosting` with Node connections.
 */
import type { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Effect from "effect/Effect"
import { IncomingMessage } from "node:http"
import { inUrl, toHostname } from "./hostnames.ts"

/** The size of pending data from which on writing waits, in bytes. */
const highWaterMark = 256 * 1024

/** `names` are the host names of this server; the local address of a connection is accepted too. */
export const hosting = (names: ReadonlyArray<string>): Hosting => {
  const hostnames = new Set(names.map(toHostname))
  return {
    abort: ({ source }) =>
      Effect.andThen(
        Effect.sync(() => {
          if (source instanceof IncomingMessage) source.socket.destroy()
        }),
        // closing the connection interrupts the handler
        Effect.never
      ),
    awaitDrain: ({ source }) =>
      Effect.callback((resume) => {
        if (!(source instanceof IncomingMessage) || source.socket.writableLength < highWaterMark) {
          return resume(Effect.void)
        }
        const { socket } = source
        const onDrained = () => resume(Effect.void)
        socket.once("drain", onDrained).once("close", onDrained)
        return Effect.sync(() => socket.off("drain", onDrained).off("close", onDrained))
      }),
    isOwnName: (hostname, { source }) =>
      hostnames.has(hostname) ||
      (source instanceof IncomingMessage &&
        hostname === inUrl(source.socket.localAddress?.replace(/^::ffff:/, "") ?? ""))
  }
}
