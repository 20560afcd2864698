import { type Timeline, useSendMessage, useTimeline } from "@effect-signalwire/react"
import { assert, describe, it } from "vitest"
import { eventually, numbered, openSandbox, type Rendered, texts, withText } from "./support.ts"

type TestSandbox = Awaited<ReturnType<typeof openSandbox>>
type Chat = Timeline & ReturnType<typeof useSendMessage>

const renderChat = async (sandbox: TestSandbox, options?: Parameters<TestSandbox["render"]>[1]) => {
  const rendered = sandbox.render(
    (): Chat => ({ ...useTimeline(sandbox.addressId), ...useSendMessage(sandbox.addressId) }),
    options
  )
  await eventually(() => assert.strictEqual(rendered.current().status, "live"))
  return rendered
}

/** Asserts that a message appears in every render after it was sent, once and with the same key. */
const assertStable = ({ results }: Rendered<Chat>, text: string) => {
  const first = results.findIndex((result) => withText(result, text).length > 0)
  assert.isAtLeast(first, 0)
  const seen = results.slice(first).map((result) => withText(result, text).map(({ key }) => key))
  assert.deepStrictEqual(seen, seen.map(() => seen[0] ?? []))
  assert.strictEqual(seen[0]?.length, 1)
}

/** The statuses of a message in the order in which they were rendered. */
const statusesOf = ({ results }: Rendered<Chat>, text: string): ReadonlyArray<string> =>
  results.flatMap((result) => withText(result, text).map(({ status }) => status)).filter((status, index, all) =>
    status !== all[index - 1]
  )

const isSend = (input: RequestInfo | URL, init: RequestInit | undefined): boolean =>
  init?.method === "POST" && new Request(input).url.endsWith("/messages")

