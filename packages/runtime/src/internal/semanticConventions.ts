/** The names of attributes, by OpenTelemetry's semantic conventions for messaging where those have one. */
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Attributes } from "./instrumentationContract.ts"

const names: { readonly [Key in keyof Attributes]-?: string } = {
  operation: "messaging.operation.name",
  addressId: "messaging.destination.name",
  conversationId: "messaging.message.conversation_id",
  messageId: "messaging.message.id",
  clientId: "signalwire.message.client_id",
  errorType: "error.type",
  count: "signalwire.count"
}

const isName = (key: string): key is keyof Attributes => Object.hasOwn(names, key)

/** Returns attributes under the names of OpenTelemetry's semantic conventions. Those that are missing are left out. */
export const toSemantic = (attributes: Attributes = {}): Record<string, unknown> => {
  const record: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && isName(key)) record[names[key]] = value
  }
  return record
}

/** What the methods of the services do with messages. */
const operationTypes: Readonly<Record<string, "send" | "receive">> = {
  sendMessage: "send",
  getMessages: "receive",
  getConversationMessages: "receive",
  messages: "receive",
  conversationMessages: "receive",
  findMessage: "receive",
  subscribe: "receive",
  timeline: "receive"
}

/** The kinds of spans that are not internal. */
const spanKinds: Readonly<Record<string, Tracer.SpanKind>> = {
  "Conversations.sendMessage": "producer",
  "Conversations.subscribe": "consumer",
  "Conversations.timeline": "consumer"
}

/** The kind of a span. */
export const kindOf = (spanName: string): Tracer.SpanKind => spanKinds[spanName] ?? "internal"

/** The attributes of the span of a method. */
export const operationAttributes = (method: string): Record<string, unknown> => {
  const type = operationTypes[method]
  return {
    "messaging.operation.name": method,
    ...(type === undefined ? undefined : { "messaging.operation.type": type })
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

/** The attributes of a server. */
export const serverAttributes = (url: string | undefined): Record<string, unknown> => {
  if (url === undefined) return {}
  const { hostname, port, protocol } = new URL(url)
  return { "server.address": hostname, "server.port": port === "" ? defaultPorts[protocol] : Number(port) }
}
