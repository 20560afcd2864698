/** A script with a failing call that is not caught. */
import { SignalWire } from "@effect-signalwire/promise"

const [http = "", token = ""] = process.argv.slice(2)
const client = await SignalWire({ token, urls: { http, ws: http.replace("http", "ws") } })

const joinUnknownAddress = async () => {
  await client.conversation.join({ addressId: "00000000-0000-4000-8000-00000000dead" })
}

await joinUnknownAddress()
