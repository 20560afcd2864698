// file: documented.ts
import { SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] ?? "" })

const { data: [office] } = await client.address.getAddresses({ type: "room" })
const addressId = office?.id ?? ""

await client.conversation.join({ addressId })
await client.conversation.subscribe((conversationMessage) => {
  console.log("New message received!", conversationMessage)
  // Add conversationMessage to the UI
})
await client.conversation.sendMessage({
  addressId,
  text: "Hello from SignalWire!"
})

const conversations = await client.conversation.getConversations()
console.log("conversations", conversations.data, conversations.hasNext, conversations.hasPrev)

const lastHour = { limit: 20, since: Math.floor(Date.now() / 1000) - 3600 }
const messages = await client.conversation.getConversationMessages({ addressId, ...lastHour })
console.log("messages", messages.data)
console.log("of all conversations", (await client.conversation.getMessages(lastHour)).data.length)

await client.disconnect()
