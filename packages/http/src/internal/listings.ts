/**
 * The lists of the service: where each begins, and how its items are read.
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import { learn } from "./dialect.ts"
import * as Groups from "./groups.ts"
import type * as Inputs from "./inputs.ts"
import * as Learning from "./learning.ts"
import { follow, type Listing, read, type Source } from "./sheets.ts"
import * as Urls from "./urls.ts"

type Message = ConversationMessage.ConversationMessage

/** Reads a list of conversations or messages: unlike addresses, they tell the dialect. */
const telling = <A>(client: Client, method: string, decode: Decoder<A>): Source<A> => ({
  client,
  method,
  decode,
  prepare: (items) => {
    learn(client, items)
    return Groups.prepare(client, method, items)
  }
})

const addressOf = (client: Client): ConversationMessage.AddressOf => (groupId) => Groups.addressOf(client, groupId)

export const addresses = (client: Client, method: string, query: Inputs.Query): Listing<Address.Address> => {
  const source: Source<Address.Address> = {
    client,
    method,
    decode: Address.decode,
    prepare: (items) => Groups.prepare(client, method, items)
  }
  return {
    method,
    open: read(source, Urls.make(client.origin, ["addresses"], query)),
    follow: (walk, link) => follow(source, walk, link),
    idOf: ({ id }) => id
  }
}

export const conversations = (
  client: Client,
  method: string,
  query: Inputs.Query
): Listing<Conversation.Conversation> => {
  const address = addressOf(client)
  const source = telling(client, method, (input) => Conversation.decode(input, address))
  return {
    method,
    open: read(source, Urls.make(client.origin, ["conversations"], query)),
    follow: (walk, link) => follow(source, walk, link),
    idOf: ({ id }) => id,
    movedAt: ({ lastMessageAt }) => DateTime.toEpochMillis(lastMessageAt)
  }
}

const messageListing = (
  client: Client,
  method: string,
  selection: Inputs.Selection,
  open: (source: Source<Message>, query: Inputs.Query) => Listing<Message>["open"]
): Listing<Message> => {
  const address = addressOf(client)
  const source = telling(client, method, (input) => ConversationMessage.decode(input, address))
  return {
    method,
    open: open(source, selection.query),
    follow: (walk, link) => follow(source, walk, link),
    idOf: ({ id }) => id,
    bounds: {
      ...selection,
      timeOf: ({ epochSeconds }) => epochSeconds,
      openAt: (epochSeconds) => open(source, { ...selection.query, until: Math.ceil(epochSeconds) })
    }
  }
}

export const messages = (client: Client, method: string, selection: Inputs.Selection): Listing<Message> =>
  messageListing(
    client,
    method,
    selection,
    (source, query) => read(source, Urls.make(client.origin, ["messages"], query))
  )

export const messagesWith = (
  client: Client,
  method: string,
  { addressId, selection }: Inputs.ConversationSelection
): Listing<Message> =>
  messageListing(client, method, selection, (source, query) => {
    const readOf = (id: string) => read(source, Urls.make(client.origin, ["conversations", id, "messages"], query))
    return Effect.flatMap(Learning.settle(client, method, addressId), ({ dialect }) =>
      dialect === "group"
        ? Groups.within(client, method, addressId, ({ groupId }) => readOf(groupId))
        : readOf(addressId))
  })
