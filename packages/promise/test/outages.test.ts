/**
 * Outages over real connections: clients that start during one, servers that accept only requests or only sockets, and
 * what the client reports during them.
 */
import type { ConnectionState, SignalWireClient } from "@effect-signalwire/promise"
import { assert, beforeEach, describe, it } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import {
  closedPort,
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

const signInPage = {
  type: "answer",
  status: 200,
  text: "<html>",
  headers: { "content-type": "text/html" }
} as const

const outages = [
  ["refuses every connection", [
    { match: { on: "connect" }, action: { type: "refuse" } },
    { match: everyGet, action: { type: "refuse" } },
    { match: everyPost, action: { type: "refuse" } }
  ]],
  ["returns 503", [
    { match: { on: "connect" }, action: { type: "answer", status: 503 } },
    { match: everyGet, action: { type: "answer", status: 503, body: {} } },
    { match: everyPost, action: { type: "answer", status: 503, body: {} } }
  ]],
  ["returns 429", [
    { match: { on: "connect" }, action: { type: "answer", status: 429 } },
    { match: everyGet, action: { type: "answer", status: 429, body: {} } },
    { match: everyPost, action: { type: "answer", status: 429, body: {} } }
  ]],
  ["is hidden by a captive portal", [
    { match: { on: "connect" }, action: { type: "answer", status: 200 } },
    { match: everyGet, action: signInPage },
    { match: everyPost, action: signInPage }
  ]]
] as const

const silentLogger = { warn: () => {}, error: () => {} }

/** Creates a client for Ada after she joined the room with another one. */
const createJoined = async (sandbox: TestSandbox): Promise<SignalWireClient> => {
  const { ada } = await joinBoth(sandbox, { logger: silentLogger })
  await ada.disconnect()
  return sandbox.client({ token: sandbox.ada.token, logger: silentLogger })
}

describe.each(outages)("a client that starts while the server %s", (_, rules) => {
  it("P1.6: keeps subscribe pending, and delivers messages once the server has recovered", async () => {
    await using sandbox = await openSandbox()
    const ada = await createJoined(sandbox)
    await sandbox.admin.setFaults(rules)
    const received = new MessageRecorder()
    const subscribing = ada.conversation.subscribe(received.push)
    await eventually(() => assert.isNotNull(ada.connection.state.reason))
    await sandbox.admin.clearFaults()
    await subscribing
    await sandbox.admin.seed([{ from: sandbox.grace.id, addressId: sandbox.addressId, text: "hello" }])
    await received.waitForText("hello")
  })

  it("P1.6: keeps a timeline pending, and yields its history once the server has recovered", async () => {
    await using sandbox = await openSandbox()
    const ada = await createJoined(sandbox)
    await sandbox.admin.seed([{ from: sandbox.grace.id, addressId: sandbox.addressId, text: "before" }])
    await sandbox.admin.setFaults(rules)
    const first = ada.conversation.timeline({ addressId: sandbox.addressId })[Symbol.asyncIterator]().next()
    await eventually(() => assert.isNotNull(ada.connection.state.reason))
    await sandbox.admin.clearFaults()
    const { value } = await first
    assert.strictEqual(value?._tag === "Message" && value.message.text, "before")
  })

  it("P1.6: rejects a pending subscribe when its signal is aborted, and after its timeout", async () => {
    await using sandbox = await openSandbox()
    const ada = await createJoined(sandbox)
    await sandbox.admin.setFaults(rules)
    const controller = new AbortController()
    const aborted = rejection(ada.conversation.subscribe(() => {}, { signal: controller.signal }))
    const late = failure(ada.conversation.subscribe(() => {}, { timeout: 200 }))
    controller.abort("enough")
    assert.strictEqual(await aborted, "enough")
    assert.deepInclude((await late).reason, { _tag: "Timeout", millis: 200 })
  })
})

describe("sockets that are blocked while HTTP works", () => {
  beforeEach(accelerateTime)

  it("P1.7, P8.8: are replaced by polling, which one warning and the connection state report with the reason", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, grace } = await joinBoth(sandbox, { logger, sweep: { min: "200 millis", max: "1 second" } })
    await sandbox.admin.setFaults([{ match: { on: "connect" }, action: { type: "answer", status: 403 } }])
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await grace.conversation.sendMessage({ addressId: sandbox.addressId, text: "late" })
    await received.waitForText("late")
    assert.deepInclude(ada.connection.state, { polling: true })
    assert.match(
      logger.entries.map(({ message }) => message).join("\n"),
      /^there is no session .*responded with status 403.*at intervals/
    )
    await sandbox.admin.clearFaults()
    await eventually(() => assert.strictEqual(ada.connection.state._tag, "Connected"))
    await grace.conversation.sendMessage({ addressId: sandbox.addressId, text: "live" })
    assert.deepStrictEqual(await received.waitForText("live"), ["late", "live"])
  })

  it("P8.3: make subscribe fail at once when there is no WebSocket, and the error says what to pass", async () => {
    await using sandbox = await openSandbox()
    const { WebSocket } = globalThis
    Reflect.deleteProperty(globalThis, "WebSocket")
    try {
      const { ada } = await joinBoth(sandbox)
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
  beforeEach(accelerateTime)

  it("P8.8: shows in the connection state, with the reason, and is read once the server has recovered", async () => {
    await using sandbox = await openSandbox()
    const { ada, grace } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.setFaults([{ match: everyGet, action: { type: "answer", status: 503, body: {} } }])
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await eventually(() =>
      assert.nestedInclude(ada.connection.state, {
        _tag: "Connected",
        catchingUp: true,
        "reason._tag": "ServerError"
      })
    )
    await grace.conversation.sendMessage({ addressId: sandbox.addressId, text: "behind" })
    await sandbox.admin.clearFaults()
    await received.waitForText("behind")
    await eventually(() => assert.deepInclude(ada.connection.state, { catchingUp: false, reason: null }))
  })
})

describe("a session that begins after an interruption", () => {
  it("P8.8: is catching up from its first reported state on", async () => {
    await using sandbox = await openSandbox()
    const { ada, grace } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    const states: Array<ConnectionState> = []
    ada.connection.onChange((state) => states.push(state))
    for (const text of ["1", "2", "3"]) {
      await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
      await grace.conversation.sendMessage({ addressId: sandbox.addressId, text })
      await received.waitForText(text)
      await eventually(() => assert.deepInclude(ada.connection.state, { _tag: "Connected", catchingUp: false }))
    }
    const first = states.filter(({ _tag }, index) => _tag === "Connected" && states[index - 1]?._tag === "Reconnecting")
    assert.isAtLeast(first.length, 3)
    for (const state of first) assert.deepInclude(state, { catchingUp: true })
  })
})

describe("many subscriptions of one client", () => {
  it("P8.5: share one read of history after an interruption", async () => {
    await using sandbox = await openSandbox()
    let reads = 0
    const counting: typeof fetch = (input, init) => {
      if (init?.method === "GET") reads++
      return fetch(input, init)
    }
    const { ada, grace } = await joinBoth(sandbox, { fetch: counting })
    const all = Array.from({ length: 50 }, () => new MessageRecorder())
    for (const received of all) await ada.conversation.subscribe(received.push)
    reads = 0
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId: sandbox.addressId, text: "after" })
    await Promise.all(all.map((received) => received.waitForText("after")))
    assert.strictEqual(reads, 1)
  })
})

