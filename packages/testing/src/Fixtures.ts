/**
 * Domain values with defaults for all fields, for tests that need only a few of them.
 *
 * @since 0.1.0
 */
import { Conversation } from "@effect-signalwire/schema/Conversation"
import { ConversationEvent, type EventFields } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage, type Fields } from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type * as Page from "@effect-signalwire/schema/Page"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const addressId = AddressId.make("bbbbbbbb-0000-4000-8000-000000000002")

const fields: Fields = {
  id: MessageId.make("dddddddd-0000-4000-8000-000000000004"),
  conversationId: addressId,
  groupId: null,
  userId: SubscriberId.make("c0ffee00-0000-4000-8000-000000000001"),
  addressId,
  fromAddressId: AddressId.make("aaaaaaaa-0000-4000-8000-000000000001"),
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
export const message = (overrides: Partial<Fields> = {}): ConversationMessage =>
  new ConversationMessage({ ...fields, ...overrides })

/** Makes the event of a chat message. */
export const event = (overrides: Partial<Fields & EventFields> = {}): ConversationEvent =>
  new ConversationEvent({ ...fields, ...overrides }, {
    hidden: overrides.hidden ?? false,
    conversationName: overrides.conversationName ?? "office-chat",
    userName: overrides.userName ?? "Ada"
  })

/** Makes the conversation that {@link message} belongs to. */
export const conversation = (overrides: { readonly name?: string } = {}): Conversation =>
  new Conversation({
    id: addressId,
    addressId,
    groupId: null,
    fromAddressId: null,
    name: overrides.name ?? "office-chat",
    metadata: {},
    createdAt: DateTime.makeUnsafe(1735787045123),
    lastMessageAt: DateTime.makeUnsafe(1735790645456)
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
