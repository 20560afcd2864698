import { type Timeline, useSendMessage, useTimeline } from "@effect-signalwire/react"
import { assert, describe, it } from "vitest"
import { eventually, numbered, open, type Rendered, saying, texts } from "./support.ts"

type World = Awaited<ReturnType<typeof open>>
type Chat = Timeline & ReturnType<typeof useSendMessage>

const chat = async (world: World, options?: Parameters<World["render"]>[1]) => {
  const rendered = world.render(
    (): Chat => ({ ...useTimeline(world.addressId), ...useSendMessage(world.addressId) }),
    options
  )
  await eventually(() => assert.strictEqual(rendered.current().status, "live"))
  return rendered
}

/** From when it is sent, a message is on every picture, once, and to React it is the same all the time. */
const assertSteady = ({ answers }: Rendered<Chat>, text: string) => {
  const first = answers.findIndex((answer) => saying(answer, text).length > 0)
  assert.isAtLeast(first, 0)
  const seen = answers.slice(first).map((answer) => saying(answer, text).map(({ key }) => key))
  assert.deepStrictEqual(seen, seen.map(() => seen[0] ?? []))
  assert.strictEqual(seen[0]?.length, 1)
}

/** How a message was seen to stand, one after the other. */
const standings = ({ answers }: Rendered<Chat>, text: string): ReadonlyArray<string> =>
  answers.flatMap((answer) => saying(answer, text).map(({ status }) => status)).filter((status, index, all) =>
    status !== all[index - 1]
  )

const isSend = (input: RequestInfo | URL, init: RequestInit | undefined): boolean =>
  init?.method === "POST" && new Request(input).url.endsWith("/messages")

