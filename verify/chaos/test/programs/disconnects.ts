/** Subscribes, and disconnects on a message of its parent. Then nothing may keep the process from ending. */
import { SignalWire } from "@effect-signalwire/promise"

const [http = "", token = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
await client.conversation.subscribe(() => {})
process.once("message", () => {
  void client.disconnect().then(() => process.disconnect())
})
process.send?.("subscribed")
