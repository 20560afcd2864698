/**
 * What the admin API returns, as far as the page uses it. Where a name also stands in `@effect-signalwire/backend/Admin`
 * it is the same thing there; a test holds the two together.
 */
import type * as Faults from "@effect-signalwire/backend/Faults"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { type Decoder, list, nullable, number, oneOf, record, text, truth } from "./decoding.ts"

export interface Subscriber {
  readonly id: string
  readonly name: string
  readonly addressId: string
  readonly token: string
}

export interface Room {
  readonly name: string
  readonly addressId: string
}

/** Who and what the sandbox has. */
export interface Directory {
  readonly projectId: string
  readonly subscribers: ReadonlyArray<Subscriber>
  readonly rooms: ReadonlyArray<Room>
}

export const decodeDirectory: Decoder<Directory> = (value, path) => {
  const ready = record(value, path)
  return {
    projectId: text(ready["projectId"], `${path}.projectId`),
    subscribers: list((value, path) => {
      const subscriber = record(value, path)
      return {
        id: text(subscriber["id"], `${path}.id`),
        name: text(subscriber["name"], `${path}.name`),
        addressId: text(subscriber["addressId"], `${path}.addressId`),
        token: text(subscriber["token"], `${path}.token`)
      }
    })(ready["subscribers"], `${path}.subscribers`),
    rooms: list((value, path) => {
      const room = record(value, path)
      return {
        name: text(room["name"], `${path}.name`),
        addressId: text(room["addressId"], `${path}.addressId`)
      }
    })(ready["rooms"], `${path}.rooms`)
  }
}

/** A session, connected or not. */
export interface Session {
  readonly protocol: string
  readonly subscriberId: string
  readonly connected: boolean
  /** Events that the client has not acknowledged. */
  readonly unacked: number
  /** What is held for it: bytes. */
  readonly bytes: number
}

export const decodeSessions: Decoder<ReadonlyArray<Session>> = (value, path) =>
  list((value, path) => {
    const session = record(value, path)
    return {
      protocol: text(session["protocol"], `${path}.protocol`),
      subscriberId: text(session["subscriberId"], `${path}.subscriberId`),
      connected: truth(session["connected"], `${path}.connected`),
      unacked: number(session["unacked"], `${path}.unacked`),
      bytes: number(session["bytes"], `${path}.bytes`)
    }
  })(record(value, path)["sessions"], `${path}.sessions`)

/**
 * A fault rule as the server has it. The page shows some keys, and sends all of them back unread when it adds a rule, so
 * that rules with keys unknown to the page survive.
 */
export interface ActiveRule {
  readonly match: Readonly<Record<string, unknown>>
  readonly action: Readonly<Record<string, unknown>>
  /** How often it can still be carried out; `null` for always. */
  readonly times: number | null
  /** For how many milliseconds it is still active; `null` for until the rules are replaced. */
  readonly forMillis: number | null
  /** The rule as it was received. */
  readonly raw: unknown
}

export interface ActiveRules {
  readonly rules: ReadonlyArray<ActiveRule>
  readonly seed: number | null
}

export const decodeRules: Decoder<ActiveRules> = (value, path) => {
  const answer = record(value, path)
  return {
    rules: list((value, path) => {
      const rule = record(value, path)
      return {
        match: record(rule["match"], `${path}.match`),
        action: record(rule["action"], `${path}.action`),
        times: nullable(number)(rule["times"], `${path}.times`),
        forMillis: nullable(number)(rule["forMillis"], `${path}.forMillis`),
        raw: value
      }
    })(answer["rules"], `${path}.rules`),
    seed: nullable(number)(answer["seed"], `${path}.seed`)
  }
}

/** A rule to add. */
export type NewRule = Faults.Rule

/** A message that the server has stored. */
export interface StoredMessage {
  readonly id: string
  /** The id that its sender gave it; `null` when its sender gave none. */
  readonly clientId: string | null
}

export const decodeStored: Decoder<ReadonlyArray<StoredMessage>> = (value, path) =>
  list((value, path) => {
    const message = record(value, path)
    return {
      id: text(message["id"], `${path}.id`),
      clientId: ClientKey.get(nullable(record)(message["metadata"], `${path}.metadata`) ?? {})
    }
  })(record(value, path)["messages"], `${path}.messages`)

/** An entry of the wire log: the keys by which it is shown and found, and all of it in `raw`. */
export interface Entry {
  readonly seq: number
  /** Unix milliseconds. */
  readonly time: number
  readonly on: "request" | "response" | "opened" | "refused" | "closed" | "frame"
  /** Joins a response with its request; `null` for sockets. */
  readonly exchange: number | null
  readonly subscriberId: string | null
  /** The direction of a frame: `in` comes from the client. */
  readonly direction: "in" | "out" | null
  /** Of a request the HTTP method, of a frame the JSON-RPC method. */
  readonly method: string | null
  readonly path: string | null
  readonly status: number | null
  /** The frame, as it was sent. */
  readonly frame: unknown
  /** The type of the fault that was carried out. */
  readonly fault: string | null
  readonly raw: unknown
}

export const decodeEntry: Decoder<Entry> = (value, path) => {
  const entry = record(value, path)
  const optional = <A>(key: string, decode: Decoder<A>): A | null => nullable(decode)(entry[key], `${path}.${key}`)
  return {
    seq: number(entry["seq"], `${path}.seq`),
    time: number(entry["time"], `${path}.time`),
    on: oneOf("request", "response", "opened", "refused", "closed", "frame")(entry["on"], `${path}.on`),
    exchange: optional("exchange", number),
    subscriberId: optional("subscriberId", text),
    direction: optional("direction", oneOf("in", "out")),
    method: optional("method", text),
    path: optional("path", text),
    status: optional("status", number),
    frame: entry["frame"],
    fault: optional("fault", text),
    raw: value
  }
}

/** A part of the wire log. */
export interface LogPart {
  readonly enabled: boolean
  readonly entries: ReadonlyArray<Entry>
}

export const decodeLog: Decoder<LogPart> = (value, path) => {
  const log = record(value, path)
  return {
    enabled: truth(log["enabled"], `${path}.enabled`),
    entries: list(decodeEntry)(log["entries"], `${path}.entries`)
  }
}
