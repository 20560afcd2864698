/**
 * Sending a message.
 */
import * as Json from "@effect-signalwire/runtime/Json"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Effect from "effect/Effect"
import * as SendAttempt from "../SendAttempt.ts"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { withOptions } from "./call.ts"
import type { Client } from "./client.ts"
import * as DialectDetection from "./dialectDetection.ts"
import * as Groups from "./groups.ts"
import type { SendOptions, SendReceipt } from "./parameters.ts"
import * as Requests from "./request.ts"
import * as Validation from "./validation.ts"

const method = "sendMessage"

/** Posts a message; `fallback` is where it was sent to, for what the response does not say. */
const post = (
  client: Client,
  body: SendMessage.AddressRequest | SendMessage.GroupRequest,
  fallback: SendReceipt
): Effect.Effect<SendReceipt, SignalWireHttpError> =>
  Effect.map(
    Effect.flatMap(
      SendAttempt.SendAttempt,
      (sendAttempt) =>
        Requests.executeOnce(client, { method, request: Requests.post(client, ["messages"], body), sendAttempt })
    ),
    (response) => {
      const { conversationId, groupId } = SendMessage.conversationOf(response)
      return { conversationId: conversationId ?? fallback.conversationId, groupId: groupId ?? fallback.groupId }
    }
  )

/** The content of a message in either dialect, with the client id in it. */
const contentOf = (
  { clientId, details, metadata, text }: Validation.Message,
  clientIdIn: SendOptions["clientIdIn"]
): Pick<SendMessage.AddressRequest, "text" | "metadata" | "details"> => {
  const withClientId = (object: JsonObject | undefined) =>
    clientId === undefined ? object : ClientKey.put(object, clientId)
  const sentMetadata = withClientId(metadata)
  const sentDetails = clientIdIn === "both" ? withClientId(details) : details
  return {
    text,
    ...(sentMetadata === undefined ? undefined : { metadata: sentMetadata }),
    ...(sentDetails === undefined ? undefined : { details: sentDetails })
  }
}

export const sendMessage = (client: Client, given: SendOptions): Effect.Effect<SendReceipt, SignalWireHttpError> => {
  const options = Json.snapshotMessage(given)
  const send = withOptions(client, method, options, Validation.message, (message) => {
    const { addressId } = message
    const content = contentOf(message, options.clientIdIn)
    const postIn = (dialect: Dialect) =>
      dialect === "address"
        ? post(client, { conversation_id: addressId, ...content }, { conversationId: addressId, groupId: null })
        : Groups.withGroup(client, method, addressId, ({ fromAddressId, groupId }) =>
          post(
            client,
            {
              group_id: groupId,
              from_address_id: fromAddressId,
              from_fabric_address_id: fromAddressId,
              ...content
            },
            { conversationId: groupId, groupId }
          ))
    return client.dialect === undefined
      ? Effect.flatMap(DialectDetection.resolveDialect(client, method, addressId), ({ dialect }) => postIn(dialect))
      : postIn(client.dialect)
  })
  return Effect.flatMap(SendAttempt.SendAttempt, (sendAttempt) => {
    sendAttempt.mayBeStored = false
    return send
  })
}
