/**
 * The values of models that survive the wire format. It can't express all of them: it has no address without a group, and
 * the unit of a time is recognised by its magnitude.
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Branded from "../Branded.ts"
import { Conversation, type Fields as ConversationFields } from "../Conversation.ts"
import { ConversationEvent } from "../ConversationEvent.ts"
import { ConversationMessage, type Fields as MessageFields } from "../ConversationMessage.ts"
import type { AddressId, ConversationId, GroupId } from "../Ids.ts"
import { type Fields as JoinFields, JoinConversationResponse } from "../JoinConversationResponse.ts"
import { dateTimeFromMillis, millisThreshold } from "../WireTime.ts"

/** Returns the schema of a model with an `Arbitrary` of the values that `toExpressible` returns. */
export const withArbitrary = <A, Iso>(model: Schema.declare<A, Iso>, toExpressible: (value: A) => A) =>
  model.annotate({
    toCodecArbitrary: () =>
      Schema.link<A>()(model, {
        decode: SchemaGetter.transform(toExpressible),
        encode: SchemaGetter.transform((value) => value)
      })
  })

/** The address of a conversation without a group is its id, so it is never unknown. */
const addressOf = (
  { addressId, groupId }: { readonly addressId: AddressId | null; readonly groupId: GroupId | null },
  conversationId: ConversationId
): AddressId | null => groupId === null ? addressId ?? Branded.addressId(conversationId) : addressId

/** The fields of a message whose seconds are not taken for milliseconds. */
const messageFields = <Message extends MessageFields>(message: Message) => ({
  ...message,
  addressId: addressOf(message, message.conversationId),
  epochSeconds: message.epochSeconds % millisThreshold
})

export const message = (message: ConversationMessage): ConversationMessage =>
  new ConversationMessage(messageFields(message))

export const event = (event: ConversationEvent): ConversationEvent => new ConversationEvent(messageFields(event), event)

/** A time whose milliseconds are not taken for seconds. */
const time = (time: DateTime.Utc): DateTime.Utc => {
  const millis = DateTime.toEpochMillis(time)
  return Math.abs(millis) < millisThreshold ? dateTimeFromMillis(millis + 2 * millisThreshold) : time
}

export const conversation = (conversation: ConversationFields): Conversation =>
  new Conversation({
    ...conversation,
    addressId: addressOf(conversation, conversation.id),
    createdAt: time(conversation.createdAt),
    lastMessageAt: time(conversation.lastMessageAt)
  })

/** The response to joining this address. */
export const joinOf = (addressId: AddressId) => (response: JoinFields): JoinConversationResponse =>
  new JoinConversationResponse({ ...response, addressId })
