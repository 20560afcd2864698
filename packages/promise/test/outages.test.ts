/**
 * Outages around real connections: clients that begin in one, servers that let only half of the traffic through, and what
 * the client reports meanwhile.
 */
import type { ConnectionState, SignalWireClient } from "@effect-signalwire/promise"
import { createServer } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import {
  eventually,
  failure,
  joinBoth,
  makeLogger,
  MessageRecorder,
  openSandbox,
  Recorder,
  rejection,
  type TestSandbox,
  texts
} from "./support.ts"

const everyGet = { on: "http", method: "GET" } as const
const everyPost = { on: "http", method: "POST" } as const

const outages = [
  ["refuses every connection", [
    { match: { on: "connect" }, action: { type: "refuse" } },
    { match: everyGet, action: { type: "refuse" } },
    { match: everyPost, action: { type: "refuse" } }
  ]],
  ["answers 503", [
    { match: { on: "connect" }, action: { type: "answer", status: 503 } },
    { match: everyGet, action: { type: "answer", status: 503, body: {} } }
  ]],
  ["answers 429", [
    { match: { on: "connect" }, action: { type: "answer", status: 429 } },
    { match: everyGet, action: { type: "answer", status: 429, body: {} } }
  ]],
  ["is hidden by a captive portal", [
    { match: { on: "connect" }, action: { type: "answer", status: 200 } },
    {
      match: everyGet,
      action: { type: "answer", status: 200, text: "<html>", headers: { "content-type": "text/html" } }
    }
  ]]
] as const

const quiet = { warn: () => {}, error: () => {} }

/** Ada's client, which asks for more dials than an honest one needs. */
const begin = async (world: TestSandbox): Promise<SignalWireClient> => {
  const { ada } = await joinBoth(world, { logger: quiet })
  await ada.disconnect()
  return world.client({ token: world.ada.token, logger: quiet })
}

describe.each(outages)("a server that %s while a client begins", (_, rules) => {
  it("P1.6: has subscribe wait, and deliver what is sent once it is well", async () => {
    await using world = await openSandbox()
    const ada = await begin(world)
    await world.admin.setFaults(rules)
    const heard = new MessageRecorder()
    const subscribing = ada.conversation.subscribe(heard.push)
    await eventually(() => assert.isNotNull(ada.connection.state.reason))
    await world.admin.clearFaults()
    await subscribing
    await world.admin.seed([{ from: world.grace.id, addressId: world.addressId, text: "hello" }])
    await heard.waitForText("hello")
  })

  it("P1.6: has a timeline wait, and begin with its history once it is well", async () => {
    await using world = await openSandbox()
    const ada = await begin(world)
    await world.admin.seed([{ from: world.grace.id, addressId: world.addressId, text: "before" }])
    await world.admin.setFaults(rules)
    const first = ada.conversation.timeline({ addressId: world.addressId })[Symbol.asyncIterator]().next()
    await eventually(() => assert.isNotNull(ada.connection.state.reason))
    await world.admin.clearFaults()
    const { value } = await first
    assert.strictEqual(value?._tag === "Message" && value.message.text, "before")
  })

  it("P1.6: has a subscription that waits end with its signal, and with its timeout", async () => {
    await using world = await openSandbox()
    const ada = await begin(world)
    await world.admin.setFaults(rules)
    const controller = new AbortController()
    const aborted = rejection(ada.conversation.subscribe(() => {}, { signal: controller.signal }))
    const late = failure(ada.conversation.subscribe(() => {}, { timeout: 200 }))
    controller.abort("enough")
    assert.strictEqual(await aborted, "enough")
    assert.deepInclude((await late).reason, { _tag: "Timeout", millis: 200 })
  })
})

describe("sockets that are blocked while REST works", () => {
  it("P1.7, P8.8: have history polled, one warning name the reason, and the state say so", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, grace } = await joinBoth(world, { logger, sweep: { min: "200 millis", max: "1 second" } })
    await world.admin.setFaults([{ match: { on: "connect" }, action: { type: "answer", status: 403 } }])
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await grace.conversation.sendMessage({ addressId: world.addressId, text: "late" })
    await heard.waitForText("late")
    assert.deepInclude(ada.connection.state, { polling: true })
    assert.match(
      logger.entries.map(({ message }) => message).join("\n"),
      /^there is no session .*answered 403.*at intervals/
    )
    await world.admin.clearFaults()
    await eventually(() => assert.strictEqual(ada.connection.state._tag, "Connected"))
    await grace.conversation.sendMessage({ addressId: world.addressId, text: "live" })
    assert.deepStrictEqual(await heard.waitForText("live"), ["late", "live"])
  })

  it("P8.3: as there is no WebSocket at all, subscribe fails at once and says what to pass", async () => {
    await using world = await openSandbox()
    const { WebSocket } = globalThis
    Reflect.deleteProperty(globalThis, "WebSocket")
    try {
      const { ada } = await joinBoth(world)
      const error = await failure(ada.conversation.subscribe(() => {}))
      assert.strictEqual(error.reason._tag, "Invalid")
      assert.include(error.message, "WebSocket")
      assert.strictEqual(ada.connection.state._tag, "Failed")
    } finally {
      globalThis.WebSocket = WebSocket
    }
  })
})

