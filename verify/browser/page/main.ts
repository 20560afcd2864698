/**
 * A page with a client: it shows the messages it receives and the state of its connection, and sends what is typed. The
 * query parameters contain the URLs of the service, the token, and optionally the name of a cursor.
 */
import { ConversationError, SignalWire } from "@effect-signalwire/promise"
import * as Durable from "./durable.ts"

const parameters = new URLSearchParams(location.search)
const parameter = (name: string): string => parameters.get(name) ?? ""

const connect = {
  token: parameter("token"),
  urls: { http: parameter("http"), ws: parameter("ws") }
}
const addressId = parameter("addressId")

const messages = document.querySelector("#messages")
const show = (text: string | null): void => {
  const item = document.createElement("li")
  item.textContent = text
  messages?.append(item)
}

const showTimeline = async (): Promise<void> => {
  // only a wake signal of the browser ends the wait for the next dial
  const client = await SignalWire({
    ...connect,
    sendDeadline: parameters.has("sendDeadline") ? Number(parameter("sendDeadline")) : undefined,
    subscription: { backoff: { base: "1000 days", cap: "1000 days" } }
  })
  client.connection.onChange(({ _tag }) => {
    const state = document.querySelector("#state")
    if (state !== null) state.textContent = _tag
  })
  document.forms[0]?.addEventListener("submit", (event) => {
    event.preventDefault()
    const input = document.querySelector("input")
    client.conversation.sendMessage({ addressId, text: input?.value ?? "" }).catch((error: unknown) => {
      const failure = document.querySelector("#failure")
      if (failure === null || !(error instanceof ConversationError)) throw error
      failure.textContent = `${error.reason._tag}, stored: ${error.stored}`
    })
  })
  for await (const event of client.conversation.timeline({ addressId })) {
    if (event._tag === "Message") show(event.message.text)
  }
}

await (parameters.has("cursor") ? Durable.subscribe({ ...connect, cursor: parameter("cursor"), show }) : showTimeline())
