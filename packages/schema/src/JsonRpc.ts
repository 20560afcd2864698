/**
 * JSON-RPC 2.0 frames of the socket: one object per text frame, with requests in both directions.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { decoder, number, optional, string, struct, union, unknown } from "./internal/shape.ts"
import { isJsonObject } from "./JsonObject.ts"
import { type MalformedValue, parseJson } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** The id of a request. This SDK sends strings; a number from the peer is returned unchanged. */
export type Id = string | number

/** The error of a request. `code` is a JSON-RPC error code, or the string code of a coded result. */
export type RpcError = typeof WireSchemas.RpcError.Type

/** A frame: a request, a response with a result (`Reply`), or a response with an error (`Failure`). */
export type Frame =
  | { readonly _tag: "Request"; readonly id: Id; readonly method: string; readonly params: unknown }
  | { readonly _tag: "Reply"; readonly id: Id; readonly result: unknown }
  | { readonly _tag: "Failure"; readonly id: Id; readonly error: RpcError }

/** Error codes of responses, in either direction. */
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

/** Methods of the socket protocol. */
export const method = {
  connect: "signalwire.connect",
  disconnect: "signalwire.disconnect",
  event: "signalwire.event",
  ping: "signalwire.ping",
  reauthenticate: "signalwire.reauthenticate",
  online: "subscriber.online",
  offline: "subscriber.offline"
} as const

const decodeError = decoder(struct<RpcError>({ code: union(number, string), message: string, data: optional(unknown) }))

const isId = (value: unknown): value is Id => typeof value === "string" || typeof value === "number"

/** Parses a text frame. */
export const parse = (text: string): Result.Result<Frame, MalformedValue> => {
  const json = parseJson(text)
  if (Result.isFailure(json)) return Result.fail(json.failure)
  const value = json.success
  if (!isJsonObject(value)) return Result.fail({ path: "", message: "not an object" })
  const { id } = value
  if (!isId(id)) return Result.fail({ path: "id", message: "neither a string nor a number" })
  if (typeof value["method"] === "string") {
    return Result.succeed({ _tag: "Request", id, method: value["method"], params: value["params"] })
  }
  // a response with a result may also have `error: null`
  if (value["error"] !== undefined && value["error"] !== null) {
    return Result.map(decodeError(value["error"]), (error) => ({ _tag: "Failure", id, error }))
  }
  if ("result" in value) return Result.succeed({ _tag: "Reply", id, result: value["result"] })
  return Result.fail({ path: "", message: "has neither method, result nor error" })
}

const decodeCoded = decoder(
  struct<typeof WireSchemas.CodedResult.Type>({ code: string, message: optional(string), result: optional(unknown) })
)

/**
 * Returns the value of a response's result. Some methods wrap it as `{ code, message, result }`, where a code other
 * than `2xx` is an error although the frame has a result.
 */
export const unwrap = (result: unknown): Result.Result<unknown, RpcError> => {
  const coded = decodeCoded(result)
  if (Result.isFailure(coded)) return Result.succeed(result)
  const { code, message, result: inner } = coded.success
  return code.startsWith("2") ? Result.succeed(inner) : Result.fail({ code, message: message ?? "" })
}

/** Formats a request as a text frame. */
export const request = (id: Id, method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params })

/** Formats a response with a result as a text frame. */
export const reply = (id: Id, result: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result })

/** Formats a response with an empty result as a text frame; events are acknowledged with it. */
export const acknowledge = (id: Id): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{}}`

/** Formats a response with an error as a text frame. `id` is `null` if the request could not be parsed. */
export const failure = (id: Id | null, error: RpcError): string => JSON.stringify({ jsonrpc: "2.0", id, error })
