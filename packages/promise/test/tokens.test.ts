/**
 * Tokens: refreshed once for all callers, replaced for HTTP and socket together, and never leaked.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { assert, beforeEach, describe, it } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import {
  assertRedacted,
  callUntyped,
  closedPort,
  eventLoopTurns,
  eventually,
  failure,
  fastOptions,
  joinBoth,
  makeLogger,
  MessageRecorder,
  openSandbox,
  Recorder,
  rejection,
  renderings,
  serve,
  type TestSandbox,
  texts
} from "./support.ts"

/** A `fetch` and a `WebSocket` that record what is sent. */
const makeRecorders = () => {
  const authorizations: Array<string | null> = []
  const urls: Array<string> = []
  const frames: Array<string> = []
  const record: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    authorizations.push(request.headers.get("authorization"))
    urls.push(request.url)
    return fetch(input, init)
  }
  class RecordingWebSocket extends WebSocket {
    constructor(url: string) {
      urls.push(url)
      super(url)
    }
    override send(data: string): void {
      frames.push(data)
      super.send(data)
    }
  }
  return { authorizations, urls, frames, options: { fetch: record, WebSocket: RecordingWebSocket } }
}

const byText = (a: string | null, b: string | null): number => String(a) < String(b) ? -1 : 1

const mintToken = async (sandbox: TestSandbox): Promise<string> =>
  (await sandbox.admin.mintToken({ subscriberId: sandbox.ada.id })).token

