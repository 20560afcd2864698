import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fixtures from "../src/Fixtures.ts"

const { schema } = Arbitrary

it.effect.prop("every field of every fixture can be overridden", {
  address: schema(Schemas.Address),
  conversation: schema(Schemas.Conversation),
  conversationEvent: schema(Schemas.ConversationEvent),
  conversationMessage: schema(Schemas.ConversationMessage),
  joinConversationResponse: schema(Schemas.JoinConversationResponse),
  subscriber: schema(Schemas.Subscriber)
}, (models) =>
  Effect.sync(() => {
    assert.deepStrictEqual(
      {
        address: Fixtures.address(models.address),
        conversation: Fixtures.conversation(models.conversation),
        conversationEvent: Fixtures.conversationEvent(models.conversationEvent),
        conversationMessage: Fixtures.conversationMessage(models.conversationMessage),
        joinConversationResponse: Fixtures.joinConversationResponse(models.joinConversationResponse),
        subscriber: Fixtures.subscriber(models.subscriber)
      },
      models
    )
  }))

it("a subscriber's fixture has the address that the fixture of a message was sent from", () => {
  const { fromAddressId, userId } = Fixtures.conversationMessage()
  const { addresses: [own], id } = Fixtures.subscriber()
  assert.deepStrictEqual([own?.id, id], [fromAddressId, userId])
})
