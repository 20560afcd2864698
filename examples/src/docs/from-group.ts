// file: from-group.ts
import { SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] ?? "" })

const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id

await client.conversation.join({ addressId })
const chat = await client.chat.subscribe({
  addressId,
  onMessage: (message) => console.log("received", message.text)
})
await client.conversation.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } })

const page = await client.conversation.getConversationMessages({ addressId, pageSize: 10 })
for (const message of page.data) console.log("stored", message.text, message.conversation_id)

await chat.unsubscribe()
await client.disconnect()