describe.concurrent("a refused token", () => {
  it.each(["address", "group"] as const)(
    "P6.4: is refreshed once for all waiting calls, dialect %s",
    async (dialect) => {
      await using sandbox = await openSandbox(dialect)
      await sandbox.client({ token: sandbox.ada.token }).then(({ conversation }) => conversation.join(sandbox))
      const token = await mintToken(sandbox)
      const { authorizations, options } = makeRecorders()
      let refreshes = 0
      const ada = await sandbox.client({
        ...options,
        token: sandbox.ada.token,
        onRefreshToken: async () => {
          refreshes++
          // other calls are refused in the meantime, and wait too
          await eventLoopTurns(5)
          return token
        }
      })
      await sandbox.admin.expireToken(sandbox.ada.token)
      const pages = await Promise.all(Array.from({ length: 20 }, () => ada.conversation.getConversations()))
      assert.deepStrictEqual(pages.map(({ data }) => data.length), Array.from({ length: 20 }, () => 1))
      assert.strictEqual(refreshes, 1)
      assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    }
  )

  it("P6.4: is refreshed once for HTTP and socket together", async () => {
    await using sandbox = await openSandbox()
    const token = await mintToken(sandbox)
    const { authorizations, frames, options } = makeRecorders()
    let refreshes = 0
    const { ada, addressId, grace } = await joinBoth(sandbox, {
      ...options,
      onRefreshToken: async () => {
        refreshes++
        // so was the socket's first request
        await eventually(() => assert.isNotEmpty(frames))
        return token
      }
    })
    await sandbox.admin.expireToken(sandbox.ada.token)
    const received = new MessageRecorder()
    await Promise.all([
      ada.conversation.subscribe(received.push),
      ada.conversation.getConversations(),
      ada.conversation.sendMessage({ addressId, text: "1" })
    ])
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await received.waitForText("2")
    assert.strictEqual(refreshes, 1)
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    assert.isTrue(frames.some((frame) => frame.includes(token)))
    assert.deepStrictEqual(texts(await sandbox.admin.stored(addressId)), ["1", "2"])
  })

  it.each<[string, () => Error, string]>([
    ["has a message", () => new Error("the session is over"), "could not be refreshed: the session is over"],
    [
      "has a message that is a number",
      () => Object.assign(new Error("x"), { message: 5 }),
      "could not be refreshed: 5"
    ],
    [
      "throws when it is read",
      () =>
        Object.defineProperty(new Error("x"), "message", {
          get: () => {
            throw new Error("not to be read")
          }
        }),
      "could not be refreshed: an error that can't be read"
    ]
  ])("that can't be refreshed is a typed error, also when the refresh error %s", async (_, error, words) => {
    await using sandbox = await openSandbox()
    const ada = await sandbox.client({ token: sandbox.ada.token, onRefreshToken: () => Promise.reject(error()) })
    await sandbox.admin.expireToken(sandbox.ada.token)
    const { message, reason } = await failure(ada.conversation.getConversations())
    assert.strictEqual(reason._tag, "Unauthorized")
    assert.include(message, words)
  })

  it("P6.4: is replaced on the open socket when an HTTP request discovers it", async () => {
    await using sandbox = await openSandbox()
    const token = await mintToken(sandbox)
    const { frames, options } = makeRecorders()
    const { ada } = await joinBoth(sandbox, { ...options, onRefreshToken: () => token })
    await ada.conversation.subscribe(() => {})
    await sandbox.admin.expireToken(sandbox.ada.token)
    await ada.conversation.getConversations()
    await eventually(() =>
      assert.isTrue(frames.some((frame) => frame.includes("reauthenticate") && frame.includes(token)))
    )
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it.each([
    ["there is no onRefreshToken", undefined],
    ["onRefreshToken returns null", () => null],
    ["onRefreshToken returns an empty string", () => ""],
    ["onRefreshToken returns a token that is refused too", () => "another-bad-one"],
    ["onRefreshToken throws", () => {
      throw new Error("offline")
    }],
    ["onRefreshToken rejects", () => Promise.reject(new Error("offline"))]
  ])("P9.1: fails calls with Unauthorized, and keeps a subscription waiting, when %s", async (name, onRefreshToken) => {
    await using sandbox = await openSandbox()
    const ada = await sandbox.client({ token: sandbox.ada.token, onRefreshToken })
    await sandbox.admin.expireToken(sandbox.ada.token)
    const calls = [
      ada.conversation.getConversations(),
      ada.conversation.sendMessage({ addressId: sandbox.addressId, text: "hello" }),
      ada.conversation.join({ addressId: sandbox.addressId })
    ]
    const subscribing = failure(ada.conversation.subscribe(() => {}, { timeout: 500 }))
    for (const error of await Promise.all(calls.map(failure))) {
      assert.strictEqual(error.reason._tag, "Unauthorized")
      if (/null|there is no/.test(name)) assert.isFalse(error.isRetryable)
      assertRedacted(error, sandbox.ada.token, "another-bad-one")
    }
    assert.strictEqual((await subscribing).reason._tag, "Timeout")
    assert.deepStrictEqual(await sandbox.admin.stored(sandbox.addressId), [])
  })
})

it("P9.1: a call fails with Unauthorized when onRefreshToken takes longer than refreshTimeout", async () => {
  await using sandbox = await openSandbox()
  const onRefreshToken = () => new Promise<string>(() => {})
  const ada = await sandbox.client({ token: sandbox.ada.token, onRefreshToken, refreshTimeout: 300 })
  await sandbox.admin.expireToken(sandbox.ada.token)
  const { message, reason } = await failure(ada.conversation.getConversations())
  assert.strictEqual(reason._tag, "Unauthorized")
  assert.include(message, "the token was not refreshed within 300 ms")
})

// one after the other, because each test accelerates time, and ends that
describe("a refused token", () => {
  beforeEach(accelerateTime)

  it.each([undefined, "", 5, "two lines\n"])(
    "P8.3: is refreshed again after a refresh that returned the invalid token %j",
    async (garbage) => {
      await using sandbox = await openSandbox()
      const token = await mintToken(sandbox)
      const results: Array<unknown> = [garbage, token]
      const { ada, addressId, grace } = await joinBoth(sandbox, {
        logger: makeLogger(),
        onRefreshToken: () => callUntyped(() => results.shift())
      })
      const received = new MessageRecorder()
      await ada.conversation.subscribe(received.push)
      await sandbox.admin.expireToken(sandbox.ada.token)
      await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
      await grace.conversation.sendMessage({ addressId, text: "hello" })
      await received.waitForText("hello")
      assert.deepStrictEqual(results, [])
    }
  )

  it("P8.8: whose refresh fails has the message of that failure in the state and in the log", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada } = await joinBoth(sandbox, {
      logger,
      onRefreshToken: () => {
        throw new Error(`auth server down, for ${sandbox.ada.token}`)
      }
    })
    await ada.conversation.subscribe(() => {})
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await eventually(() => assert.include(ada.connection.state.reason?.message, "auth server down, for <redacted>"))
    await eventually(() =>
      assert.include(
        logger.entries.map(({ details, message }) => `${message} ${String(details)}`).join("\n"),
        "auth server down, for <redacted>"
      )
    )
  })

  it("P8.3: whose refresh fails for a while loses no messages of a subscription", async () => {
    await using sandbox = await openSandbox()
    const token = await mintToken(sandbox)
    let refreshes = 0
    const { ada, addressId, grace } = await joinBoth(sandbox, {
      onRefreshToken: () => {
        if (++refreshes < 3) throw new TypeError("fetch failed")
        return token
      }
    })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await received.waitForText("1")
    assert.strictEqual(refreshes, 3)
  })
})

