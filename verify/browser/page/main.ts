/**
 * A client as a page: it shows what it hears and how its connection stands, and sends what is typed. Its address says
 * where the service is, and whether it goes on where it stood before a reload.
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

const heard = document.querySelector("#heard")
const show = (text: string | null): void => {
  const item = document.createElement("li")
  item.textContent = text
  heard?.append(item)
}

const follow = async (): Promise<void> => {
  // only a hint of the browser's ends the wait for the next dial
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

await (parameters.has("cursor") ? Durable.follow({ ...connect, cursor: parameter("cursor"), show }) : follow())
