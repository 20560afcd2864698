// file: promise.ts
import { SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] })

// someone to talk to: a room, or the address of another subscriber
const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id
await client.conversation.join({ addressId })

// live, through any number of reconnections, each message once
const subscription = await client.conversation.subscribe((message) => {
  console.log("received", message.text, message.metadata)
})
await client.conversation.sendMessage({ addressId, text: "Hello!", metadata: { tone: "casual" } })

// history, newest first; iterating a page continues with the next ones
const page = await client.conversation.getConversationMessages({ addressId, limit: 20 })
for await (const message of page) console.log("stored", message.text)

// both as one sequence, oldest first
for await (const event of client.conversation.timeline({ addressId })) {
  if (event._tag === "Message") console.log("timeline", event.message.text)
  if (event._tag === "CaughtUp") break
}

await subscription.unsubscribe()
await client.disconnect()
