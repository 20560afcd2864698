/**
 * SignalWire's documentation of the Conversation namespace as data: its methods, their parameters, and what they
 * return, field by field. A comment marks each field where the documentation's examples contradict what servers send.
 */

/** The expected value of a field. */
interface Field {
  readonly description: string
  readonly matches: (value: unknown) => boolean
}

/** The fields of an object, or of the items of a page. */
export type Shape = { readonly [field: string]: Field | Shape }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isField = (part: Field | Shape): part is Field => typeof part["matches"] === "function"

const day = 86_400

const string: Field = { description: "a string", matches: (value) => typeof value === "string" && value !== "" }
const boolean: Field = { description: "a boolean", matches: (value) => typeof value === "boolean" }
const object: Field = { description: "an object", matches: isRecord }
const nullValue: Field = { description: "null", matches: (value) => value === null }
const millis: Field = {
  description: "whole unix milliseconds",
  matches: (value) => Number.isInteger(value) && Math.abs(Number(value) - Date.now()) < day * 1000
}
const seconds: Field = {
  description: "unix seconds with a fraction",
  matches: (value) => typeof value === "number" && !Number.isInteger(value) && Math.abs(value - Date.now() / 1000) < day
}
const iso: Field = {
  description: "an ISO-8601 time",
  matches: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)) && value.includes("T")
}
const stringOrNull: Field = {
  description: "a string or null",
  matches: (value) => nullValue.matches(value) || string.matches(value)
}
const exactly = (expected: unknown): Field => ({
  description: JSON.stringify(expected),
  matches: (value) => value === expected
})

/** "The Conversation Object". */
export const conversation: Shape = {
  id: string,
  name: string,
  metadata: object,
  created_at: millis,
  last_message_at: millis
}

/** "The ConversationMessage object", with the values of its example. */
export const callLog = (knowsUsers: boolean): Shape => ({
  id: string,
  conversation_id: string,
  // the group dialect does not send it
  user_id: knowsUsers ? string : nullValue,
  ts: seconds,
  details: object,
  type: exactly("message"),
  subtype: exactly("log"),
  kind: exactly("call_started")
})

/** The argument of a `subscribe` callback. */
export const callLogEvent = (knowsUsers: boolean): Shape => ({
  ...callLog(knowsUsers),
  // the documented example has the string "false"; servers send a boolean
  hidden: boolean,
  address_id: string,
  metadata: object,
  text: nullValue,
  conversation_name: string,
  user_name: string
})

/** "JoinConversationResponse": its fields are not documented; these are what servers return. */
export const joined: Shape = { conversation_id: string, address_id: string, from_address_id: stringOrNull }

/** An address, as SignalWire's type definitions have it. */
export const address: Shape = {
  id: string,
  display_name: string,
  name: string,
  type: string,
  resource_id: stringOrNull,
  preview_url: stringOrNull,
  cover_url: stringOrNull,
  channels: object,
  locked: boolean,
  created_at: iso
}

/** `{ data, hasNext, hasPrev }`. */
export const page: Shape = {
  data: { description: "an array", matches: Array.isArray },
  hasNext: boolean,
  hasPrev: boolean
}

/** Fields that this SDK adds to the documented ones, by object. */
export const extensions = {
  conversation: ["address_id"],
  message: ["address_id", "client_id", "from_address_id", "metadata", "text"],
  event: ["client_id", "from_address_id"],
  page: ["firstPage", "malformed", "nextPage", "prevPage", "self"]
}

/** Describes each field that is not as documented. */
export const deviations = (value: unknown, shape: Shape, path = ""): ReadonlyArray<string> =>
  isRecord(value)
    ? Object.entries(shape).flatMap(([field, part]) => {
      const at = path === "" ? field : `${path}.${field}`
      if (!(field in value)) return [`${at} is missing`]
      if (!isField(part)) return deviations(value[field], part, at)
      return part.matches(value[field])
        ? []
        : [`${at} should be ${part.description}, but is ${JSON.stringify(value[field])}`]
    })
    : [`${path} is not an object`]

/** The fields that are not documented. */
export const additions = (value: object, shape: Shape): ReadonlyArray<string> =>
  Object.keys(value).filter((field) => !(field in shape)).toSorted()
