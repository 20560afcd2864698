/**
 * Models with defaults for all fields, for tests that need only a few of them. Each function is named like its model, and
 * every field can be overridden.
 *
 * ```ts
 * import * as Fixtures from "@effect-signalwire/testing/Fixtures"
 *
 * // a message of subtype "chat" with an id, a time, a sender and so on
 * export const message = Fixtures.conversationMessage({ text: "hello" })
 * ```
 *
 * @since 0.1.0
 */
import * as AddressModel from "@effect-signalwire/schema/Address"
import * as ConversationModel from "@effect-signalwire/schema/Conversation"
import * as Event from "@effect-signalwire/schema/ConversationEvent"
import * as Message from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Join from "@effect-signalwire/schema/JoinConversationResponse"
import type * as Page from "@effect-signalwire/schema/Page"
import * as SubscriberModel from "@effect-signalwire/schema/Subscriber"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const addressId = AddressId.make("bbbbbbbb-0000-4000-8000-000000000002")
const ownAddressId = AddressId.make("aaaaaaaa-0000-4000-8000-000000000001")
const subscriberId = SubscriberId.make("c0ffee00-0000-4000-8000-000000000001")
const createdAt = DateTime.makeUnsafe(1735787045123)

const messageFields: Message.Fields = {
  id: MessageId.make("dddddddd-0000-4000-8000-000000000004"),
  conversationId: addressId,
  groupId: null,
  userId: subscriberId,
  addressId,
  fromAddressId: ownAddressId,
  epochSeconds: 1735790645.4561234,
  type: "message",
  subtype: "chat",
  kind: null,
  text: "lunch?",
  metadata: {},
  details: {},
  clientId: null
}

/** Makes a chat message. */
export const conversationMessage = (overrides: Partial<Message.Fields> = {}): Message.ConversationMessage =>
  new Message.ConversationMessage({ ...messageFields, ...overrides })

/** Makes a chat message that was received live. */
export const conversationEvent = (
  overrides: Partial<Message.Fields & Event.EventFields> = {}
): Event.ConversationEvent => {
  const fields = { ...messageFields, hidden: false, conversationName: "office", userName: "Ada", ...overrides }
  return new Event.ConversationEvent(fields, fields)
}

/** Makes the conversation that {@link conversationMessage} belongs to. */
export const conversation = (overrides: Partial<ConversationModel.Fields> = {}): ConversationModel.Conversation =>
  new ConversationModel.Conversation({
    id: addressId,
    addressId,
    groupId: null,
    fromAddressId: null,
    name: "office",
    metadata: {},
    createdAt,
    lastMessageAt: DateTime.makeUnsafe(1735790645456),
    ...overrides
  })

/** Makes the room that {@link conversation} is held in. */
export const address = (overrides: Partial<AddressModel.Fields> = {}): AddressModel.Address =>
  new AddressModel.Address({
    id: addressId,
    displayName: "office",
    name: "office",
    type: "room",
    resourceId: null,
    previewUrl: null,
    coverUrl: null,
    channels: { messaging: "/public/office?channel=messaging" },
    locked: false,
    createdAt,
    ...overrides
  })

/** Makes the subscriber who sent {@link conversationMessage}, with one address. */
export const subscriber = (overrides: Partial<SubscriberModel.Fields> = {}): SubscriberModel.Subscriber =>
  new SubscriberModel.Subscriber({
    id: subscriberId,
    email: "ada@example.com",
    firstName: "Ada",
    lastName: "Lovelace",
    displayName: "Ada",
    jobTitle: null,
    timeZone: null,
    country: null,
    region: null,
    companyName: null,
    pushNotificationKey: null,
    addresses: [
      address({
        id: ownAddressId,
        displayName: "Ada",
        name: "ada",
        type: "subscriber",
        channels: { messaging: "/private/ada?channel=messaging" }
      })
    ],
    ...overrides
  })

/** Makes the response to joining {@link conversation}. */
export const joinConversationResponse = (overrides: Partial<Join.Fields> = {}): Join.JoinConversationResponse =>
  new Join.JoinConversationResponse({
    conversationId: addressId,
    addressId,
    fromAddressId: null,
    groupId: null,
    ...overrides
  })

/** Makes the first page of a list of `items`; its `next` and `prev` return the other pages. */
export const page = <A>(items: ReadonlyArray<A>, pageSize = 50): Page.Page<A, never> => pageAt(items, pageSize, 0)

const pageAt = <A>(items: ReadonlyArray<A>, pageSize: number, index: number): Page.Page<A, never> => {
  const at = (index: number) => Effect.sync(() => pageAt(items, pageSize, index))
  const hasNext = (index + 1) * pageSize < items.length
  const hasPrev = index > 0
  return {
    data: items.slice(index * pageSize, (index + 1) * pageSize),
    hasNext,
    hasPrev,
    malformed: [],
    next: hasNext ? Effect.asSome(at(index + 1)) : Effect.succeed(Option.none()),
    prev: hasPrev ? Effect.asSome(at(index - 1)) : Effect.succeed(Option.none()),
    first: at(0),
    self: at(index)
  }
}
