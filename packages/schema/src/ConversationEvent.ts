/**
 * Conversation events: the messages that a subscription emits when they are stored.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Message from "./ConversationMessage.ts"
import type * as Dialect from "./Dialect.ts"
import { boolean, decoderWithFastPath, literals, nullish, string, struct, union } from "./internal/shape.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** The fields that an event adds to those of a message. Fields that the server does not send are `null`. */
export interface EventFields {
  /** Whether the message is meant to be hidden from users. */
  readonly hidden: boolean
  /** Display name of the conversation. */
  readonly conversationName: string | null
  /** Display name of the sender. */
  readonly userName: string | null
}

/**
 * A message that was received live. It is also a {@link Message.ConversationMessage}, so one handler can process both
 * history and live messages. Its schema is `Schemas.ConversationEvent`.
 */
export class ConversationEvent extends Message.ConversationMessage implements EventFields {
  readonly hidden: boolean
  readonly conversationName: string | null
  readonly userName: string | null

  constructor(message: Message.Fields, live: EventFields) {
    super(message)
    this.hidden = live.hidden
    this.conversationName = live.conversationName
    this.userName = live.userName
  }

  /**
   * Converts a message from history, which has no names and no `hidden`, to an event: the names are `null` and `hidden`
   * is `false`. An event is returned as it is.
   */
  static fromMessage(message: Message.ConversationMessage): ConversationEvent {
    return message instanceof ConversationEvent
      ? message
      : new ConversationEvent(message, { hidden: false, conversationName: null, userName: null })
  }
}

/** The wire format of an event's payload, in any dialect. Published samples have `hidden` as a string. */
export type Wire = typeof WireSchemas.ConversationEvent.Type

const shape = struct<Wire>({
  ...Message.wireFields,
  hidden: nullish(union(boolean, literals("true", "false"))),
  conversation_name: nullish(string),
  user_name: nullish(string)
})

const isNullishBoolean = (value: unknown): boolean =>
  typeof value === "boolean" || value === null || value === undefined

/** Whether a value certainly conforms to {@link Wire}. The fast path of {@link decode}. */
const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  isNullishBoolean(input["hidden"]) &&
  isNullishString(input["conversation_name"]) &&
  isNullishString(input["user_name"]) &&
  Message.isWire(input)

/** Converts the wire format of any dialect to an event; see {@link Message.fieldsFromWire}. */
export const fromWire = (
  wire: Wire,
  addressOf?: Message.AddressOf
): Result.Result<ConversationEvent, MalformedValue> => {
  const message = Message.fieldsFromWire(wire, addressOf)
  if (Result.isFailure(message)) return Result.fail(message.failure)
  return Result.succeed(
    new ConversationEvent(message.success, {
      hidden: wire.hidden === true || wire.hidden === "true",
      conversationName: wire.conversation_name ?? null,
      userName: wire.user_name ?? null
    })
  )
}

const decodeWire = decoderWithFastPath(shape, isWire)

/**
 * Decodes an event's payload from the wire format of any dialect. `addressOf` returns the address of a group, which the
 * group dialect does not include.
 */
export const decode = (
  input: unknown,
  addressOf?: Message.AddressOf
): Result.Result<ConversationEvent, MalformedValue> => {
  const wire = decodeWire(input)
  return Result.isFailure(wire) ? Result.fail(wire.failure) : fromWire(wire.success, addressOf)
}

/** Encodes an event's payload to the wire format of one dialect, or to that of all at once. */
export const encode = (event: ConversationEvent, form: Dialect.WireForm): Wire => ({
  ...Message.encode(event, form),
  hidden: event.hidden,
  conversation_name: event.conversationName,
  user_name: event.userName
})
