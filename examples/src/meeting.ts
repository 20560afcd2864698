/**
 * A tour of the client: two subscribers meet in a room of a local sandbox, exchange messages with metadata and details,
 * and read them as pages, as a stream and as a timeline. In between, one socket is cut, and no message is lost.
 *
 * If `SIGNALWIRE_TOKEN` is set (and a host, if the token names none), it reads from the real service instead, and
 * changes nothing there.
 */
import {
  type ConversationEvent,
  type ConversationMessage,
  SignalWire,
  type SignalWireClient
} from "@effect-signalwire/promise"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { setTimeout as sleep } from "node:timers/promises"
import { bold, cyan, dim, green, heading, inline, print, red, row } from "./support/transcript.ts"

const line = (who: string, { details, metadata, text }: ConversationMessage): string =>
  `  ${cyan(who.padEnd(6))} ${text ?? ""}${inline("metadata", metadata)}${inline("details", details)}`

/** Waits until a condition is true, for at most ten seconds. */
const waitFor = async (description: string, condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${description}`)
    await sleep(5)
  }
}

const post = async (url: string, body: object): Promise<void> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  if (!response.ok) throw new Error(`${url} returned ${response.status}`)
}

const meeting = async (): Promise<boolean> => {
  await using sandbox = await SandboxProcess.start()
  const { admin, http, rooms: [office], subscribers: [ada, grace] } = sandbox.info
  if (ada === undefined || grace === undefined || office === undefined) {
    throw new Error("the sandbox has no subscribers or rooms")
  }

  heading("A meeting")
  row("sandbox", `${http} ${dim(`(in process ${sandbox.pid})`)}`)
  row("subscribers", `${ada.name} and ${grace.name}`)
  row("room", `${office.name} ${dim(office.addressId)}`)

  await using adaClient = await SignalWire({ token: ada.token })
  await using graceClient = await SignalWire({ token: grace.token })
  const { addressId } = office

  heading("Both join the room")
  for (const [name, client] of [[ada.name, adaClient], [grace.name, graceClient]] as const) {
    const { conversation_id } = await client.conversation.join({ addressId })
    print(`  ${cyan(name.padEnd(6))} joined ${dim(conversation_id)}`)
  }

  heading("Ada subscribes, Grace sends")
  const received: Array<ConversationEvent> = []
  await adaClient.conversation.subscribe((message) => {
    received.push(message)
    print(`  ${dim(`${ada.name} received: ${message.text}`)}`)
  })
  const connections: Array<string> = []
  adaClient.connection.onChange((state) => {
    connections.push(state._tag)
    if (state._tag === "Reconnecting" && state.delayMillis) {
      print(dim(`  ${ada.name}'s socket: ${state.reason.message}; next attempt within ${state.delayMillis} ms`))
    }
    if (state._tag === "Connected" && connections.includes("Reconnecting")) {
      print(dim(`  ${ada.name} is connected again`))
    }
  })

  const sent: Array<string> = []
  const send = async (text: string, extra: { metadata?: object; details?: object } = {}): Promise<void> => {
    sent.push(text)
    print(`  ${cyan(grace.name.padEnd(6))} ${text}${inline("metadata", extra.metadata ?? {})}`)
    await graceClient.conversation.sendMessage({
      addressId,
      text,
      metadata: { ...extra.metadata },
      details: { ...extra.details }
    })
  }
  await send("Good morning!", { metadata: { mood: "cheerful" } })
  await send("Here is the agenda.", { details: { card: { title: "Agenda", items: ["budget", "lunch"] } } })
  await waitFor("the first two messages", () => received.length === 2)

  heading("Ada's socket is cut")
  await post(`${admin}/sessions/drop`, { subscriberId: ada.id })
  await waitFor("Ada to lose her connection", () => adaClient.connection.state._tag !== "Connected")
  await send("Are you still there?")
  await send("I'll go on, you can read it later.")
  await waitFor("Ada to reconnect", () => adaClient.connection.state._tag === "Connected")
  await send("There you are!")
  await waitFor("all messages", () => received.length >= sent.length)

  heading("History, newest first, three messages per page")
  let page = await adaClient.conversation.getConversationMessages({ addressId, pageSize: 3 })
  const paged: Array<ConversationMessage> = [...page.data]
  for (let number = 1;; number++) {
    print(`  page ${number}`)
    for (const message of page.data) print(`  ${line(grace.name, message)}`)
    const next = await page.nextPage()
    if (next === undefined) break
    page = next
    paged.push(...page.data)
  }

  heading("History as a stream")
  const streamed: Array<string | null> = []
  for await (const { text } of await graceClient.conversation.getMessages({ pageSize: 2 })) streamed.push(text)
  print(`  ${streamed.map((text) => JSON.stringify(text)).join(dim(" ‹ "))}`)

  heading("Timeline, oldest first")
  const timeline: Array<string | null> = []
  for await (const event of adaClient.conversation.timeline({ addressId })) {
    if (event._tag === "CaughtUp") break
    if (event._tag === "Message") {
      timeline.push(event.message.text)
      print(line(grace.name, event.message))
    }
  }

  const conversations = await adaClient.conversation.getConversations()
  heading("Ada's conversations")
  for (const { id, name, last_message_at } of conversations.data) {
    print(`  ${name} ${dim(`${id}, last message ${new Date(last_message_at).toISOString()}`)}`)
  }

  heading("Summary")
  const receivedTexts = received.map(({ text }) => text)
  const missing = sent.filter((text) => !receivedTexts.includes(text))
  const repeated = receivedTexts.length - new Set(receivedTexts).size
  const inOrder = JSON.stringify(receivedTexts) === JSON.stringify(sent)
  const first = paged.at(-1)
  const checks = {
    [`${sent.length} sent, ${received.length} received, ${missing.length} missing, ${repeated} repeated`]:
      missing.length === 0 && repeated === 0,
    "messages arrived in the order in which they were sent": inOrder,
    "metadata and details arrived": received[0]?.metadata["mood"] === "cheerful" &&
      first?.metadata["mood"] === "cheerful" && received[1]?.details["card"] !== undefined,
    "pages, stream and timeline have the same messages": [
      paged.map(({ text }) => text),
      streamed,
      timeline.toReversed()
    ]
      .every((texts) => JSON.stringify(texts) === JSON.stringify(sent.toReversed())),
    "the socket was cut and replaced": connections.includes("Reconnecting")
  }
  for (const [text, isTrue] of Object.entries(checks)) print(`  ${isTrue ? green("✓") : red("✗")} ${text}`)
  return Object.values(checks).every(Boolean)
}

/** Reads conversations and messages, and changes nothing. */
const readOnly = async (client: SignalWireClient): Promise<void> => {
  heading("The real service (read only)")
  const conversations = await client.conversation.getConversations({ pageSize: 10 })
  row("conversations", String(conversations.data.length) + (conversations.hasNext ? "+" : ""))
  for (const { id, last_message_at, name } of conversations.data) {
    print(`  ${bold(name)} ${dim(`${id}, last message ${new Date(last_message_at).toISOString()}`)}`)
  }
  heading("The newest messages of all conversations")
  const messages = await client.conversation.getMessages({ limit: 10 })
  for (const message of messages.data) print(line(message.subtype ?? "", message))
}

try {
  if (process.env["SIGNALWIRE_TOKEN"] === undefined) {
    process.exitCode = await meeting() ? 0 : 1
  } else {
    await using client = await SignalWire()
    await readOnly(client)
  }
} catch (error) {
  print(red(`\n${error instanceof Error ? error.message : String(error)}`))
  if (error instanceof Error && "remediation" in error) print(String(error.remediation))
  process.exitCode = 1
}