describe("client.reconnect and connection.ready", () => {
  it("P8.6: reconnect at once, and resolve when the client has a session", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox, { subscription: { backoff: { base: "1 hour", cap: "1 hour" } } })
    await ada.conversation.subscribe(() => {})
    await sandbox.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" }, times: 1 }])
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    // each attempt would wait for an hour; the first one is refused
    for (const attempt of [1, 2]) {
      await eventually(() => assert.containSubset(ada.connection.state, { _tag: "Reconnecting", attempt }))
      await ada.reconnect()
    }
    await ada.connection.ready()
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("open a session when nothing is subscribed", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await ada.connection.ready()
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("reject when their signal is aborted, and when the client is disconnected", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await sandbox.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" } }])
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
  const message = (sandbox: TestSandbox) => ({ addressId: sandbox.addressId, text: "hello" })

  it.each(["127.0.0.1", "localhost"])(
    "P4.6: to %s where nothing listens fails with Transport, and was not stored",
    async (host) => {
      await using sandbox = await openSandbox()
      const port = await closedPort()
      const urls = { http: `http://${host}:${port}`, ws: `ws://${host}:${port}` }
      const client = await sandbox.client({ token: sandbox.ada.token, urls, sendDeadline: 500, dialect: "address" })
      const error = await failure(client.conversation.sendMessage(message(sandbox)))
      assert.deepStrictEqual([error.reason._tag, error.stored, error.isRetryable], ["Transport", "no", true])
    }
  )

  it("P4.6: to a host that does not resolve, or whose TLS fails, was not stored", async () => {
    await using sandbox = await openSandbox()
    const secure = sandbox.info.http.replace("http:", "https:")
    for (const http of ["https://unknown.invalid", secure]) {
      const urls = { http, ws: "wss://unknown.invalid" }
      const client = await sandbox.client({ token: sandbox.ada.token, urls, sendDeadline: 500, dialect: "address" })
      const error = await failure(client.conversation.sendMessage(message(sandbox)))
      assert.deepStrictEqual([error.reason._tag, error.stored], ["Transport", "no"], http)
    }
  })

  it("P4.6: whose deadline passes during dialect detection was not stored", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox, { sendDeadline: 300 })
    const fresh = await sandbox.client({ token: sandbox.ada.token, sendDeadline: 300 })
    await sandbox.admin.setFaults([{ match: everyGet, action: { type: "silent" } }])
    const error = await failure(fresh.conversation.sendMessage(message(sandbox)))
    assert.strictEqual(error.stored, "no")
    assert.include(["Timeout", "Transport"], error.reason._tag)
    await ada.disconnect()
  })

  it("P4.6: fails with RateLimited at once when the server asks to wait beyond the deadline", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 429, body: {}, headers: { "retry-after": "3600" } }
    }])
    const error = await failure(ada.conversation.sendMessage(message(sandbox)))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["RateLimited", "no"])
  })

  it.each(outages)("P4.6: during which the server %s is stored once it has recovered", async (_, rules) => {
    await using sandbox = await openSandbox()
    let requests = 0
    const counting: typeof fetch = (input, init) => {
      requests++
      return fetch(input, init)
    }
    const { ada, addressId } = await joinBoth(sandbox, { logger: silentLogger, fetch: counting })
    await sandbox.admin.setFaults(rules)
    requests = 0
    const sending = ada.conversation.sendMessage(message(sandbox))
    await eventually(() => assert.isAtLeast(requests, 2))
    await sandbox.admin.clearFaults()
    await sending
    assert.strictEqual((await sandbox.admin.stored(addressId)).length, 1)
  })

  it("P4.6: has `stored` in each of its errors", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox, { sendDeadline: 300 })
    const invalid = [
      { addressId, text: "" },
      { addressId: "", text: "hello" },
      { addressId: "00000000-0000-4000-8000-00000000dead", text: "hello" }
    ]
    for (const options of invalid) {
      assert.strictEqual((await failure(ada.conversation.sendMessage(options))).stored, "no")
    }
    await sandbox.admin.setFaults([
      { match: { on: "http", method: "POST", path: "/api/fabric/messages" }, action: { type: "silent" } }
    ])
    assert.strictEqual((await failure(ada.conversation.sendMessage(message(sandbox)))).stored, "unknown")
    await ada.disconnect()
    const error = await failure(ada.conversation.sendMessage(message(sandbox)))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["Closed", "no"])
  })

  it("P4.1: over a connection that had been lost is stored once, without waiting for settle", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox, { settle: "1 hour", sendDeadline: "1 minute" })
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "refuse" },
      times: 1
    }])
    await ada.conversation.sendMessage(message(sandbox))
    assert.strictEqual((await sandbox.admin.stored(addressId)).length, 1)
  })

  it("P4.7: whose response is lost is found when the local clock is an hour ahead or behind", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const { now } = Date
    const expected: Array<string | null> = []
    for (const hours of [1, -1]) {
      await sandbox.admin.setFaults([{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "loseAnswer" },
        times: 1
      }])
      const text = `${hours} hours`
      expected.push(text)
      try {
        // the sandbox runs in this process, but does not use Date.now
        Date.now = () => now() + hours * 3600_000
        await ada.conversation.sendMessage({ addressId, text })
      } finally {
        Date.now = now
      }
    }
    assert.sameMembers(texts(await sandbox.admin.stored(addressId)), expected)
  })
})

it("P7.2: after disconnect every method rejects with Closed, and iterations end", async () => {
  await using sandbox = await openSandbox()
  const { ada, addressId } = await joinBoth(sandbox)
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
