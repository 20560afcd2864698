/**
 * Effect schemas of what the subscription layer reports and fails with. Those of the events and of the failure reasons
 * are in the package `@effect-signalwire/schema`.
 *
 * ```ts
 * import * as Schemas from "@effect-signalwire/subscription/Schemas"
 * import * as Rpc from "effect/rpc/Rpc"
 *
 * // streams the state of a server's connection to its own clients
 * export const connection = Rpc.make("connection", {
 *   success: Schemas.ConnectionState,
 *   error: Schemas.SubscriptionError,
 *   stream: true
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as ClassSchema from "@effect-signalwire/schema/ClassSchema"
import * as Models from "@effect-signalwire/schema/Schemas"
import * as Schema from "effect/Schema"
import type * as States from "./ConnectionState.ts"
import * as Errors from "./SubscriptionError.ts"

/** The failure of a method of `Subscription`. */
export const SubscriptionError = ClassSchema.makeTagged(Errors.SubscriptionError, {
  _tag: Schema.tag("SubscriptionError"),
  ...Models.errorFields
})
export type SubscriptionError = Errors.SubscriptionError

/** The state of the connection. */
export const ConnectionState = Schema.Union([
  Schema.TaggedStruct("Idle", { reason: Schema.Null }),
  Schema.TaggedStruct("Connecting", { polling: Schema.Boolean, reason: Schema.Null }),
  Schema.TaggedStruct("Connected", {
    resumed: Schema.Boolean,
    catchingUp: Schema.Boolean,
    reason: Schema.NullOr(Models.Reason)
  }),
  Schema.TaggedStruct("Reconnecting", {
    attempt: Schema.Int,
    delayMillis: Schema.NullOr(Schema.Finite),
    polling: Schema.Boolean,
    reason: Models.Reason
  }),
  Schema.TaggedStruct("Failed", { reason: Models.Reason }),
  Schema.TaggedStruct("Closed", { reason: Schema.Null })
]).annotate({ identifier: "ConnectionState" })
export type ConnectionState = States.ConnectionState
