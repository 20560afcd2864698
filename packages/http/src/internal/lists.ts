/**
 * The lists of the service.
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import * as DialectDetection from "./dialectDetection.ts"
import * as Groups from "./groups.ts"
import type { ListRequest, ReadPage } from "./listRequest.ts"
import { followLink, read, type Source } from "./rawPage.ts"
import * as Urls from "./urls.ts"
import type * as Validation from "./validation.ts"

type Message = ConversationMessage.ConversationMessage

/** The source of a list of conversations or messages, whose items show the dialect. */
const dialectSource = <A>(client: Client, method: string, decode: Decoder<A>): Source<A> => ({
  client,
  method,
  decode,
  prepare: (items) => {
    DialectDetection.detectFromItems(client, items)
    return Groups.prepareDecoding(client, method, items)
  }
})

const addressOf = (client: Client): ConversationMessage.AddressOf => (groupId) => Groups.addressOf(client, groupId)

export const addresses = (client: Client, method: string, query: Urls.Query): ListRequest<Address.Address> => {
  const source: Source<Address.Address> = {
    client,
    method,
    decode: Address.decode,
    prepare: (items) => Groups.prepareDecoding(client, method, items)
  }
  return {
    method,
    readFirst: read(source, Urls.make(client.baseUrl, ["addresses"], query)),
    followLink: (traversal, link) => followLink(source, traversal, link),
    idOf: ({ id }) => id
  }
}

export const conversations = (
  client: Client,
  method: string,
  query: Urls.Query
): ListRequest<Conversation.Conversation> => {
  const address = addressOf(client)
  const source = dialectSource(client, method, (input) => Conversation.decode(input, address))
  return {
    method,
    readFirst: read(source, Urls.make(client.baseUrl, ["conversations"], query)),
    followLink: (traversal, link) => followLink(source, traversal, link),
    idOf: ({ id }) => id,
    movedAt: ({ lastMessageAt }) => DateTime.toEpochMillis(lastMessageAt)
  }
}

const messageList = (
  client: Client,
  method: string,
  selection: Validation.Selection,
  readFirst: (source: Source<Message>, query: Urls.Query) => ReadPage<Message>
): ListRequest<Message> => {
  const address = addressOf(client)
  const source = dialectSource(client, method, (input) => ConversationMessage.decode(input, address))
  return {
    method,
    readFirst: readFirst(source, selection.query),
    followLink: (traversal, link) => followLink(source, traversal, link),
    idOf: ({ id }) => id,
    bounds: {
      ...selection,
      timeOf: ({ epochSeconds }) => epochSeconds,
      readUntil: (epochSeconds) => readFirst(source, { ...selection.query, until: Math.ceil(epochSeconds) })
    }
  }
}

export const messages = (client: Client, method: string, selection: Validation.Selection): ListRequest<Message> =>
  messageList(
    client,
    method,
    selection,
    (source, query) => read(source, Urls.make(client.baseUrl, ["messages"], query))
  )

export const conversationMessages = (
  client: Client,
  method: string,
  { addressId, selection }: Validation.ConversationSelection
): ListRequest<Message> =>
  messageList(client, method, selection, (source, query) => {
    const readOf = (id: string) => read(source, Urls.make(client.baseUrl, ["conversations", id, "messages"], query))
    return Effect.flatMap(DialectDetection.resolveDialect(client, method, addressId), ({ dialect }) =>
      dialect === "group"
        ? Groups.withGroup(client, method, addressId, ({ groupId }) => readOf(groupId))
        : readOf(addressId))
  })