describe("useSendMessage", () => {
  it("P4.8: sends and shows a message as it was given, though its objects change", async () => {
    await using world = await open()
    const rendered = await chat(world)
    const metadata = { tone: "casual" }
    rendered.current().send("hello", { metadata })
    metadata.tone = "changed"
    await eventually(() => assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored"))
    for (const answer of rendered.answers) {
      for (const shown of saying(answer, "hello")) assert.deepStrictEqual(shown.metadata, { tone: "casual" })
    }
  })

  it("shows a message at once, and once, when it is heard before its request is answered", async () => {
    await using world = await open()
    let letAnswer = () => {}
    const answer = new Promise<void>((resolve) => {
      letAnswer = resolve
    })
    const rendered = await chat(world, {
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (isSend(input, init)) await answer
        return response
      }
    })
    const clientId = rendered.current().send("hello", { metadata: { tone: "casual" } })
    await eventually(() => assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored"))
    letAnswer()
    await eventually(() => assert.isEmpty(rendered.current().outgoing))
    await world.seed(world.grace.id, ["later"])
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "later"]))
    assert.deepStrictEqual(standings(rendered, "hello"), ["sending", "stored"])
    assertSteady(rendered, "hello")
    const [message] = rendered.current().messages
    assert.deepStrictEqual([message?.key, message?.metadata], [clientId, { tone: "casual" }])
  })

  it("shows a message at once, and once, when its request is answered before it is heard", async () => {
    await using world = await open()
    const rendered = await chat(world)
    await world.setFaults({
      match: { on: "frame", direction: "out", eventType: "conversation.*" },
      action: { type: "delay", millis: 300 }
    })
    rendered.current().send("hello")
    await eventually(() => assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored"))
    assert.deepStrictEqual(standings(rendered, "hello"), ["sending", "sent", "stored"])
    assertSteady(rendered, "hello")
  })

  it("P2.3: shows a message once that the server stored twice, now and when it is read again", async () => {
    await using world = await open()
    const rendered = await chat(world)
    await world.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "duplicate" },
      times: 1
    })
    const clientId = rendered.current().send("hello")
    await eventually(() => assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored"))
    await world.drop(world.ada.id)
    await world.seed(world.grace.id, ["later"])
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "later"]))
    assertSteady(rendered, "hello")
    assert.strictEqual(rendered.current().messages[0]?.key, clientId)
  })

  it("gives two messages two keys when somebody else sends one under the same client id", async () => {
    await using world = await open()
    const rendered = await chat(world)
    const clientId = rendered.current().send("hello")
    await eventually(() => assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored"))
    const { addressId, grace } = world
    await world.admin("POST", "/messages", {
      messages: [{ from: grace.id, addressId, text: "mine", metadata: { effect_signalwire_id: clientId } }]
    })
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "mine"]))
    const keys = rendered.current().messages.map(({ key }) => key)
    assert.strictEqual(new Set(keys).size, 2)
  })

  it("shows a message once where the server does not keep its client id", async () => {
    await using world = await open()
    const rendered = await chat(world, {
      fetch: (input, init) => fetch(input, isSend(input, init) ? { ...init, body: withoutMetadata(init?.body) } : init)
    })
    rendered.current().send("hello")
    await eventually(() => {
      assert.strictEqual(saying(rendered.current(), "hello")[0]?.status, "stored")
      assert.isEmpty(rendered.current().outgoing)
    })
    assert.deepStrictEqual(texts(rendered.current()), ["hello"])
  })

  it("keeps the order in which messages were sent", async () => {
    await using world = await open()
    const rendered = await chat(world)
    const sent = ["one", "two", "three", "four", "five"]
    for (const text of sent) rendered.current().send(text)
    await eventually(() => assert.isTrue(rendered.current().messages.every(({ status }) => status === "stored")))
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), sent))
    for (const text of sent) assertSteady(rendered, text)
  })

  it("goes back to the newest messages when one is sent from among old ones", async () => {
    await using world = await open()
    await world.seed(world.grace.id, numbered(200))
    const { current } = world.render(() => ({
      ...useTimeline(world.addressId, { capacity: 120 }),
      ...useSendMessage(world.addressId)
    }))
    await eventually(() => assert.strictEqual(current().status, "live"))
    await current().loadOlder()
    await eventually(() => assert.isTrue(current().hasNewer))
    current().send("hello")
    await eventually(() => {
      assert.deepStrictEqual(texts(current()).slice(-2), ["message 199", "hello"])
      assert.deepStrictEqual([current().hasNewer, current().messages.at(-1)?.status], [false, "stored"])
    })
  })

  it("keeps a message that failed, until it is sent again or discarded", async () => {
    await using world = await open()
    const rendered = await chat(world)
    await world.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 422 },
      times: 2
    })
    rendered.current().send("again")
    rendered.current().send("never")
    await eventually(() =>
      assert.deepStrictEqual(rendered.current().outgoing.map(({ status }) => status), ["failed", "failed"])
    )
    const [again, never] = rendered.current().outgoing
    assert.containSubset(again?.error, { _tag: "ConversationError", reason: { _tag: "Invalid" } })
    again?.retry()
    never?.discard()
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["again"]))
    await eventually(() => assert.strictEqual(saying(rendered.current(), "again")[0]?.status, "stored"))
    assertSteady(rendered, "again")
  })

  it("goes on sending when the component goes away, and keeps what failed for when it is back", async () => {
    await using world = await open()
    let addressId: string | null = world.addressId
    const rendered = world.render(() => ({ ...useTimeline(addressId), ...useSendMessage(addressId) }))
    await eventually(() => assert.strictEqual(rendered.current().status, "live"))
    await world.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 422 },
      times: 1
    })
    rendered.current().send("failing")
    rendered.current().send("arriving")
    addressId = null
    rendered.rerender()
    await eventually(async () =>
      assert.include(JSON.stringify(await world.admin("GET", `/messages?addressId=${world.addressId}`)), "arriving")
    )
    addressId = world.addressId
    rendered.rerender()
    await eventually(() => {
      assert.deepStrictEqual(rendered.current().messages.map(({ status, text }) => [status, text]), [
        ["stored", "arriving"],
        ["failed", "failing"]
      ])
    })
  })

  const circular: { self?: unknown } = {}
  circular.self = circular

  it.each<[string, string, Parameters<Chat["send"]>[1], string]>([
    ["no text", "", undefined, "text"],
    ["metadata that can't be written as JSON", "hello", { metadata: circular }, "metadata.self"],
    ["details that can't be written as JSON", "hello", { details: { count: 1n } }, "details.count"]
  ])("P9.2: refuses a message with %s, which is never shown", async (_, text, options, attribute) => {
    await using world = await open()
    const { answers, current } = await chat(world)
    assertInvalid(() => current().send(text, options), attribute)
    current().send("after")
    await eventually(() => assert.strictEqual(current().messages.at(-1)?.status, "stored"))
    assert.isEmpty(answers.filter(({ messages }) => messages.some((message) => message.text !== "after")))
  })

  it("P9.2: refuses a message to nobody", async () => {
    await using world = await open()
    const { current } = world.render(() => useSendMessage(null))
    await eventually(() => assert.deepStrictEqual(current().outgoing, []))
    assertInvalid(() => current().send("hello"), "addressId")
  })

  it("sends a text of spaces as it is", async () => {
    await using world = await open()
    const { current } = await chat(world)
    current().send("  ")
    await eventually(() =>
      assert.deepStrictEqual(current().messages.map(({ status, text }) => [status, text]), [["stored", "  "]])
    )
  })

  it("P4.1: looks for a message before it is sent again, and not before it is sent first", async () => {
    await using world = await open()
    const requests: Array<string> = []
    const { current } = await chat(world, {
      fetch: (input, init) => {
        requests.push(isSend(input, init) ? "send" : "look")
        return fetch(input, init)
      }
    })
    current().send("first")
    await eventually(() => assert.strictEqual(saying(current(), "first")[0]?.status, "stored"))
    await world.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 422 },
      times: 1
    })
    requests.length = 0
    current().send("again")
    await eventually(() => assert.strictEqual(saying(current(), "again")[0]?.status, "failed"))
    assert.deepStrictEqual(requests, ["send"])
    current().outgoing[0]?.retry()
    await eventually(() => assert.strictEqual(saying(current(), "again")[0]?.status, "stored"))
    assert.deepStrictEqual([...new Set(requests.slice(1))], ["look", "send"])
  })
})

const assertInvalid = (send: () => unknown, attribute: string) => {
  let thrown: unknown
  try {
    send()
  } catch (error) {
    thrown = error
  }
  assert.containSubset(thrown, {
    _tag: "ConversationError",
    method: "conversation.sendMessage",
    stored: "no",
    reason: { _tag: "Invalid", errors: [{ attribute }] }
  })
}

/** The body of a send without what goes along with the text: a server that does not keep it. */
const withoutMetadata = (body: RequestInit["body"]): string => {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : typeof body === "string" ? body : "{}"
  return JSON.stringify({ ...JSON.parse(text), metadata: {} })
}
