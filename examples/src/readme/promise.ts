// file: promise.ts
import { SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] })

// an address to send to: a room, or another subscriber
const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id
await client.conversation.join({ addressId })

// live messages, each one once, through any number of reconnections
const subscription = await client.conversation.subscribe((message) => {
  console.log("received", message.text, message.metadata)
})
await client.conversation.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } })

// history, newest first, read in pages of 20; iterating over the first page continues with the following ones.
// `limit: 100` would end the list after 100 messages in all
const page = await client.conversation.getConversationMessages({ addressId, pageSize: 20 })
for await (const message of page) console.log("stored", message.text)

// history and live messages as one sequence, oldest first. It begins with the newest page of history;
// `since: 0` begins with the first message
for await (const event of client.conversation.timeline({ addressId, since: 0 })) {
  if (event._tag === "Message") console.log("timeline", event.message.text)
  if (event._tag === "CaughtUp") break
}

await subscription.unsubscribe()
await client.disconnect()
