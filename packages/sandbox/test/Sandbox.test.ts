import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { Client, fixtures, isPending, request, temporary } from "./support.ts"

const setFaults = (info: Sandbox.Info, ...rules: ReadonlyArray<object>) =>
  request(info, "PUT", "/_sandbox/faults", { body: { rules } })
const history = async (info: Sandbox.Info, token: string) =>
  (await request(info, "GET", "/api/fabric/messages", { token })).body.data

describe("a sandbox", () => {
  it("reports its URLs and subscribers, and is unreachable after it was stopped", async () => {
    const info = await Sandbox.start()
    const { ada } = fixtures(info)
    assert.match(info.http, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.deepStrictEqual((await request(info, "GET", "/_sandbox")).body.subscribers, info.subscribers)
    const client = await Client.open(info.ws)
    await client.connect(ada.token)
    await info.stop()
    assert.strictEqual(await client.closed, 1006)
    await info.stop()
    const isStopped = await request(info, "GET", "/_sandbox").then(() => false, () => true)
    assert.isTrue(isStopped)
  })
  it("stops although a request waits for its response", async () => {
    const info = await Sandbox.start()
    const { ada } = fixtures(info)
    const path = "/api/fabric/addresses"
    await setFaults(info, { match: { on: "http", path }, action: { type: "delay", millis: 3_600_000 }, times: 1 })
    const isBroken = request(info, "GET", path, { token: ada.token }).then(() => false, () => true)
    // the request has arrived when its rule is used up
    await vi.waitFor(async () => {
      assert.deepStrictEqual((await request(info, "GET", "/_sandbox/faults")).body.rules, [])
    })
    await info.stop()
    assert.isTrue(await isBroken)
  })
  it("fails if the port is in use", async () => {
    await using info = await Sandbox.start()
    const error = await Sandbox.start({ port: Number(new URL(info.http).port) }).catch((error: unknown) => error)
    assert.instanceOf(error, Sandbox.SandboxError)
  })
  it.live("is provided as a layer", () =>
    Effect.gen(function*() {
      const { backend, subscribers } = yield* Sandbox.Sandbox
      assert.strictEqual(backend.findSubscriber("hedy")?.id, subscribers[0]?.id)
    }).pipe(Effect.provide(Sandbox.layer({ subscribers: ["hedy"], rooms: [] }))))
  it("responds to preflight requests, and allows any origin to read responses", async () => {
    await using info = await Sandbox.start()
    const { ada } = fixtures(info)
    const preflight = await fetch(`${info.http}/api/fabric/messages`, { method: "OPTIONS" })
    assert.strictEqual(preflight.status, 204)
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /Authorization/)
    const { headers } = await request(info, "GET", "/api/fabric/messages", ada)
    assert.strictEqual(headers.get("access-control-allow-origin"), "*")
  })
})

