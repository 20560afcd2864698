/** A typical script: after `disconnect`, or without a subscription, the client must not keep the process alive. */
import { SignalWire } from "@effect-signalwire/promise"

const [http = "", token = "", addressId = "", usage = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
if (usage !== "only-created") {
  await client.conversation.join({ addressId })
  await client.conversation.getConversations()
}
if (usage === "used") {
  await client.conversation.subscribe(() => {})
  client.connection.onChange(() => {})
  for await (const event of client.conversation.timeline({ addressId })) {
    if (event._tag === "CaughtUp") break
  }
  await client.conversation.sendMessage({ addressId, text: "bye" })
}
if (usage !== "never-subscribed") await client.disconnect()
process.send?.("disconnected")
process.disconnect()
