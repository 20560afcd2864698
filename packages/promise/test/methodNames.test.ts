/** Each method of a client names itself in its errors. */
import { ConversationError, SignalWire } from "@effect-signalwire/promise"
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Socket from "effect/socket/Socket"
import { assert, describe, it } from "vitest"
import { toPage } from "../src/internal/page.ts"
import * as Runner from "../src/internal/runner.ts"
import { makeWithTransports, type SignalWireClient } from "../src/SignalWire.ts"
import { failure, openSandbox } from "./support.ts"

const addressId = "00000000-0000-4000-8000-000000000000"
const calls: ReadonlyArray<readonly [string, (client: SignalWireClient) => Promise<unknown>]> = [
  ["conversation.getConversations", ({ conversation }) => conversation.getConversations()],
  ["conversation.getConversationMessages", ({ conversation }) => conversation.getConversationMessages({ addressId })],
  ["conversation.getMessages", ({ conversation }) => conversation.getMessages()],
  ["conversation.subscribe", ({ conversation }) => conversation.subscribe(() => {})],
  ["conversation.sendMessage", ({ conversation }) => conversation.sendMessage({ addressId, text: "hi" })],
  ["conversation.findMessage", ({ conversation }) => conversation.findMessage({ addressId, clientId: "c" })],
  ["conversation.join", ({ conversation }) => conversation.join({ addressId })],
  ["conversation.messages", ({ conversation }) => conversation.messages()[Symbol.asyncIterator]().next()],
  ["conversation.timeline", ({ conversation }) => conversation.timeline({ addressId })[Symbol.asyncIterator]().next()],
  ["chat.getMessages", ({ chat }) => chat.getMessages()],
  ["chat.subscribe", ({ chat }) => chat.subscribe(() => {})],
  ["chat.sendMessage", ({ chat }) => chat.sendMessage({ addressId, text: "hi" })],
  ["chat.join", ({ chat }) => chat.join({ addressId })],
  ["address.getAddresses", ({ address }) => address.getAddresses()],
  ["address.getAddress", ({ address }) => address.getAddress({ id: addressId })],
  ["address.getMyAddresses", ({ address }) => address.getMyAddresses()],
  ["connection.ready", ({ connection }) => connection.ready()],
  ["reconnect", (client) => client.reconnect()],
  ["updateToken", (client) => client.updateToken("a.b.c")]
]

describe("a method", () => {
  it.each(calls)("P9.1: names itself when the client is disconnected: %s", async (name, call) => {
    const client = await SignalWire({ token: "a.b.c", urls: { http: "http://127.0.0.1:9", ws: "ws://127.0.0.1:9" } })
    await client.disconnect()
    const error = await failure(call(client))
    assert.deepStrictEqual([error.method, error.reason._tag], [name, "Closed"])
  })

  it.each(["nextPage", "prevPage", "firstPage", "self"] as const)(
    "P9.1: of a page names the one that has read the page too: %s",
    async (name) => {
      const runner = await Runner.make(Effect.succeed(Context.empty()))
      const fails = Effect.fail(
        new ConversationError({ method: "inner", reason: invalidParameter("page", "is invalid") })
      )
      const page = toPage(
        runner,
        "outer",
        { data: [1], hasNext: true, hasPrev: true, malformed: [], next: fails, prev: fails, first: fails, self: fails },
        (item) => item,
        {}
      )
      assert.strictEqual((await failure(page[name]())).method, `outer.${name}`)
      const items = page[Symbol.asyncIterator]()
      assert.deepStrictEqual<unknown>(await items.next(), { done: false, value: 1 })
      assert.strictEqual((await failure(items.next())).method, "outer")
      await runner.close()
    }
  )

  it("P9.1: of a page names the method that returned the page, for each list", async () => {
    await using sandbox = await openSandbox()
    const { addressId, ada } = sandbox
    const client = await sandbox.client({ token: ada.token })
    await client.conversation.join({ addressId })
    const { address, chat, conversation } = client
    const pages = {
      "conversation.getConversations": await conversation.getConversations(),
      "conversation.getConversationMessages": await conversation.getConversationMessages({ addressId }),
      "conversation.getMessages": await conversation.getMessages(),
      "chat.getMessages": await chat.getMessages(),
      "address.getAddresses": await address.getAddresses()
    }
    await client.disconnect()
    for (const [name, page] of Object.entries(pages)) {
      assert.strictEqual((await failure(page.self())).method, `${name}.self`)
    }
  })

  it("of a page returns the converted page, or undefined", async () => {
    const runner = await Runner.make(Effect.succeed(Context.empty()))
    const leaf = {
      data: [2],
      hasNext: false,
      hasPrev: false,
      malformed: [],
      next: Effect.succeed(Option.none()),
      prev: Effect.succeed(Option.none()),
      first: Effect.never,
      self: Effect.never
    }
    const root = { ...leaf, hasNext: true, next: Effect.succeed(Option.some(leaf)), first: Effect.succeed(leaf) }
    const page = toPage(runner, "outer", root, (item) => `${item}`, {})
    assert.deepStrictEqual([page.data, page.hasNext, page.hasPrev], [["2"], true, false])
    assert.deepStrictEqual((await page.nextPage())?.data, ["2"])
    assert.deepStrictEqual((await page.firstPage()).data, ["2"])
    assert.isUndefined(await page.prevPage())
    assert.isFalse((await page.nextPage())?.hasNext)
    await runner.close()
  })
})

describe("a client over transports", () => {
  it("uses these, with its own token and URLs", async () => {
    await using sandbox = await openSandbox()
    const transports = Layer.merge(FetchHttpClient.layer, Socket.layerWebSocketConstructorGlobal)
    await using client = await makeWithTransports({ token: sandbox.ada.token, urls: sandbox.urls }, transports)
    assert.deepStrictEqual((await client.conversation.getConversations()).data, [])
    const [own] = await client.address.getMyAddresses()
    assert.strictEqual(own?.id, sandbox.ada.addressId)
    await using _subscription = await client.conversation.subscribe(() => {})
    await client.connection.ready()
    assert.strictEqual(client.connection.state._tag, "Connected")
  })
})