describe("over the network", () => {
  it("a sent message is pushed to the socket of the other subscriber", async () => {
    await using info = await Sandbox.start()
    const { ada, grace } = fixtures(info)
    const client = await Client.open(info.ws)
    await client.connect(grace.token)
    await request(info, "POST", "/api/fabric/messages", {
      ...ada,
      body: { conversation_id: grace.addressId, text: "hi", metadata: { tone: "casual" } }
    })
    const event = await client.next()
    assert.strictEqual(event.params.event_type, "conversation.message")
    assert.strictEqual(event.params.params.text, "hi")
    assert.deepStrictEqual(event.params.params.metadata, { tone: "casual" })
  })
  it("a session is resumed after its socket was dropped, and unacknowledged events are sent again", async () => {
    await using info = await Sandbox.start()
    const { ada, grace } = fixtures(info)
    const first = await Client.open(info.ws)
    const { authorization_state, protocol } = await first.connect(grace.token)
    const send = (text: string) =>
      request(info, "POST", "/api/fabric/messages", { ...ada, body: { conversation_id: grace.addressId, text } })
    await send("one")
    await first.next()
    assert.strictEqual((await request(info, "POST", "/_sandbox/sessions/drop", { body: {} })).body.dropped, 1)
    assert.strictEqual(await first.closed, 1006)
    await send("two")
    const second = await Client.open(info.ws)
    const resumed = await second.connect(grace.token, { protocol, authorization_state })
    assert.isTrue(resumed.result.session_restored)
    assert.strictEqual((await second.next()).params.params.text, "one")
    assert.strictEqual((await second.next()).params.params.text, "two")
  })
  it("a long history is seeded in one request, and read page by page", async () => {
    using directory = temporary()
    await using info = await Sandbox.start({ data: join(directory.path, "data.db") })
    const { ada, grace, office } = fixtures(info)
    const messages = Array.from({ length: 3000 }, (_, n) => ({
      from: n % 2 === 0 ? ada.id : grace.id,
      addressId: n % 3 === 0 ? office.addressId : n % 2 === 0 ? grace.addressId : ada.addressId,
      text: `m${n}`
    }))
    assert.strictEqual((await request(info, "POST", "/_sandbox/messages", { body: { messages } })).status, 200)
    const texts: Array<string> = []
    let path: string | undefined = "/api/fabric/messages?page_size=1000"
    while (path !== undefined) {
      const { body }: Awaited<ReturnType<typeof request>> = await request(info, "GET", path, ada)
      texts.push(...body.data.map(({ text }: { readonly text: string }) => text))
      path = body.links.next
    }
    assert.deepStrictEqual(texts, messages.map(({ text }) => text).toReversed())
  })
  it("a socket can be dropped with a close frame", async () => {
    await using info = await Sandbox.start()
    const { grace } = fixtures(info)
    const client = await Client.open(info.ws)
    await client.connect(grace.token)
    await request(info, "POST", "/_sandbox/sessions/drop", { body: { subscriberId: grace.id, code: 1012 } })
    assert.strictEqual(await client.closed, 1012)
  })
  it("a message whose response is lost is stored once", async () => {
    await using info = await Sandbox.start()
    const { ada, office } = fixtures(info)
    await setFaults(info, {
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "loseAnswer" },
      times: 1
    })
    const send = () =>
      request(info, "POST", "/api/fabric/messages", {
        ...ada,
        body: { conversation_id: office.addressId, text: "once" }
      })
    const isLost = await send().then(() => false, () => true)
    assert.isTrue(isLost)
    assert.strictEqual((await history(info, ada.token)).length, 1)
    assert.strictEqual((await send()).status, 200)
  })
  it("a refused request breaks the connection, and a malformed response is not JSON", async () => {
    await using info = await Sandbox.start()
    const { ada } = fixtures(info)
    await setFaults(
      info,
      { match: { on: "http", path: "/api/*" }, action: { type: "refuse" }, times: 1 },
      { match: { on: "http", path: "/api/*" }, action: { type: "malformed" }, times: 1 }
    )
    const first = await history(info, ada.token).catch((error: unknown) => error)
    assert.instanceOf(first, TypeError)
    const second = await history(info, ada.token).catch((error: unknown) => error)
    assert.instanceOf(second, SyntaxError)
    assert.deepStrictEqual(await history(info, ada.token), [])
  })
  it("a socket can be refused, rejected with a response, closed and silenced", async () => {
    await using info = await Sandbox.start()
    const { ada } = fixtures(info)
    const connect = { on: "connect" }
    await setFaults(
      info,
      { match: connect, action: { type: "refuse" }, times: 1 },
      { match: connect, action: { type: "answer", status: 503 }, times: 1 },
      { match: connect, action: { type: "close", code: 1013 }, times: 1 },
      { match: connect, action: { type: "silent" }, times: 1 }
    )
    assert.strictEqual(await new Client(info.ws).closed, 1006)
    assert.strictEqual(await new Client(info.ws).closed, 1006)
    assert.strictEqual(await new Client(info.ws).closed, 1013)
    const silent = (await Client.open(info.ws)).connect(ada.token)
    const other = await Client.open(info.ws)
    await other.connect(ada.token)
    assert.isTrue(await isPending(silent))
  })
  it("a frame can cause the socket to close without a close frame", async () => {
    await using info = await Sandbox.start()
    const { ada } = fixtures(info)
    await setFaults(info, {
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "close" },
      times: 1
    })
    const client = await Client.open(info.ws)
    client.connect(ada.token).catch(() => {})
    assert.strictEqual(await client.closed, 1006)
  })
  it("a frame that is too long closes the socket", async () => {
    await using info = await Sandbox.start()
    const client = await Client.open(info.ws)
    client.send({ text: "x".repeat(1_100_000) })
    assert.include([1006, 1009], await client.closed)
  })
})
