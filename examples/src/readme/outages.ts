// file: outages.ts
import { ConversationError, SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({
  token: process.env["SIGNALWIRE_TOKEN"],
  // called when the token is refused or about to expire; returns null if there is no other token
  onRefreshToken: () => null
})
const { data: [room] } = await client.address.getAddresses({ type: "room" })
if (room === undefined) throw new Error("there is no room")
const addressId = room.id
await client.conversation.join({ addressId })

// a status line: called with the current state and with each change
const stop = client.connection.onChange((state) => {
  if (state._tag === "Connected" && !state.catchingUp) console.log("live")
  else if (state.reason !== null) console.log("waiting:", state.reason.message)
})

// waits until the server can be reached, for at most a minute
await client.conversation.subscribe((message) => console.log("received", message.text, message.client_id), {
  timeout: "1 minute",
  // a ConversationError, or whatever the callback threw
  onError: (error) => console.error(error instanceof Error ? error.message : error)
})

// a message with a client id of your own is stored once, however often you send it
const message = { addressId, text: "Your order is on its way", clientId: "order-7-shipped" }
try {
  await client.conversation.sendMessage(message)
} catch (error) {
  if (!(error instanceof ConversationError)) throw error
  console.log(error.message)
  if (error.stored === "no") console.log("it was not stored")
  else console.log("it may have been stored:", await client.conversation.findMessage(message))
}

// reconnects now, for example when the user presses a button
if (client.connection.state._tag === "Reconnecting") await client.reconnect()
// resolves when the client has a session
await client.connection.ready()

stop()
await client.disconnect()
