import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { ConversationId, MessageId } from "@effect-signalwire/schema/Ids"

/** A message whose text is its id. */
export const message = (id: string, epochSeconds: number): ConversationMessage =>
  new ConversationMessage({
    id: MessageId.make(id),
    conversationId: ConversationId.make("c"),
    groupId: null,
    userId: null,
    addressId: null,
    fromAddressId: null,
    epochSeconds,
    type: "message",
    subtype: "chat",
    kind: null,
    text: id,
    metadata: {},
    details: {},
    clientId: null
  })

export const event = (id: string, epochSeconds: number): ConversationEvent =>
  ConversationEvent.fromMessage(message(id, epochSeconds))
