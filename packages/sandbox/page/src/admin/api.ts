/** The admin API of the sandbox that served this page. */
import { type Decoder, fieldsOf, json, number, string, unknown } from "./decoding.ts"
import {
  type ActiveRule,
  decodeDirectory,
  decodeLog,
  decodeRules,
  decodeSessions,
  decodeStored,
  type Directory,
  type LogPart,
  type NewRule,
  type Session,
  type StoredMessage
} from "./models.ts"

/** The deadline of a request: a number of ticks, and the duration of one in milliseconds. */
const ticks = 20
const tick = 250

/**
 * Aborts a request that takes too long. It counts ticks instead of using one timer: after the page was busy, a timer that is due
 * would fire before a response that has arrived is handled, but a busy page has fewer ticks.
 */
const startDeadline = () => {
  const controller = new AbortController()
  let left = ticks
  const timer = setInterval(() => {
    if (--left === 0) controller.abort()
  }, tick)
  return { signal: controller.signal, end: () => clearInterval(timer) }
}

/** The sandbox returned an error response. */
class AdminError extends Error {
  override readonly name = "AdminError"
}

/** The sandbox is unreachable or did not respond in time. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError"
}

/** The admin API. Methods reject if the sandbox does not respond within five seconds, or returns an error or an invalid response. */
export interface AdminApi {
  readonly directory: (signal?: AbortSignal) => Promise<Directory>
  readonly sessions: (signal?: AbortSignal) => Promise<ReadonlyArray<Session>>
  readonly rules: (signal?: AbortSignal) => Promise<ReadonlyArray<ActiveRule>>
  /** Adds rules to the active ones. */
  readonly addRules: (rules: ReadonlyArray<NewRule>) => Promise<void>
  readonly clearRules: () => Promise<void>
  /** Returns the entries of the wire log with a greater `seq`. */
  readonly log: (after: number, signal?: AbortSignal) => Promise<LogPart>
  readonly enableLog: (enabled: boolean, signal?: AbortSignal) => Promise<void>
  readonly clearLog: () => Promise<void>
  /** Returns the stored messages of the conversations with an address. */
  readonly stored: (addressId: string, signal?: AbortSignal) => Promise<ReadonlyArray<StoredMessage>>
  /** Drops the sockets of a subscriber or, if it is `undefined`, of all; returns how many were dropped. */
  readonly dropSockets: (subscriberId: string | undefined) => Promise<number>
  readonly mintToken: (subscriberId: string, signal?: AbortSignal) => Promise<string>
  readonly expireToken: (token: string) => Promise<void>
}

const request = async <A>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  decode: Decoder<A>,
  options: { readonly body?: unknown; readonly signal?: AbortSignal | undefined } = {}
): Promise<A> => {
  const { body, signal } = options
  const deadline = startDeadline()
  const exchange = async () => {
    const response = await fetch(`/_sandbox${path}`, {
      method,
      cache: "no-store",
      signal: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
      ...(body === undefined
        ? undefined
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    })
    return { response, text: await response.text() }
  }
  const { response, text } = await exchange().catch((cause: unknown) => {
    throw new UnreachableError("The sandbox does not respond", { cause })
  }).finally(deadline.end)
  if (!response.ok) throw new AdminError(`The sandbox returned ${response.status}: ${response.statusText}`)
  return json(text, decode, `/_sandbox${path}`)
}

export const admin: AdminApi = {
  directory: (signal) => request("GET", "", decodeDirectory, { signal }),
  sessions: (signal) => request("GET", "/sessions", decodeSessions, { signal }),
  rules: (signal) => request("GET", "/faults", decodeRules, { signal }),
  addRules: async (rules) => {
    await request("POST", "/faults", unknown, { body: { rules } })
  },
  clearRules: async () => {
    await request("DELETE", "/faults", unknown)
  },
  log: (after, signal) => request("GET", `/log?after=${after}`, decodeLog, { signal }),
  enableLog: async (enabled, signal) => {
    await request("PUT", "/log", unknown, { body: { enabled }, signal })
  },
  clearLog: async () => {
    await request("DELETE", "/log", unknown)
  },
  stored: (addressId, signal) =>
    request("GET", `/messages?addressId=${encodeURIComponent(addressId)}`, decodeStored, { signal }),
  dropSockets: (subscriberId) =>
    request("POST", "/sessions/drop", (value, path) => fieldsOf(value, path)("dropped", number), {
      body: subscriberId === undefined ? {} : { subscriberId }
    }),
  mintToken: (subscriberId, signal) =>
    request("POST", "/tokens", (value, path) => fieldsOf(value, path)("token", string), {
      body: { subscriberId },
      signal
    }),
  expireToken: async (token) => {
    await request("POST", "/tokens/expire", unknown, { body: { token } })
  }
}
