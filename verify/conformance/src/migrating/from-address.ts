// before: from-address.ts
import { SignalWire } from "vendor-address"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] ?? "" })

const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id
await client.conversation.join({ addressId })

const everything = await client.conversation.subscribe((event) => console.log("event", event.subtype))
const chat = await client.chat.subscribe({
  addressId,
  onMessage: (message) => console.log("received", message.text)
})
await client.chat.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } })

const page = await client.conversation.getConversationMessages({ addressId, pageSize: 10 })
for (const message of page.data) console.log("stored", message.text, message.metadata)
if (page.hasNext) await page.nextPage()

await chat.unsubscribe()
await everything.unsubscribe()
await client.disconnect()
