/** A script that disconnects while its socket is still connecting, when its parent sends a message. */
import { SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"

const [http = "", ws = "", token = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws } })
const subscribing = client.conversation.subscribe(() => {}).catch(() => {})
await once(process, "message")
await client.disconnect()
await subscribing
// a timer would keep the process alive until it fires
process.send?.(process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length)
process.disconnect()