describe("history that can't be read while a session is up", () => {
  it("P8.8: shows in the state, with the reason, and is read as soon as that is gone", async () => {
    await using world = await openSandbox()
    const { ada, grace } = await joinBoth(world)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await world.admin.setFaults([{ match: everyGet, action: { type: "answer", status: 503, body: {} } }])
    await world.admin.drop({ subscriberId: world.ada.id })
    await eventually(() =>
      assert.nestedInclude(ada.connection.state, {
        _tag: "Connected",
        catchingUp: true,
        "reason._tag": "ServerError"
      })
    )
    await grace.conversation.sendMessage({ addressId: world.addressId, text: "behind" })
    await world.admin.clearFaults()
    await heard.waitForText("behind")
    await eventually(() => assert.deepInclude(ada.connection.state, { catchingUp: false, reason: null }))
  })
})

describe("a session that begins after an interruption", () => {
  it("P8.8: is catching up from the first moment that it is told of", async () => {
    await using world = await openSandbox()
    const { ada, grace } = await joinBoth(world)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    const states: Array<ConnectionState> = []
    ada.connection.onChange((state) => states.push(state))
    for (const text of ["1", "2", "3"]) {
      await world.admin.drop({ subscriberId: world.ada.id })
      await grace.conversation.sendMessage({ addressId: world.addressId, text })
      await heard.waitForText(text)
      await eventually(() => assert.deepInclude(ada.connection.state, { _tag: "Connected", catchingUp: false }))
    }
    const first = states.filter(({ _tag }, index) => _tag === "Connected" && states[index - 1]?._tag === "Reconnecting")
    assert.isAtLeast(first.length, 3)
    for (const state of first) assert.deepInclude(state, { catchingUp: true })
  })
})

describe("many subscriptions of one client", () => {
  it("P8.5: share one read after an interruption", async () => {
    await using world = await openSandbox()
    let reads = 0
    const counting: typeof fetch = (input, init) => {
      if (init?.method === "GET") reads++
      return fetch(input, init)
    }
    const { ada, grace } = await joinBoth(world, { fetch: counting })
    const all = Array.from({ length: 50 }, () => new MessageRecorder())
    for (const heard of all) await ada.conversation.subscribe(heard.push)
    reads = 0
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId: world.addressId, text: "after" })
    await Promise.all(all.map((heard) => heard.waitForText("after")))
    assert.strictEqual(reads, 1)
  })
})

describe("client.reconnect and connection.ready", () => {
  it("P8.6: dial now, and resolve when a session is up", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world, { subscription: { backoff: { base: "1 hour", cap: "1 hour" } } })
    await ada.conversation.subscribe(() => {})
    await world.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" }, times: 1 }])
    await world.admin.drop({ subscriberId: world.ada.id })
    await eventually(() => assert.strictEqual(ada.connection.state._tag, "Reconnecting"))
    while (ada.connection.state._tag !== "Connected") {
      await ada.reconnect()
      await sleep(20)
    }
    await ada.connection.ready()
  })

  it("open a session where nothing subscribes", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await ada.connection.ready()
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("end with the signal that they are given, and with the client", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await world.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" } }])
    const controller = new AbortController()
    const aborted = rejection(ada.connection.ready({ signal: controller.signal }))
    const closed = failure(ada.connection.ready())
    controller.abort("enough")
    assert.strictEqual(await aborted, "enough")
    await ada.disconnect()
    assert.strictEqual((await closed).reason._tag, "Closed")
    for (const call of [ada.connection.ready(), ada.reconnect()]) {
      assert.strictEqual((await failure(call)).reason._tag, "Closed")
    }
  })
})

