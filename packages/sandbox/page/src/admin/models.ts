/**
 * What the admin API returns, as far as the page uses it. Where a name is also in `@effect-signalwire/backend/Admin` it
 * is the same thing there; a test compares the two.
 */
import type * as Faults from "@effect-signalwire/backend/Faults"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { boolean, fieldsOf, list, nullable, number, oneOf, record, string, unknown } from "./decoding.ts"

const decodeSubscriber = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    id: field("id", string),
    name: field("name", string),
    addressId: field("addressId", string),
    token: field("token", string)
  }
}
export type Subscriber = Readonly<ReturnType<typeof decodeSubscriber>>

/** The names of subscribers by their ids. */
export const namesById = (subscribers: ReadonlyArray<Subscriber>): ReadonlyMap<string, string> =>
  new Map(subscribers.map(({ id, name }) => [id, name]))

const decodeRoom = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return { name: field("name", string), addressId: field("addressId", string) }
}
export type Room = Readonly<ReturnType<typeof decodeRoom>>

/** Who and what the sandbox has. */
export const decodeDirectory = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    projectId: field("projectId", string),
    subscribers: field("subscribers", list(decodeSubscriber)),
    rooms: field("rooms", list(decodeRoom))
  }
}
export type Directory = Readonly<ReturnType<typeof decodeDirectory>>

/** A session, connected or not. */
const decodeSession = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    protocol: field("protocol", string),
    subscriberId: field("subscriberId", string),
    connected: field("connected", boolean),
    /** Events that the client has not acknowledged. */
    unacked: field("unacked", number),
    /** What is held for it: bytes. */
    bytes: field("bytes", number)
  }
}
export type Session = Readonly<ReturnType<typeof decodeSession>>

export const decodeSessions = (value: unknown, path: string) => fieldsOf(value, path)("sessions", list(decodeSession))

/** A fault rule that is active, as far as the page shows it. */
const decodeRule = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    match: field("match", record),
    action: field("action", record),
    /** How often it can still be carried out; `null` for always. */
    times: field("times", nullable(number)),
    /** For how many milliseconds it is still active; `null` for until the rules are replaced. */
    forMillis: field("forMillis", nullable(number))
  }
}
export type ActiveRule = Readonly<ReturnType<typeof decodeRule>>

export const decodeRules = (value: unknown, path: string) => fieldsOf(value, path)("rules", list(decodeRule))

/** A rule to add. */
export type NewRule = Faults.Rule

/** A message that the server has stored. */
const decodeMessage = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  /** The id that its sender gave it; `null` when its sender gave none. */
  const clientId: string | null = ClientKey.get(field("metadata", nullable(record)) ?? {})
  return { id: field("id", string), clientId }
}
export type StoredMessage = Readonly<ReturnType<typeof decodeMessage>>

export const decodeStored = (value: unknown, path: string) => fieldsOf(value, path)("messages", list(decodeMessage))

/** An entry of the wire log: the keys by which it is shown and found, and all of it in `raw`. */
export const decodeEntry = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    seq: field("seq", number),
    /** Unix milliseconds. */
    time: field("time", number),
    on: field("on", oneOf("request", "response", "opened", "refused", "closed", "frame")),
    /** Joins a response with its request; `null` for sockets. */
    exchange: field("exchange", nullable(number)),
    subscriberId: field("subscriberId", nullable(string)),
    /** The direction of a frame: `in` comes from the client. */
    direction: field("direction", nullable(oneOf("in", "out"))),
    /** Of a request the HTTP method, of a frame the JSON-RPC method. */
    method: field("method", nullable(string)),
    path: field("path", nullable(string)),
    status: field("status", nullable(number)),
    /** The frame, as it was sent. */
    frame: field("frame", unknown),
    /** The type of the fault that was carried out. */
    fault: field("fault", nullable(string)),
    raw: value,
    /** All of it as JSON, in lower case, to be searched: a fault as it is shown, and nothing where there is none. */
    text: JSON.stringify(value)
      .replace(/,"fault":(?:null|"(\w*)")/, (_, type?: string) => type === undefined ? "" : `,fault: ${type}`)
      .toLowerCase()
  }
}
export type Entry = Readonly<ReturnType<typeof decodeEntry>>

/** A part of the wire log. */
export const decodeLog = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return { enabled: field("enabled", boolean), entries: field("entries", list(decodeEntry)) }
}
export type LogPart = Readonly<ReturnType<typeof decodeLog>>
