/**
 * What the routes ask of a connection of Node's, and the names that lead to this server.
 */
import type { Hosting } from "@effect-signalwire/backend/Hosting"
import * as Effect from "effect/Effect"
import { IncomingMessage } from "node:http"

/** How much may wait in a connection before more is written to it, in bytes. */
const highWaterMark = 256 * 1024

/** An address as a URL has it. */
export const inUrl = (address: string): string => address.includes(":") ? `[${address}]` : address

/** A name or address as `URL` writes it. */
const toHostname = (name: string): string => {
  const url = `http://${inUrl(name)}`
  return URL.canParse(url) ? new URL(url).hostname : name
}

/**
 * The host that tokens name. It is a name that leads to 127.0.0.1, for the vendor's clients replace its first label, which
 * must leave a name that a URL may have; and the address itself for a loopback address where that name does not lead.
 */
export const tokenHost = (address: string): string =>
  address !== "127.0.0.1" && (address === "::1" || address.startsWith("127.")) ? inUrl(address) : "puc.localhost"

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
