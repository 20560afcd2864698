/** Subscribes, ends that at the first message, and disconnects when it is told to. Nothing may keep it then. */
import { SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"

const [http = "", token = "", addressId = ""] = process.argv.slice(2)
const say = (what: string): void => void process.send?.(what)

const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })
let hear = () => {}
const heard = new Promise<void>((resolve) => {
  hear = resolve
})
const subscription = await client.conversation.subscribe(({ text }) => {
  say(`heard ${text}`)
  hear()
})
const told = once(process, "message")
say("subscribed")
await heard
await subscription.unsubscribe()
say("unsubscribed")
await told
await client.conversation.getConversationMessages({ addressId })
await client.disconnect()
say("disconnected")
process.disconnect()
