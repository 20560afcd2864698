/**
 * SignalWire's documentation of the Conversation namespace as data: its methods, their parameters, and what they answer,
 * field by field. Where its own examples contradict what servers send, the field says so.
 */

/** What a field holds. */
interface Field {
  readonly what: string
  readonly holds: (value: unknown) => boolean
}

/** The fields of an object, or of the items of a page. */
export type Shape = { readonly [field: string]: Field | Shape }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isField = (part: Field | Shape): part is Field => typeof part["holds"] === "function"

const day = 86_400

const text: Field = { what: "a text", holds: (value) => typeof value === "string" && value !== "" }
const flag: Field = { what: "true or false", holds: (value) => typeof value === "boolean" }
const object: Field = { what: "an object", holds: isRecord }
const none: Field = { what: "null", holds: (value) => value === null }
const millis: Field = {
  what: "whole unix milliseconds",
  holds: (value) => Number.isInteger(value) && Math.abs(Number(value) - Date.now()) < day * 1000
}
const seconds: Field = {
  what: "unix seconds with a fraction",
  holds: (value) => typeof value === "number" && !Number.isInteger(value) && Math.abs(value - Date.now() / 1000) < day
}
const iso: Field = {
  what: "an ISO-8601 time",
  holds: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)) && value.includes("T")
}
const textOrNull: Field = { what: "a text or null", holds: (value) => none.holds(value) || text.holds(value) }
const exactly = (expected: unknown): Field => ({
  what: JSON.stringify(expected),
  holds: (value) => value === expected
})

/** "The Conversation Object". */
export const conversation: Shape = {
  id: text,
  name: text,
  metadata: object,
  created_at: millis,
  last_message_at: millis
}

/** "The ConversationMessage object", with the values of its example. */
export const callLog = (knowsUsers: boolean): Shape => ({
  id: text,
  conversation_id: text,
  // the group dialect of the wire does not tell it
  user_id: knowsUsers ? text : none,
  ts: seconds,
  details: object,
  type: exactly("message"),
  subtype: exactly("log"),
  kind: exactly("call_started")
})

/** What `subscribe` calls back with. */
export const callLogEvent = (knowsUsers: boolean): Shape => ({
  ...callLog(knowsUsers),
  // the documented example has the text "false"; what servers send is a boolean
  hidden: flag,
  address_id: text,
  metadata: object,
  text: none,
  conversation_name: text,
  user_name: text
})

/** "JoinConversationResponse", whose fields the documentation leaves open: these are the ones that servers answer. */
export const joined: Shape = { conversation_id: text, address_id: text, from_address_id: textOrNull }

/** An address, as SignalWire's typings have it. */
export const address: Shape = {
  id: text,
  display_name: text,
  name: text,
  type: text,
  resource_id: textOrNull,
  preview_url: textOrNull,
  cover_url: textOrNull,
  channels: object,
  locked: flag,
  created_at: iso
}

/** `{ data, hasNext, hasPrev }`. */
export const page: Shape = {
  data: { what: "a list", holds: Array.isArray },
  hasNext: flag,
  hasPrev: flag
}

/** Beyond the documentation, by what it is beyond. */
export const beyond = {
  conversation: ["address_id"],
  message: ["address_id", "client_id", "from_address_id", "metadata", "text"],
  event: ["client_id", "from_address_id"],
  page: ["firstPage", "malformed", "nextPage", "prevPage", "self"]
}

/** Where something is not as documented; empty when it is. */
export const deviations = (value: unknown, shape: Shape, path = ""): ReadonlyArray<string> =>
  isRecord(value)
    ? Object.entries(shape).flatMap(([field, part]) => {
      const at = path === "" ? field : `${path}.${field}`
      if (!(field in value)) return [`${at} is missing`]
      if (!isField(part)) return deviations(value[field], part, at)
      return part.holds(value[field]) ? [] : [`${at} should be ${part.what}, and is ${JSON.stringify(value[field])}`]
    })
    : [`${path} is no object`]

/** The fields that the documentation does not have. */
export const additions = (value: object, shape: Shape): ReadonlyArray<string> =>
  Object.keys(value).filter((field) => !(field in shape)).toSorted()