describe("a send", () => {
  const message = (world: TestSandbox) => ({ addressId: world.addressId, text: "hello" })

  /** Takes a port, and lets go of it again. */
  const freePort = async (): Promise<number> => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    return typeof address === "object" && address !== null ? address.port : 0
  }

  it.each(["127.0.0.1", "localhost"])(
    "P4.6: that nobody listens for at %s fails with Transport, and was not stored",
    async (host) => {
      await using world = await openSandbox()
      const port = await freePort()
      const urls = { http: `http://${host}:${port}`, ws: `ws://${host}:${port}` }
      const client = await world.client({ token: world.ada.token, urls, sendDeadline: 500, dialect: "address" })
      const error = await failure(client.conversation.sendMessage(message(world)))
      assert.deepStrictEqual([error.reason._tag, error.stored, error.isRetryable], ["Transport", "no", true])
    }
  )

  it("P4.6: to a name that does not resolve, or over TLS that fails, was not stored", async () => {
    await using world = await openSandbox()
    const secure = world.info.http.replace("http:", "https:")
    for (const http of ["https://nobody.invalid", secure]) {
      const urls = { http, ws: "wss://nobody.invalid" }
      const client = await world.client({ token: world.ada.token, urls, sendDeadline: 500, dialect: "address" })
      const error = await failure(client.conversation.sendMessage(message(world)))
      assert.deepStrictEqual([error.reason._tag, error.stored], ["Transport", "no"], http)
    }
  })

  it("P4.6: that waits to learn the dialect when time is up was not stored", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world, { sendDeadline: 300 })
    const fresh = await world.client({ token: world.ada.token, sendDeadline: 300 })
    await world.admin.setFaults([{ match: everyGet, action: { type: "silent" } }])
    const error = await failure(fresh.conversation.sendMessage(message(world)))
    assert.strictEqual(error.stored, "no")
    assert.include(["Timeout", "Transport"], error.reason._tag)
    await ada.disconnect()
  })

  it("P4.6: that is answered 429 each time fails with RateLimited at once when the wait exceeds the deadline", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await world.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 429, body: {}, headers: { "retry-after": "3600" } }
    }])
    const error = await failure(ada.conversation.sendMessage(message(world)))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["RateLimited", "no"])
  })

  it.each(outages)("P4.6: during which a server %s is stored once that is over", async (_, rules) => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world, { logger: quiet })
    await world.admin.setFaults(rules)
    const sending = ada.conversation.sendMessage(message(world))
    await sleep(300)
    await world.admin.clearFaults()
    await sending
    assert.strictEqual((await world.admin.stored(addressId)).length, 1)
  })

  it("P4.6: has stored in each of its failures", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world, { sendDeadline: 300 })
    const refused = [
      { addressId, text: "" },
      { addressId: "", text: "hello" },
      { addressId: "00000000-0000-4000-8000-00000000dead", text: "hello" }
    ]
    for (const options of refused) {
      assert.strictEqual((await failure(ada.conversation.sendMessage(options))).stored, "no")
    }
    await world.admin.setFaults([
      { match: { on: "http", method: "POST", path: "/api/fabric/messages" }, action: { type: "silent" } }
    ])
    assert.strictEqual((await failure(ada.conversation.sendMessage(message(world)))).stored, "unknown")
    await ada.disconnect()
    const error = await failure(ada.conversation.sendMessage(message(world)))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["Closed", "no"])
  })

  it("P4.1: whose connection breaks at once, as one does that was dead before, is stored once, and soon", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world, { settle: "1 hour", sendDeadline: "1 minute" })
    await world.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "refuse" },
      times: 1
    }])
    await ada.conversation.sendMessage(message(world))
    assert.strictEqual((await world.admin.stored(addressId)).length, 1)
  })

  it("P4.7: whose answer is lost is found when this machine's clock is an hour ahead, or behind", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const { now } = Date
    const expected: Array<string | null> = []
    for (const hours of [1, -1]) {
      await world.admin.setFaults([{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "loseAnswer" },
        times: 1
      }])
      const text = `${hours} hours`
      expected.push(text)
      try {
        // the sandbox lives in this process, and takes its times from elsewhere
        Date.now = () => now() + hours * 3600_000
        await ada.conversation.sendMessage({ addressId, text })
      } finally {
        Date.now = now
      }
    }
    assert.sameMembers(texts(await world.admin.stored(addressId)), expected)
  })
})

it("P7.2: once disconnected, every method fails with Closed, and what iterates ends", async () => {
  await using world = await openSandbox()
  const { ada, addressId } = await joinBoth(world)
  const timeline = ada.conversation.timeline({ addressId })[Symbol.asyncIterator]()
  await timeline.next()
  const states = new Recorder<ConnectionState>()
  ada.connection.onChange(states.push)
  await ada.disconnect()
  assert.deepStrictEqual(await timeline.next(), { done: true, value: undefined })
  const calls = [
    ada.conversation.getConversations(),
    ada.conversation.getConversationMessages({ addressId }),
    ada.conversation.getMessages(),
    ada.conversation.findMessage({ addressId, clientId: "mine" }),
    ada.conversation.sendMessage({ addressId, text: "hello" }),
    ada.conversation.join({ addressId }),
    ada.conversation.subscribe(() => {}),
    ada.conversation.timeline({ addressId })[Symbol.asyncIterator]().next(),
    ada.address.getAddresses(),
    ada.updateToken("another"),
    ada.reconnect(),
    ada.connection.ready()
  ]
  for (const call of calls) assert.strictEqual((await failure(call)).reason._tag, "Closed")
  assert.strictEqual(ada.connection.state._tag, "Closed")
  assert.strictEqual(states.items.at(-1)?._tag, "Closed")
})
