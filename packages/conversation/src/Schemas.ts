/**
 * Effect schemas of what `Conversations` and the outbox emit and fail with. Those of the models and of the failure
 * reasons are in the package `@effect-signalwire/schema`.
 *
 * ```ts
 * import * as Schemas from "@effect-signalwire/conversation/Schemas"
 * import { AddressId } from "@effect-signalwire/schema/Ids"
 * import * as Rpc from "effect/rpc/Rpc"
 *
 * // streams a timeline from a server to its own clients
 * export const timeline = Rpc.make("timeline", {
 *   payload: { addressId: AddressId },
 *   success: Schemas.TimelineEvent,
 *   error: Schemas.ConversationError,
 *   stream: true
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as HttpSchemas from "@effect-signalwire/http/Schemas"
import * as ClassSchema from "@effect-signalwire/schema/ClassSchema"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as Models from "@effect-signalwire/schema/Schemas"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Errors from "./ConversationError.ts"
import type * as Options from "./internal/conversationsOptions.ts"
import * as Events from "./internal/outboxEvent.ts"
import type * as TimelineEvents from "./TimelineEvent.ts"

/** The failure of a method of `Conversations`. */
export const ConversationError = ClassSchema.makeTagged(Errors.ConversationError, {
  _tag: Schema.tag("ConversationError"),
  ...Models.errorFields,
  stored: Schema.optionalKey(Schema.Literals(["no", "unknown"]))
})
export type ConversationError = Errors.ConversationError

/** The options of `Conversations.sendMessage`. */
export const SendOptions = Schema.Struct({
  ...Struct.omit(HttpSchemas.SendOptions.fields, ["clientIdIn"]),
  isNew: Schema.optional(Schema.Boolean)
}).annotate({ identifier: "ConversationSendOptions" })
export type SendOptions = Options.SendOptions

/** A period of which messages may be missing that can't be recovered. */
export const Gap = Schema.TaggedStruct("Gap", {
  from: Schema.DateTimeUtc,
  to: Schema.NullOr(Schema.DateTimeUtc),
  reason: Schema.Literal("history-too-short")
}).annotate({ identifier: "Gap" })
export type Gap = TimelineEvents.Gap

/** An event of a timeline. */
export const TimelineEvent = Schema.Union([
  Schema.TaggedStruct("Message", { message: Models.ConversationMessage, late: Schema.Boolean }),
  Schema.TaggedStruct("CaughtUp", { through: Schema.NullOr(Schema.DateTimeUtc) }),
  Gap
]).annotate({ identifier: "TimelineEvent" })
export type TimelineEvent = TimelineEvents.TimelineEvent

/** A message in the queue of an outbox. */
export const OutboxEntry = Events.Entry.annotate({ identifier: "OutboxEntry" })
export type OutboxEntry = Events.Entry

/** The outcome of a message of an outbox. */
export const OutboxEvent = Schema.Union([
  Schema.TaggedStruct("Sent", { clientId: ClientId, entry: OutboxEntry }),
  Schema.TaggedStruct("Failed", { clientId: ClientId, entry: OutboxEntry, error: ConversationError })
]).annotate({ identifier: "OutboxEvent" })
export type OutboxEvent = Events.OutboxEvent