describe("updateToken", () => {
  it("P6.4: replaces the token of HTTP requests and of the open socket", async () => {
    await using sandbox = await openSandbox()
    const token = await mintToken(sandbox)
    const { authorizations, frames, options } = makeRecorders()
    const { ada, addressId, grace } = await joinBoth(sandbox, options)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await ada.updateToken(token)
    await sandbox.admin.expireToken(sandbox.ada.token)
    await ada.conversation.getConversations()
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await received.waitForText("1")
    assert.isTrue(frames.some((frame) => frame.includes(token)))
  })

  it("lets a client continue whose token was refused", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await sandbox.admin.expireToken(sandbox.ada.token)
    await failure(ada.conversation.getConversations())
    const subscribing = ada.conversation.subscribe(() => {})
    await ada.updateToken(await mintToken(sandbox))
    assert.strictEqual((await ada.conversation.getConversations()).data.length, 1)
    await subscribing
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })
})

describe("P6.1: a token", () => {
  it("is only in the Authorization header and in the socket's first frame", async () => {
    await using sandbox = await openSandbox()
    const { frames, options, urls } = makeRecorders()
    const { ada, addressId } = await joinBoth(sandbox, options)
    await ada.conversation.subscribe(() => {})
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    await ada.conversation.getMessages({ limit: 1, since: 1 })
    assert.isAbove(urls.length, 3)
    for (const url of urls) assert.notInclude(url, sandbox.ada.token)
    assert.deepStrictEqual(frames.map((frame) => frame.includes(sandbox.ada.token)).indexOf(true), 0)
    assert.lengthOf(frames.filter((frame) => frame.includes(sandbox.ada.token)), 1)
  })

  it("is in no error of a call", async () => {
    const token = "eyJ0b2tlbiI6InNlY3JldCJ9..first.second.third"
    await using html = await serve((response) => response.writeHead(502).end("<html>"))
    await using cut = await serve((response) => {
      response.writeHead(200, { "content-length": "100", "content-type": "application/json" })
      response.write("{\"data\":[")
      response.destroy()
    })
    const port = await closedPort()
    const echo = await serve((response, request) =>
      response.writeHead(401).end(JSON.stringify({ error: `bad token ${request.headers.authorization}` }))
    )
    const servers = [html.urls, cut.urls, echo.urls, {
      http: `http://127.0.0.1:${port}`,
      ws: `ws://127.0.0.1:${port}`
    }]
    const logger = makeLogger()
    const outcomes = servers.map(async (urls) => {
      await using client = await SignalWire({
        ...fastOptions,
        http: { timeout: "200 millis", deadline: "400 millis" },
        readyTimeout: "100 millis",
        sendDeadline: "400 millis",
        token,
        urls,
        logger
      })
      const errors = await Promise.all([
        client.conversation.getConversations(),
        client.conversation.sendMessage({ addressId: "a", text: "hello" }),
        client.conversation.subscribe(() => {}, { timeout: 400 }),
        client.conversation.timeline({ addressId: "a", timeout: 400 })[Symbol.asyncIterator]().next()
      ].map(failure))
      assertRedacted(client.connection.state, token)
      for (const error of errors) assertRedacted(error, token)
      return errors.length
    })
    assert.deepStrictEqual(await Promise.all(outcomes), [4, 4, 4, 4])
    await echo.close()
    for (const entry of logger.entries) assertRedacted(entry, token)
  })

  it("is in no error of the socket", async () => {
    await using sandbox = await openSandbox()
    await sandbox.admin.setFaults([{
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32002, message: "no such token" }
    }])
    const logger = makeLogger()
    const ada = await sandbox.client({ token: sandbox.ada.token, logger })
    const reported = new Recorder<unknown>()
    const error = await failure(ada.conversation.subscribe(() => {}, { timeout: 500, onError: reported.push }))
    assertRedacted(error, sandbox.ada.token)
    assert.nestedInclude(reported.items[0], { "reason._tag": "Unauthorized" })
    for (const each of reported.items) assertRedacted(each, sandbox.ada.token)
    assertRedacted(ada.connection.state, sandbox.ada.token)
    for (const entry of logger.entries) assertRedacted(entry, sandbox.ada.token)
  })

  it("is not visible in the client itself", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await ada.conversation.subscribe(() => {})
    assert.strictEqual(ada.connection.state._tag, "Connected")
    assertRedacted(ada, sandbox.ada.token)
  })

  it("is never logged, and neither is the text of a message", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.setFaults([
      { match: { on: "http", method: "POST", path: "*" }, action: { type: "loseAnswer" }, times: 1 },
      {
        match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: sandbox.ada.id },
        action: { type: "malformed" },
        times: 1
      }
    ])
    await ada.conversation.sendMessage({ addressId, text: "a private matter" })
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "a private end" })
    await received.waitForText("a private end")
    await sandbox.admin.expireToken(sandbox.ada.token)
    const error = await failure(ada.conversation.sendMessage({ addressId, text: "a private refusal" }))
    assertRedacted(error, sandbox.ada.token)
    assert.isNotEmpty(logger.entries)
    for (const entry of logger.entries) assertRedacted(entry, sandbox.ada.token, sandbox.grace.token, "private")
  })

  it("is never sent to another origin, even if a link leads there", async () => {
    await using otherServer = await serve((response) => response.end("{}"))
    await using server = await serve((response) => {
      const links = { next: `http://127.0.0.1:${otherServer.port}/api/fabric/messages?page_token=PA1` }
      response.end(JSON.stringify({ data: [], links }))
    })
    await using client = await SignalWire({ ...fastOptions, token: "secret", urls: server.urls, dialect: "address" })
    const outcome = await client.conversation.getMessages().then((page) => page.nextPage())
      .catch((error: unknown) => error)
    assertRedacted(outcome, "secret")
    assert.deepStrictEqual(otherServer.requests, [])
    assert.nestedInclude(outcome, { "reason._tag": "ForeignLink" })
  })

  it("is not sent to the target of a redirect", async () => {
    await using otherServer = await serve((response) => response.end("{}"))
    await using server = await serve((response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${otherServer.port}/` }).end()
    )
    await using client = await SignalWire({ ...fastOptions, token: "secret", urls: server.urls })
    await failure(client.conversation.getConversations())
    assert.deepStrictEqual(otherServer.requests, [])
  })
})

describe("a message whose response is lost", () => {
  it.each(["address", "group"] as const)("P4.1: is stored once, dialect %s", async (dialect) => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: sandbox.ada.id },
      action: { type: "loseAnswer" },
      times: 1
    }])
    const conversation = await ada.conversation.sendMessage({ addressId, text: "once", metadata: { mine: 1 } })
    assert.strictEqual(conversation.address_id, addressId)
    const { data: [message, ...others] } = await ada.conversation.getMessages()
    assert.deepStrictEqual([message?.text, message?.metadata, others], ["once", { mine: 1 }, []])
    assert.deepStrictEqual(texts(await sandbox.admin.stored(addressId)), ["once"])
  })

  it("P4.1: is stored once, also when many are sent at once and every second response is lost", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: sandbox.ada.id },
      action: { type: "loseAnswer" },
      times: 5
    }])
    const sent = Array.from({ length: 10 }, (_, index) => `${index}`)
    await Promise.all(sent.map((text) => ada.conversation.sendMessage({ addressId, text })))
    assert.deepStrictEqual(texts(await sandbox.admin.stored(addressId)).toSorted(byText), sent)
  })

  it("is not sent again after an abort", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "loseAnswer", never: true }
    }])
    const controller = new AbortController()
    const sending = rejection(ada.conversation.sendMessage({ addressId, text: "once", signal: controller.signal }))
    const stored = new Recorder<string | null>()
    while (stored.items.length === 0) {
      for (const text of texts(await sandbox.admin.stored(addressId))) stored.push(text)
    }
    controller.abort("enough")
    assert.strictEqual(await sending, "enough")
    await sandbox.admin.clearFaults()
    await ada.conversation.sendMessage({ addressId, text: "next" })
    assert.deepStrictEqual(texts(await sandbox.admin.stored(addressId)), ["once", "next"])
  })
})

it("renderings contain what is not secret", () => {
  const error = new Error("outer", { cause: new Error("inner") })
  assert.isTrue(renderings(error).some((text) => text.includes("inner")))
})
