/** Listens, and when it is told to, disconnects; after that nothing may keep the process. */
import { SignalWire } from "@effect-signalwire/promise"

const [http = "", token = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
await client.conversation.subscribe(() => {})
process.once("message", () => {
  void client.disconnect().then(() => process.disconnect())
})
process.send?.("listening")
