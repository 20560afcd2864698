/** A script as users write it: after `disconnect`, or without a subscription, nothing may keep the process. */
import { SignalWire } from "@effect-signalwire/promise"

const [http = "", token = "", addressId = "", how = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
if (how !== "only-made") {
  await client.conversation.join({ addressId })
  await client.conversation.getConversations()
}
if (how === "used") {
  await client.conversation.subscribe(() => {})
  client.connection.onChange(() => {})
  for await (const event of client.conversation.timeline({ addressId })) {
    if (event._tag === "CaughtUp") break
  }
  await client.conversation.sendMessage({ addressId, text: "bye" })
}
if (how !== "never-subscribed") await client.disconnect()
process.send?.("disconnected")
process.disconnect()
