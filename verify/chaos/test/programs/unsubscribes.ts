/**
 * Subscribes, unsubscribes at the first message, and disconnects on a message of its parent. Then nothing may keep the
 * process from ending.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"

const [http = "", token = "", addressId = ""] = process.argv.slice(2)
const report = (event: string): void => void process.send?.(event)

const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
let onReceived = () => {}
const received = new Promise<void>((resolve) => {
  onReceived = resolve
})
const subscription = await client.conversation.subscribe(({ text }) => {
  report(`received ${text}`)
  onReceived()
})
const disconnectRequested = once(process, "message")
report("subscribed")
await received
await subscription.unsubscribe()
report("unsubscribed")
await disconnectRequested
await client.conversation.getConversationMessages({ addressId })
await client.disconnect()
report("disconnected")
process.disconnect()
