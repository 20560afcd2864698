/**
 * JSON-RPC 2.0 as the socket speaks it: one object per text frame, requests in both directions.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { anything, decoder, either, number, optional, struct, text } from "./internal/shape.ts"
import { isJsonObject } from "./JsonObject.ts"
import { type MalformedValue, parseJson } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"

/** Our ids are strings; a peer's number is echoed as it came. */
export type Id = string | number

/** What went wrong with a request. `code` is a JSON-RPC number, or the text code of a coded result. */
export type RpcError = typeof Schemas.RpcError.Type

/** A frame, by what it asks of its receiver. */
export type Frame =
  | { readonly _tag: "Request"; readonly id: Id; readonly method: string; readonly params: unknown }
  | { readonly _tag: "Reply"; readonly id: Id; readonly result: unknown }
  | { readonly _tag: "Failure"; readonly id: Id; readonly error: RpcError }

/** Codes of errors that either side answers. */
export const code = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  timeout: -32000,
  permissionDenied: -32001,
  authenticationFailed: -32002,
  requesterValidationFailed: -32003
} as const

/** The socket's methods. */
export const method = {
  connect: "signalwire.connect",
  disconnect: "signalwire.disconnect",
  event: "signalwire.event",
  ping: "signalwire.ping",
  reauthenticate: "signalwire.reauthenticate",
  online: "subscriber.online",
  offline: "subscriber.offline"
} as const

const decodeError = decoder(struct<RpcError>({ code: either(number, text), message: text, data: optional(anything) }))

const isId = (value: unknown): value is Id => typeof value === "string" || typeof value === "number"

/** Reads a frame's text. */
export const parse = (text: string): Result.Result<Frame, MalformedValue> => {
  const json = parseJson(text)
  if (Result.isFailure(json)) return Result.fail(json.failure)
  const value = json.success
  if (!isJsonObject(value)) return Result.fail({ path: "", message: "not an object" })
  const { id } = value
  if (!isId(id)) return Result.fail({ path: "id", message: "neither text nor a number" })
  if (typeof value["method"] === "string") {
    return Result.succeed({ _tag: "Request", id, method: value["method"], params: value["params"] })
  }
  // a reply may carry `error: null`
  if (value["error"] !== undefined && value["error"] !== null) {
    return Result.map(decodeError(value["error"]), (error) => ({ _tag: "Failure", id, error }))
  }
  if ("result" in value) return Result.succeed({ _tag: "Reply", id, result: value["result"] })
  return Result.fail({ path: "", message: "none of method, result and error" })
}

const decodeCoded = decoder(
  struct<typeof Schemas.CodedResult.Type>({ code: text, message: optional(text), result: optional(anything) })
)

/**
 * The value of a result. Some methods wrap it as `{ code, message, result }`; there a code other than `2xx` is a
 * failure although the frame is a reply.
 */
export const unwrap = (result: unknown): Result.Result<unknown, RpcError> => {
  const coded = decodeCoded(result)
  if (Result.isFailure(coded)) return Result.succeed(result)
  const { code, message, result: inner } = coded.success
  return code.startsWith("2") ? Result.succeed(inner) : Result.fail({ code, message: message ?? "" })
}

/** The text of a request. */
export const request = (id: Id, method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params })

/** The text of an answer. */
export const reply = (id: Id, result: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result })

/** The text of an empty answer: how events are acknowledged. */
export const acknowledge = (id: Id): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{}}`

/** The text of a refusal. `id` is `null` when the request could not be read. */
export const failure = (id: Id | null, error: RpcError): string => JSON.stringify({ jsonrpc: "2.0", id, error })