describe("useSendMessage", () => {
  it("P4.8: sends and shows a message as it was when send was called, even if its objects change", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    const metadata = { tone: "casual" }
    rendered.current().send("hello", { metadata })
    metadata.tone = "changed"
    await eventually(() => assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored"))
    for (const result of rendered.results) {
      for (const shown of withText(result, "hello")) assert.deepStrictEqual(shown.metadata, { tone: "casual" })
    }
  })

  it("shows a message at once, and once, when it arrives before the response of its request", async () => {
    await using sandbox = await openSandbox()
    let releaseResponse = () => {}
    const released = new Promise<void>((resolve) => {
      releaseResponse = resolve
    })
    const rendered = await renderChat(sandbox, {
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (isSend(input, init)) await released
        return response
      }
    })
    const clientId = rendered.current().send("hello", { metadata: { tone: "casual" } })
    await eventually(() => assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored"))
    releaseResponse()
    await eventually(() => assert.isEmpty(rendered.current().outgoing))
    await sandbox.seed(sandbox.grace.id, ["later"])
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "later"]))
    assert.deepStrictEqual(statusesOf(rendered, "hello"), ["sending", "stored"])
    assertStable(rendered, "hello")
    const [message] = rendered.current().messages
    assert.deepStrictEqual([message?.key, message?.metadata], [clientId, { tone: "casual" }])
  })

  it("shows a message at once, and once, when it arrives after the response of its request", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    await sandbox.setFaults({
      match: { on: "frame", direction: "out", eventType: "conversation.*" },
      action: { type: "delay", millis: 300 }
    })
    rendered.current().send("hello")
    await eventually(() => assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored"))
    assert.deepStrictEqual(statusesOf(rendered, "hello"), ["sending", "sent", "stored"])
    assertStable(rendered, "hello")
  })

  it("P2.3: shows a message once that the server stored twice, live and from history", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    await sandbox.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "duplicate" },
      times: 1
    })
    const clientId = rendered.current().send("hello")
    await eventually(() => assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored"))
    await sandbox.drop(sandbox.ada.id)
    await sandbox.seed(sandbox.grace.id, ["later"])
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "later"]))
    assertStable(rendered, "hello")
    assert.strictEqual(rendered.current().messages[0]?.key, clientId)
  })

  it("gives two messages different keys when another sender uses the same client id", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    const clientId = rendered.current().send("hello")
    await eventually(() => assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored"))
    const { addressId, grace } = sandbox
    await sandbox.admin("POST", "/messages", {
      messages: [{ from: grace.id, addressId, text: "mine", metadata: { effect_signalwire_id: clientId } }]
    })
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), ["hello", "mine"]))
    const keys = rendered.current().messages.map(({ key }) => key)
    assert.strictEqual(new Set(keys).size, 2)
  })

  it("shows a message once when the server does not keep client ids", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox, {
      fetch: (input, init) => fetch(input, isSend(input, init) ? { ...init, body: withoutMetadata(init?.body) } : init)
    })
    rendered.current().send("hello")
    await eventually(() => {
      assert.strictEqual(withText(rendered.current(), "hello")[0]?.status, "stored")
      assert.isEmpty(rendered.current().outgoing)
    })
    assert.deepStrictEqual(texts(rendered.current()), ["hello"])
  })

  it("keeps the order in which messages were sent", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    const sent = ["one", "two", "three", "four", "five"]
    for (const text of sent) rendered.current().send(text)
    await eventually(() => assert.isTrue(rendered.current().messages.every(({ status }) => status === "stored")))
    await eventually(() => assert.deepStrictEqual(texts(rendered.current()), sent))
    for (const text of sent) assertStable(rendered, text)
  })

  it("returns to the newest messages when one is sent while they are not in memory", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.grace.id, numbered(200))
    const { current } = sandbox.render(() => ({
      ...useTimeline(sandbox.addressId, { capacity: 120 }),
      ...useSendMessage(sandbox.addressId)
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

  it("keeps a failed message until it is sent again or discarded", async () => {
    await using sandbox = await openSandbox()
    const rendered = await renderChat(sandbox)
    await sandbox.setFaults({
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
    await eventually(() => assert.strictEqual(withText(rendered.current(), "again")[0]?.status, "stored"))
    assertStable(rendered, "again")
  })

  it("continues sending when the component unmounts, and keeps failed messages for when it mounts again", async () => {
    await using sandbox = await openSandbox()
    let addressId: string | null = sandbox.addressId
    const rendered = sandbox.render(() => ({ ...useTimeline(addressId), ...useSendMessage(addressId) }))
    await eventually(() => assert.strictEqual(rendered.current().status, "live"))
    await sandbox.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 422 },
      times: 1
    })
    rendered.current().send("failing")
    rendered.current().send("arriving")
    addressId = null
    rendered.rerender()
    await eventually(async () =>
      assert.include(JSON.stringify(await sandbox.admin("GET", `/messages?addressId=${sandbox.addressId}`)), "arriving")
    )
    addressId = sandbox.addressId
    rendered.rerender()
    await eventually(() => {
      assert.deepStrictEqual(rendered.current().messages.map(({ status, text }) => [status, text]), [
        ["stored", "arriving"],
        ["failed", "failing"]
      ])
    })
  })

  it("stops showing a sent message when the timeline that would show its stored copy stops", async () => {
    await using sandbox = await openSandbox()
    await sandbox.setFaults({
      match: { on: "frame", direction: "out", eventType: "conversation.*" },
      action: { type: "drop" }
    })
    let addressId: string | null = sandbox.addressId
    const rendered = sandbox.render(() => ({
      ...useTimeline(addressId, { keepAlive: 0 }),
      ...useSendMessage(sandbox.addressId)
    }))
    const statuses = () => rendered.current().outgoing.map(({ status }) => status)
    await eventually(() => assert.strictEqual(rendered.current().status, "live"))
    rendered.current().send("hello")
    await eventually(() => assert.deepStrictEqual(statuses(), ["sent"]))
    addressId = null
    rendered.rerender()
    await eventually(() => assert.deepStrictEqual(statuses(), []))
    rendered.current().send("without a timeline")
    assert.deepStrictEqual(statuses(), [])
    await eventually(async () =>
      assert.include(JSON.stringify(await sandbox.admin("GET", "/messages")), "without a timeline")
    )
    await eventually(() => assert.deepStrictEqual(statuses(), []))
  })

  const circular: { self?: unknown } = {}
  circular.self = circular

  it.each<[string, string, Parameters<Chat["send"]>[1], string]>([
    ["no text", "", undefined, "text"],
    ["metadata that can't be written as JSON", "hello", { metadata: circular }, "metadata.self"],
    ["details that can't be written as JSON", "hello", { details: { count: 1n } }, "details.count"]
  ])("P9.2: throws for a message with %s, which is never shown", async (_, text, options, attribute) => {
    await using sandbox = await openSandbox()
    const { results, current } = await renderChat(sandbox)
    assertInvalid(() => current().send(text, options), attribute)
    current().send("after")
    await eventually(() => assert.strictEqual(current().messages.at(-1)?.status, "stored"))
    assert.isEmpty(results.filter(({ messages }) => messages.some((message) => message.text !== "after")))
  })

  it("P9.2: throws for a message without an address", async () => {
    await using sandbox = await openSandbox()
    const { current } = sandbox.render(() => useSendMessage(null))
    await eventually(() => assert.deepStrictEqual(current().outgoing, []))
    assertInvalid(() => current().send("hello"), "addressId")
  })

  it("does not trim spaces", async () => {
    await using sandbox = await openSandbox()
    const { current } = await renderChat(sandbox)
    current().send("  ")
    await eventually(() =>
      assert.deepStrictEqual(current().messages.map(({ status, text }) => [status, text]), [["stored", "  "]])
    )
  })

  it("P4.1: searches history before a message is sent again, but not before it is sent the first time", async () => {
    await using sandbox = await openSandbox()
    const requests: Array<string> = []
    const { current } = await renderChat(sandbox, {
      fetch: (input, init) => {
        requests.push(isSend(input, init) ? "send" : "search")
        return fetch(input, init)
      }
    })
    current().send("first")
    await eventually(() => assert.strictEqual(withText(current(), "first")[0]?.status, "stored"))
    await sandbox.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 422 },
      times: 1
    })
    requests.length = 0
    current().send("again")
    await eventually(() => assert.strictEqual(withText(current(), "again")[0]?.status, "failed"))
    assert.deepStrictEqual(requests, ["send"])
    current().outgoing[0]?.retry()
    await eventually(() => assert.strictEqual(withText(current(), "again")[0]?.status, "stored"))
    assert.deepStrictEqual([...new Set(requests.slice(1))], ["search", "send"])
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

/** The body of a send without metadata, as a server stores it that does not keep client ids. */
const withoutMetadata = (body: RequestInit["body"]): string => {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : typeof body === "string" ? body : "{}"
  return JSON.stringify({ ...JSON.parse(text), metadata: {} })
}
