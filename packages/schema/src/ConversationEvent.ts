/**
 * A message as it happens: what a subscription yields.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Message from "./ConversationMessage.ts"
import type * as Dialect from "./Dialect.ts"
import { either, maybe, oneOf, quickDecoder, struct, text, truth } from "./internal/shape.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"

/** What an event adds to a message. Whatever a dialect does not tell is `null`. */
export interface Live {
  /** Whether the message is meant to be shown. */
  readonly hidden: boolean
  /** What the conversation is called; `null` where the server does not tell. */
  readonly conversationName: string | null
  /** Display name of the sender. */
  readonly userName: string | null
}

/** A message as it happens. It is a {@link Message.ConversationMessage}, so one handler serves history and live. */
export class ConversationEvent extends Message.ConversationMessage implements Live {
  readonly hidden: boolean
  readonly conversationName: string | null
  readonly userName: string | null

  constructor(message: Message.Fields, live: Live) {
    super(message)
    this.hidden = live.hidden
    this.conversationName = live.conversationName
    this.userName = live.userName
  }

  /** The event of a message that was read from history, where names and `hidden` are not told. */
  static fromMessage(message: Message.ConversationMessage): ConversationEvent {
    return message instanceof ConversationEvent
      ? message
      : new ConversationEvent(message, { hidden: false, conversationName: null, userName: null })
  }
}

/** An event's payload on the wire, in any dialect. Published samples write `hidden` as text. */
export type Wire = typeof Schemas.ConversationEvent.Type

const shape = struct<Wire>({
  ...Message.wireFields,
  hidden: maybe(either(truth, oneOf("true", "false"))),
  conversation_name: maybe(text),
  user_name: maybe(text)
})

const isHidden = (value: unknown): boolean => typeof value === "boolean" || value === null || value === undefined

/** Whether it is certainly what {@link Wire} describes. */
const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  isHidden(input["hidden"]) &&
  isNullishString(input["conversation_name"]) &&
  isNullishString(input["user_name"]) &&
  Message.isWire(input)

/** The event that is written so, whatever the dialect. */
export const normalise = (
  wire: Wire,
  addressOf?: Message.AddressOf
): Result.Result<ConversationEvent, MalformedValue> => {
  const message = Message.normalise(wire, addressOf)
  if (Result.isFailure(message)) return Result.fail(message.failure)
  return Result.succeed(
    new ConversationEvent(message.success, {
      hidden: wire.hidden === true || wire.hidden === "true",
      conversationName: wire.conversation_name ?? null,
      userName: wire.user_name ?? null
    })
  )
}

const decodeWire = quickDecoder(shape, isWire)

/** Reads an event's payload in whichever dialect it is written. */
export const decode = (
  input: unknown,
  addressOf?: Message.AddressOf
): Result.Result<ConversationEvent, MalformedValue> => {
  const wire = decodeWire(input)
  return Result.isFailure(wire) ? Result.fail(wire.failure) : normalise(wire.success, addressOf)
}

/** Writes an event's payload in a dialect, or with the keys of both. */
export const encode = (event: ConversationEvent, form: Dialect.WireForm): Wire => ({
  ...Message.encode(event, form),
  hidden: event.hidden,
  conversation_name: event.conversationName,
  user_name: event.userName
})
