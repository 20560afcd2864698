/**
 * The responses of the admin API, as far as the page uses them. A test compares them with `@effect-signalwire/backend/Admin`.
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

/** The names of subscribers by id. */
export const namesById = (subscribers: ReadonlyArray<Subscriber>): ReadonlyMap<string, string> =>
  new Map(subscribers.map(({ id, name }) => [id, name]))

const decodeRoom = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return { name: field("name", string), addressId: field("addressId", string) }
}
export type Room = Readonly<ReturnType<typeof decodeRoom>>

/** The project, subscribers and rooms of the sandbox. */
export const decodeDirectory = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    projectId: field("projectId", string),
    subscribers: field("subscribers", list(decodeSubscriber)),
    rooms: field("rooms", list(decodeRoom))
  }
}
export type Directory = Readonly<ReturnType<typeof decodeDirectory>>

/** A session, with or without a socket. */
const decodeSession = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    protocol: field("protocol", string),
    subscriberId: field("subscriberId", string),
    connected: field("connected", boolean),
    /** The number of events that the client has not acknowledged. */
    unacked: field("unacked", number),
    /** The memory held for the client, in bytes. */
    bytes: field("bytes", number)
  }
}
export type Session = Readonly<ReturnType<typeof decodeSession>>

export const decodeSessions = (value: unknown, path: string) => fieldsOf(value, path)("sessions", list(decodeSession))

/** An active fault rule. */
const decodeRule = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    match: field("match", record),
    action: field("action", record),
    /** How often the rule can still be carried out; `null` for unlimited. */
    times: field("times", nullable(number)),
    /** How long the rule is still active, in milliseconds; `null` for until the rules are replaced. */
    forMillis: field("forMillis", nullable(number))
  }
}
export type ActiveRule = Readonly<ReturnType<typeof decodeRule>>

export const decodeRules = (value: unknown, path: string) => fieldsOf(value, path)("rules", list(decodeRule))

/** A rule to add. */
export type NewRule = Faults.Rule

/** A stored message. */
const decodeMessage = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  /** The client id; `null` if the sender has set none. */
  const clientId: string | null = ClientKey.get(field("metadata", nullable(record)) ?? {})
  return { id: field("id", string), clientId }
}
export type StoredMessage = Readonly<ReturnType<typeof decodeMessage>>

export const decodeStored = (value: unknown, path: string) => fieldsOf(value, path)("messages", list(decodeMessage))

/** An entry of the wire log: the fields that are shown and searched, and the complete entry in `raw`. */
export const decodeEntry = (value: unknown, path: string) => {
  const field = fieldsOf(value, path)
  return {
    seq: field("seq", number),
    /** Unix milliseconds. */
    time: field("time", number),
    on: field("on", oneOf("request", "response", "opened", "refused", "closed", "frame")),
    /** The same for a request and its response; `null` for sockets. */
    exchange: field("exchange", nullable(number)),
    subscriberId: field("subscriberId", nullable(string)),
    /** The direction of a frame: `in` for frames from the client. */
    direction: field("direction", nullable(oneOf("in", "out"))),
    /** The HTTP method of a request, or the JSON-RPC method of a frame. */
    method: field("method", nullable(string)),
    path: field("path", nullable(string)),
    status: field("status", nullable(number)),
    /** The frame. */
    frame: field("frame", unknown),
    /** The type of the fault that was carried out. */
    fault: field("fault", nullable(string)),
    raw: value,
    /** The text to search: the entry as lower-case JSON, with a fault as it is displayed. */
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
