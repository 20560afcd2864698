/**
 * The options of a sandbox, their defaults and their validation.
 */
import type * as Backend from "@effect-signalwire/backend/Backend"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { resolve } from "node:path"
import { SandboxError } from "./sandboxError.ts"

/** Options of a sandbox, in addition to those of its backend. */
export interface Options extends Omit<Backend.Options, "host" | "linkOrigin"> {
  /**
   * The port; 0 for any free port.
   * @default 0
   */
  readonly port?: number | undefined
  /**
   * The address to listen on. The admin API needs no token, so it should be a loopback address.
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined
  /**
   * Other host names of this machine, such as `sandbox` in a network of containers. The admin API only accepts requests to
   * a loopback name, to the address that they were received on, and to these names.
   * @default []
   */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /**
   * The SQLite file to store everything in, or `:memory:` to store nothing.
   * @default ":memory:"
   */
  readonly data?: string | undefined
  /** The file to append the wire log to, as lines of JSON. Enables the log. @default none */
  readonly log?: string | undefined
  /**
   * Whether the links of pages are relative or absolute; the documentation of the service has examples of both.
   * @default "relative"
   */
  readonly links?: "relative" | "absolute" | undefined
  /**
   * The maximum time to receive a request, with its headers and body.
   * @default "30 seconds"
   */
  readonly requestTimeout?: Duration.Input | undefined
  /** The certificate and key, both in PEM format, to serve `https:` and `wss:`. @default serves `http:` and `ws:` */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /**
   * The names of subscribers to add if they do not exist.
   * @default ["ada", "grace"]
   */
  readonly subscribers?: ReadonlyArray<string> | undefined
  /**
   * The names of rooms to add if they do not exist.
   * @default ["office"]
   */
  readonly rooms?: ReadonlyArray<string> | undefined
}

/** The longest request timeout, in milliseconds: the longest delay of a Node timer. */
const maxRequestTimeout = 2 ** 31 - 1

/** Applies the defaults, and validates the options. `backend` are the options of the backend. */
export const toSettings = Effect.fnUntraced(function*(options: Options) {
  const {
    allowedHosts = [],
    data = ":memory:",
    host = "127.0.0.1",
    links = "relative",
    log,
    port = 0,
    requestTimeout = "30 seconds",
    rooms = ["office"],
    subscribers = ["ada", "grace"],
    tls,
    ...backend
  } = options
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    return yield* new SandboxError({ message: `${port} is not a port`, cause: port })
  }
  for (const [name, value] of Object.entries({ host, data, log })) {
    if (value?.trim() === "") return yield* new SandboxError({ message: `${name} must not be empty`, cause: value })
  }
  if (log !== undefined && resolve(log) === resolve(data)) {
    return yield* new SandboxError({ message: "log and data must not be the same file", cause: log })
  }
  const requestMillis = Duration.toMillis(requestTimeout)
  if (!Number.isInteger(requestMillis) || requestMillis < 1 || requestMillis > maxRequestTimeout) {
    return yield* new SandboxError({
      message: `requestTimeout must be a whole number of milliseconds from 1 to ${maxRequestTimeout}`,
      cause: requestTimeout
    })
  }
  return { allowedHosts, backend, data, host, links, log, port, requestMillis, rooms, subscribers, tls }
})
