// file: from-v4.ts
import { SignalWire } from "@effect-signalwire/promise"

await using client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] ?? "" })

const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id

await client.conversation.sendMessage({ addressId, text: "Hello!" })
for await (const event of client.conversation.timeline({ addressId })) {
  // history, oldest first, and then live messages, until the loop ends
  if (event._tag === "Message") console.log("shown", event.message.text)
  if (event._tag === "CaughtUp") break
}
