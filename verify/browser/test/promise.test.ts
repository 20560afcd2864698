/** The Promise client in a page: every request and every socket is cross-origin. */
import { assert, describe, it } from "vitest"
import { admin, eventually, open, sandbox, sockets, texts } from "./support.ts"

const numbered = (count: number, name = "message"): Array<string> =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`)

describe("the Promise client in a browser", () => {
  it("runs in a page of another origin than the server's", () => {
    assert.strictEqual(document.visibilityState, "visible")
    assert.notStrictEqual(globalThis.location.origin, sandbox.http)
  })

  it("receives the messages of another client, and its own", async () => {
    await using world = await open()
    const [ada, grace] = await Promise.all([
      world.client({ token: world.ada.token }),
      world.client({ token: world.grace.token })
    ])
    const received: Array<string | null> = []
    await ada.conversation.subscribe(({ text }) => received.push(text))
    await grace.conversation.sendMessage({ addressId: world.addressId, text: "from grace", metadata: { mood: "good" } })
    await ada.conversation.sendMessage({ addressId: world.addressId, text: "from ada" })
    await eventually(() => assert.deepStrictEqual(received, ["from grace", "from ada"]))
    const stored = await grace.conversation.getConversationMessages({ addressId: world.addressId })
    assert.deepStrictEqual(stored.data.map(({ metadata, text }) => ({ metadata, text })), [
      { metadata: {}, text: "from ada" },
      { metadata: { mood: "good" }, text: "from grace" }
    ])
  })

  it("reads pages of history, forward and back", async () => {
    await using world = await open()
    const ada = await world.client({ token: world.ada.token })
    const all = numbered(25)
    await admin(({ seed }) => seed(all.map((text) => ({ from: world.ada.id, addressId: world.addressId, text }))))
    const first = await ada.conversation.getConversationMessages({ addressId: world.addressId, pageSize: 10 })
    const second = await first.nextPage()
    assert.deepStrictEqual(texts(second?.data ?? []), all.toReversed().slice(10, 20))
    assert.deepStrictEqual(texts((await second?.prevPage())?.data ?? []), texts(first.data))
    const seen: Array<string | null> = []
    for await (const { text } of first) seen.push(text)
    assert.deepStrictEqual(seen, all.toReversed())
  })

  it("receives each message once and in order, although its socket breaks repeatedly", async () => {
    await using world = await open()
    const ada = await world.client({
      token: world.ada.token,
      subscription: { backoff: { base: "10 millis", cap: "50 millis" } }
    })
    const received: Array<string | null> = []
    const timeline: Array<string | null> = []
    await ada.conversation.subscribe(({ text }) => received.push(text))
    const following = (async () => {
      for await (const event of ada.conversation.timeline({ addressId: world.addressId })) {
        if (event._tag === "Message") timeline.push(event.message.text)
      }
    })()
    const sent = numbered(60)
    for (const [index, text] of sent.entries()) {
      await admin(({ seed }) => seed([{ from: world.grace.id, addressId: world.addressId, text }]))
      if (index % 10 === 5) await admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    }
    await eventually(() => {
      assert.deepStrictEqual(received, sent)
      assert.deepStrictEqual(timeline, sent)
    })
    await ada.disconnect()
    await following
  })

  // the response never comes rather than being cut off, since Chromium repeats a request whose reused connection breaks
  it("stores a message once, although the response to its request never arrives", async () => {
    await using world = await open()
    const ada = await world.client({ token: world.ada.token, settle: "200 millis", http: { timeout: "1 second" } })
    await admin(({ setFaults }) =>
      setFaults([{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: world.ada.id },
        action: { type: "loseAnswer", never: true },
        times: 1
      }])
    )
    await ada.conversation.sendMessage({ addressId: world.addressId, text: "once" })
    assert.deepStrictEqual(texts(await admin(({ stored }) => stored(world.addressId))), ["once"])
  })

  it("continues with a new token, for requests and for the open socket", async () => {
    await using world = await open()
    const ada = await world.client({ token: world.ada.token })
    const received: Array<string | null> = []
    await ada.conversation.subscribe(({ text }) => received.push(text))
    const { token } = await admin(({ mintToken }) => mintToken({ subscriberId: world.ada.id }))
    await ada.updateToken(token)
    await admin(({ expireToken }) => expireToken(world.ada.token))
    await admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    await ada.conversation.sendMessage({ addressId: world.addressId, text: "with a new token" })
    await eventually(() => assert.deepStrictEqual(received, ["with a new token"]))
  })

  it("reports its connection state, and closes its socket when it disconnects", async () => {
    await using world = await open()
    const ada = await world.client({ token: world.ada.token })
    const states: Array<string> = []
    ada.connection.onChange(({ _tag }) => states.push(_tag))
    await ada.conversation.subscribe(() => {})
    await eventually(() => assert.strictEqual(states.at(-1), "Connected"))
    assert.strictEqual(await sockets(world.ada.id), 1)
    await ada.disconnect()
    assert.strictEqual(ada.connection.state._tag, "Closed")
    await eventually(async () => assert.strictEqual(await sockets(world.ada.id), 0))
  })

  it("fails with Unauthorized for a refused token, also across origins", async () => {
    await using world = await open()
    await admin(({ expireToken }) => expireToken(world.ada.token))
    const refused = await world.client({ token: world.ada.token }).then(() => undefined, (error: unknown) => error)
    assert.containSubset(refused, { _tag: "ConversationError", reason: { _tag: "Unauthorized" } })
  })
})
