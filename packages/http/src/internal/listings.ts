/**
 * The lists of the service: where each begins, and how its items are read.
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type { AddressId } from "@effect-signalwire/schema/Ids"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Memory } from "./dialect.ts"
import type { Groups } from "./groups.ts"
import type * as Inputs from "./inputs.ts"
import type { Learning } from "./learning.ts"
import type { Requests } from "./request.ts"
import { type Listing, makeReader } from "./sheets.ts"
import * as Urls from "./urls.ts"

type Message = ConversationMessage.ConversationMessage

export interface Options {
  readonly origin: string
  readonly requests: Requests
  readonly memory: Memory
  readonly groups: Groups
  readonly learning: Learning
}

export interface Listings {
  readonly addresses: (method: string, query: Inputs.Query) => Listing<Address.Address>
  readonly conversations: (method: string, query: Inputs.Query) => Listing<Conversation.Conversation>
  readonly messages: (method: string, selection: Inputs.Selection) => Listing<Message>
  readonly messagesWith: (method: string, addressId: AddressId, selection: Inputs.Selection) => Listing<Message>
}

export const make = ({ groups, learning, memory, origin, requests }: Options): Listings => {
  const reader = makeReader({ requests, origin, prepare: groups.prepare })
  /** Reads conversations and messages: unlike addresses, they tell the dialect. */
  const tellingReader = makeReader({
    requests,
    origin,
    prepare: (method, items) => {
      memory.learn(items)
      return groups.prepare(method, items)
    }
  })

  const decodeConversation: Decoder<Conversation.Conversation> = (input) => Conversation.decode(input, groups.addressOf)
  const decodeMessage: Decoder<Message> = (input) => ConversationMessage.decode(input, groups.addressOf)

  const addresses = (method: string, query: Inputs.Query): Listing<Address.Address> => ({
    method,
    open: reader.read(method, Urls.make(origin, ["addresses"], query), Address.decode),
    follow: (link) => reader.follow(method, link, Address.decode),
    idOf: ({ id }) => id
  })

  const conversations = (method: string, query: Inputs.Query): Listing<Conversation.Conversation> => ({
    method,
    open: tellingReader.read(method, Urls.make(origin, ["conversations"], query), decodeConversation),
    follow: (link) => tellingReader.follow(method, link, decodeConversation),
    idOf: ({ id }) => id,
    movedAt: ({ lastMessageAt }) => DateTime.toEpochMillis(lastMessageAt)
  })

  const messageListing = (
    method: string,
    selection: Inputs.Selection,
    open: (query: Inputs.Query) => Listing<Message>["open"]
  ): Listing<Message> => ({
    method,
    open: open(selection.query),
    follow: (link) => tellingReader.follow(method, link, decodeMessage),
    idOf: ({ id }) => id,
    bounds: {
      ...selection,
      timeOf: ({ epochSeconds }) => epochSeconds,
      openAt: (epochSeconds) => open({ ...selection.query, until: Math.ceil(epochSeconds) })
    }
  })

  const messages = (method: string, selection: Inputs.Selection) =>
    messageListing(
      method,
      selection,
      (query) => tellingReader.read(method, Urls.make(origin, ["messages"], query), decodeMessage)
    )

  const messagesWith = (method: string, addressId: AddressId, selection: Inputs.Selection) =>
    messageListing(method, selection, (query) => {
      const read = (id: string) =>
        tellingReader.read(method, Urls.make(origin, ["conversations", id, "messages"], query), decodeMessage)
      return Effect.flatMap(learning.settle(method, addressId), ({ dialect }) =>
        dialect === "group"
          ? groups.within(method, addressId, ({ groupId }) => read(groupId))
          : read(addressId))
    })

  return { addresses, conversations, messages, messagesWith }
}
