/**
 * The names of all attributes of spans, logs and metrics: those of OpenTelemetry's semantic conventions for messaging where
 * those have one, and names that begin with `signalwire.` otherwise.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Attributes } from "./internal/instrumentationContract.ts"

/** The names of the attributes of an operation. */
const operationNames = {
  operation: "messaging.operation.name",
  addressId: "messaging.destination.name",
  conversationId: "messaging.message.conversation_id",
  messageId: "messaging.message.id",
  clientId: "signalwire.message.client_id",
  errorType: "error.type",
  count: "signalwire.count"
} as const satisfies { readonly [Key in keyof Attributes]-?: string }

/** The names of all attributes. */
export const names = {
  ...operationNames,
  system: "messaging.system",
  client: "messaging.client.id",
  operationType: "messaging.operation.type",
  serverAddress: "server.address",
  serverPort: "server.port",
  dialAttempt: "signalwire.dial.attempt",
  sessionNumber: "signalwire.session.number",
  sessionDuration: "signalwire.session.duration",
  outageDuration: "signalwire.outage.duration"
} as const

/** Returns attributes under their names. Those that are missing are left out. */
export const toSemantic = (attributes: Attributes = {}): Record<string, unknown> => {
  const record: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && isOperationName(key)) record[operationNames[key]] = value
  }
  return record
}

const isOperationName = (key: string): key is keyof Attributes => Object.hasOwn(operationNames, key)

/** The value of the attribute `system`. */
export const system = "signalwire"

/** Returns the attributes of everything that a client records. */
export const clientAttributes = (name: string): Record<string, string> => ({
  [names.system]: system,
  [names.client]: name
})

/** What the methods of the services, and handlers of a message, do with messages. */
const operationTypes: Readonly<Record<string, "send" | "receive" | "process">> = {
  sendMessage: "send",
  getMessages: "receive",
  getConversationMessages: "receive",
  messages: "receive",
  conversationMessages: "receive",
  findMessage: "receive",
  subscribe: "receive",
  timeline: "receive",
  message: "process"
}

/** The kinds of spans that are not internal. */
const spanKinds: Readonly<Record<string, Tracer.SpanKind>> = {
  "Conversations.sendMessage": "producer",
  "Conversations.subscribe": "consumer",
  "Conversations.timeline": "consumer"
}

/** Returns the kind of a span. */
export const kindOf = (spanName: string): Tracer.SpanKind => spanKinds[spanName] ?? "internal"

/** Returns the attributes of a method. */
export const operationAttributes = (method: string): Record<string, string> => {
  const type = operationTypes[method]
  return {
    [names.operation]: method,
    ...(type === undefined ? undefined : { [names.operationType]: type })
  }
}

/** The `error.type` of a failure that has no `_tag`, as OpenTelemetry specifies. */
const otherError = "_OTHER"

const tagOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return otherError
  if ("reason" in error && typeof error.reason === "object" && error.reason !== null) return tagOf(error.reason)
  return "_tag" in error && typeof error._tag === "string" ? error._tag : otherError
}

/**
 * Returns the `error.type` of a cause: the `_tag` of the reason of its error, or `_OTHER` for a defect. Returns
 * `undefined` for an interruption, and for the end of a stream.
 */
export const errorType = (cause: Cause.Cause<unknown>): string | undefined =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => Cause.hasInterruptsOnly(cause) ? undefined : otherError,
    onSome: (error) => Cause.isDone(error) ? undefined : tagOf(error)
  })

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "ws:": 80, "wss:": 443 }

/** Returns the attributes of a server. */
export const serverAttributes = (url: string | undefined): Record<string, unknown> => {
  if (url === undefined) return {}
  const { hostname, port, protocol } = new URL(url)
  return { [names.serverAddress]: hostname, [names.serverPort]: port === "" ? defaultPorts[protocol] : Number(port) }
}
