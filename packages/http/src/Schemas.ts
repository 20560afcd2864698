/**
 * Effect schemas of what `SignalWireHttp` takes and fails with. Those of the models and of the failure reasons are in
 * the package `@effect-signalwire/schema`.
 *
 * ```ts
 * import * as Schemas from "@effect-signalwire/http/Schemas"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 *
 * export const send = HttpApiEndpoint.post("send", "/messages", {
 *   payload: Schemas.SendOptions,
 *   error: Schemas.SignalWireHttpError.annotate({ httpApiStatus: 502 })
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as ClassSchema from "@effect-signalwire/schema/ClassSchema"
import { AddressIdInput, ClientIdInput } from "@effect-signalwire/schema/Ids"
import * as Models from "@effect-signalwire/schema/Schemas"
import { JsonObject } from "@effect-signalwire/schema/WireSchemas"
import * as Schema from "effect/Schema"
import type * as Parameters from "./internal/parameters.ts"
import * as Errors from "./SignalWireHttpError.ts"

/** The failure of a method of `SignalWireHttp`. */
export const SignalWireHttpError = ClassSchema.makeTagged(Errors.SignalWireHttpError, {
  _tag: Schema.tag("SignalWireHttpError"),
  ...Models.errorFields
})
export type SignalWireHttpError = Errors.SignalWireHttpError

/** A message to send. `addressId`, `text` and `clientId` must be non-empty strings. */
export const SendOptions = Schema.Struct({
  addressId: AddressIdInput.check(Schema.isNonEmpty()),
  text: Schema.NonEmptyString,
  metadata: Schema.optional(JsonObject),
  details: Schema.optional(JsonObject),
  clientId: Schema.optional(ClientIdInput.check(Schema.isNonEmpty())),
  clientIdIn: Schema.optional(Schema.Literals(["metadata", "both"]))
}).annotate({ identifier: "SendOptions" })
export type SendOptions = Parameters.SendOptions
