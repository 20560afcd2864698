/**
 * Tokens: refreshed once for all, replaced for REST and socket together, and seen by nobody else.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import {
  assertRedacted,
  callUntyped,
  closedPort,
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

/** A `fetch` and a `WebSocket` that keep what goes over them. */
const recorders = () => {
  const authorizations: Array<string | null> = []
  const urls: Array<string> = []
  const frames: Array<string> = []
  const record: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    authorizations.push(request.headers.get("authorization"))
    urls.push(request.url)
    return fetch(input, init)
  }
  class Recording extends WebSocket {
    constructor(url: string) {
      urls.push(url)
      super(url)
    }
    override send(data: string): void {
      frames.push(data)
      super.send(data)
    }
  }
  return { authorizations, urls, frames, options: { fetch: record, WebSocket: Recording } }
}

const byText = (a: string | null, b: string | null): number => String(a) < String(b) ? -1 : 1

const another = async (world: TestSandbox): Promise<string> =>
  (await world.admin.mintToken({ subscriberId: world.ada.id })).token

describe("a refused token", () => {
  it.each(["address", "group"] as const)(
    "P6.4: is refreshed once for all calls that wait, dialect %s",
    async (dialect) => {
      await using world = await openSandbox(dialect)
      await world.client({ token: world.ada.token }).then(({ conversation }) => conversation.join(world))
      const token = await another(world)
      const { authorizations, options } = recorders()
      let refreshes = 0
      const ada = await world.client({
        ...options,
        token: world.ada.token,
        onRefreshToken: async () => {
          refreshes++
          await new Promise((resolve) => setTimeout(resolve, 50))
          return token
        }
      })
      await world.admin.expireToken(world.ada.token)
      const pages = await Promise.all(Array.from({ length: 20 }, () => ada.conversation.getConversations()))
      assert.deepStrictEqual(pages.map(({ data }) => data.length), Array.from({ length: 20 }, () => 1))
      assert.strictEqual(refreshes, 1)
      assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    }
  )

  it("P6.4: is refreshed once for REST and socket together", async () => {
    await using world = await openSandbox()
    const token = await another(world)
    const { authorizations, frames, options } = recorders()
    let refreshes = 0
    const { ada, addressId, grace } = await joinBoth(world, {
      ...options,
      onRefreshToken: async () => {
        refreshes++
        await new Promise((resolve) => setTimeout(resolve, 50))
        return token
      }
    })
    await world.admin.expireToken(world.ada.token)
    const heard = new MessageRecorder()
    await Promise.all([
      ada.conversation.subscribe(heard.push),
      ada.conversation.getConversations(),
      ada.conversation.sendMessage({ addressId, text: "1" })
    ])
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await heard.waitForText("2")
    assert.strictEqual(refreshes, 1)
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    assert.isTrue(frames.some((frame) => frame.includes(token)))
    assert.deepStrictEqual(texts(await world.admin.stored(addressId)), ["1", "2"])
  })

  it.each<[string, () => Error, string]>([
    ["says something", () => new Error("the session is over"), "could not be refreshed: the session is over"],
    ["has a number for a message", () => Object.assign(new Error("x"), { message: 5 }), "could not be refreshed: 5"],
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
  ])("that could not be refreshed is a typed failure, though the error %s", async (_, error, words) => {
    await using world = await openSandbox()
    const ada = await world.client({ token: world.ada.token, onRefreshToken: () => Promise.reject(error()) })
    await world.admin.expireToken(world.ada.token)
    const { message, reason } = await failure(ada.conversation.getConversations())
    assert.strictEqual(reason._tag, "Unauthorized")
    assert.include(message, words)
  })

  it("P6.4: that REST found is replaced on the open socket as well", async () => {
    await using world = await openSandbox()
    const token = await another(world)
    const { frames, options } = recorders()
    const { ada } = await joinBoth(world, { ...options, onRefreshToken: () => token })
    await ada.conversation.subscribe(() => {})
    await world.admin.expireToken(world.ada.token)
    await ada.conversation.getConversations()
    const sent = new Recorder<string>()
    const reauthenticated = () => frames.find((frame) => frame.includes("reauthenticate") && frame.includes(token))
    const look = setInterval(() => {
      const frame = reauthenticated()
      if (frame !== undefined) sent.push(frame)
    }, 5)
    await sent.waitFor((items) => items.length > 0)
    clearInterval(look)
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it.each([undefined, "", 5, "two lines\n"])(
    "P8.3: is refreshed again after a refresh that returned %j, which is no token",
    async (garbage) => {
      await using world = await openSandbox()
      const token = await another(world)
      const answers: Array<unknown> = [garbage, token]
      const { ada, addressId, grace } = await joinBoth(world, {
        logger: makeLogger(),
        onRefreshToken: () => callUntyped(() => answers.shift())
      })
      const heard = new MessageRecorder()
      await ada.conversation.subscribe(heard.push)
      await world.admin.expireToken(world.ada.token)
      await world.admin.drop({ subscriberId: world.ada.id })
      await grace.conversation.sendMessage({ addressId, text: "hello" })
      await heard.waitForText("hello")
      assert.deepStrictEqual(answers, [])
    }
  )

  it("P8.8: that a refresh fails to replace has the words of that failure in the state and in the log", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada } = await joinBoth(world, {
      logger,
      onRefreshToken: () => {
        throw new Error(`auth server down, for ${world.ada.token}`)
      }
    })
    await ada.conversation.subscribe(() => {})
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    await eventually(() => assert.include(ada.connection.state.reason?.message, "auth server down, for <redacted>"))
    await eventually(() =>
      assert.include(
        logger.entries.map(({ details, message }) => `${message} ${String(details)}`).join("\n"),
        "auth server down, for <redacted>"
      )
    )
  })

  it.each([
    ["there is no onRefreshToken", undefined],
    ["onRefreshToken answers null", () => null],
    ["onRefreshToken answers no token", () => ""],
    ["onRefreshToken answers a token that is refused too", () => "another-bad-one"],
    ["onRefreshToken throws", () => {
      throw new Error("offline")
    }],
    ["onRefreshToken rejects", () => Promise.reject(new Error("offline"))]
  ])("P9.1: fails calls with Unauthorized, and has a subscription wait, when %s", async (name, onRefreshToken) => {
    await using world = await openSandbox()
    const ada = await world.client({ token: world.ada.token, onRefreshToken })
    await world.admin.expireToken(world.ada.token)
    const calls = [
      ada.conversation.getConversations(),
      ada.conversation.sendMessage({ addressId: world.addressId, text: "hello" }),
      ada.conversation.join({ addressId: world.addressId })
    ]
    const subscribing = failure(ada.conversation.subscribe(() => {}, { timeout: 500 }))
    for (const error of await Promise.all(calls.map(failure))) {
      assert.strictEqual(error.reason._tag, "Unauthorized")
      if (/null|there is no/.test(name)) assert.isFalse(error.isRetryable)
      assertRedacted(error, world.ada.token, "another-bad-one")
    }
    assert.strictEqual((await subscribing).reason._tag, "Timeout")
    assert.deepStrictEqual(await world.admin.stored(world.addressId), [])
  })

  it("P8.3: that can't be refreshed for a while costs a subscription nothing", async () => {
    await using world = await openSandbox()
    const token = await another(world)
    let refreshes = 0
    const { ada, addressId, grace } = await joinBoth(world, {
      onRefreshToken: () => {
        if (++refreshes < 3) throw new TypeError("fetch failed")
        return token
      }
    })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await heard.waitForText("1")
    assert.strictEqual(refreshes, 3)
  })
})

describe("updateToken", () => {
  it("P6.4: replaces the token of REST and of the open socket", async () => {
    await using world = await openSandbox()
    const token = await another(world)
    const { authorizations, frames, options } = recorders()
    const { ada, addressId, grace } = await joinBoth(world, options)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await ada.updateToken(token)
    await world.admin.expireToken(world.ada.token)
    await ada.conversation.getConversations()
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await heard.waitForText("1")
    assert.isTrue(frames.some((frame) => frame.includes(token)))
  })

  it("lets a client go on whose token was refused", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await world.admin.expireToken(world.ada.token)
    await failure(ada.conversation.getConversations())
    const subscribing = ada.conversation.subscribe(() => {})
    await ada.updateToken(await another(world))
    assert.strictEqual((await ada.conversation.getConversations()).data.length, 1)
    await subscribing
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })
})

describe("P6.1: a token", () => {
  it("is in no URL and no agent header, only in Authorization and in the socket's first frame", async () => {
    await using world = await openSandbox()
    const { frames, options, urls } = recorders()
    const { ada, addressId } = await joinBoth(world, options)
    await ada.conversation.subscribe(() => {})
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    await ada.conversation.getMessages({ limit: 1, since: 1 })
    assert.isAbove(urls.length, 3)
    for (const url of urls) assert.notInclude(url, world.ada.token)
    assert.deepStrictEqual(frames.map((frame) => frame.includes(world.ada.token)).indexOf(true), 0)
    assert.lengthOf(frames.filter((frame) => frame.includes(world.ada.token)), 1)
  })

  it("is in no failure of a call", async () => {
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
    const everywhere = [html.urls, cut.urls, echo.urls, {
      http: `http://127.0.0.1:${port}`,
      ws: `ws://127.0.0.1:${port}`
    }]
    const logger = makeLogger()
    const outcomes = everywhere.map(async (urls) => {
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

  it("is in no failure of the socket", async () => {
    await using world = await openSandbox()
    await world.admin.setFaults([{
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32002, message: "no such token" }
    }])
    const logger = makeLogger()
    const ada = await world.client({ token: world.ada.token, logger })
    const told = new Recorder<unknown>()
    const error = await failure(ada.conversation.subscribe(() => {}, { timeout: 500, onError: told.push }))
    assertRedacted(error, world.ada.token)
    assert.nestedInclude(told.items[0], { "reason._tag": "Unauthorized" })
    for (const each of told.items) assertRedacted(each, world.ada.token)
    assertRedacted(ada.connection.state, world.ada.token)
    for (const entry of logger.entries) assertRedacted(entry, world.ada.token)
  })

  it("is not to be seen in the client itself", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await ada.conversation.subscribe(() => {})
    assert.strictEqual(ada.connection.state._tag, "Connected")
    assertRedacted(ada, world.ada.token)
  })

  it("is not logged, and neither is the text of a message, whatever goes wrong", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(world, { logger })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await world.admin.setFaults([
      { match: { on: "http", method: "POST", path: "*" }, action: { type: "loseAnswer" }, times: 1 },
      {
        match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: world.ada.id },
        action: { type: "malformed" },
        times: 1
      }
    ])
    await ada.conversation.sendMessage({ addressId, text: "a private matter" })
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "a private end" })
    await heard.waitForText("a private end")
    await world.admin.expireToken(world.ada.token)
    const error = await failure(ada.conversation.sendMessage({ addressId, text: "a private refusal" }))
    assertRedacted(error, world.ada.token)
    assert.isNotEmpty(logger.entries)
    for (const entry of logger.entries) assertRedacted(entry, world.ada.token, world.grace.token, "private")
  })

  it("never goes to another origin, even when a link leads there", async () => {
    await using stranger = await serve((response) => response.end("{}"))
    await using server = await serve((response) => {
      const links = { next: `http://127.0.0.1:${stranger.port}/api/fabric/messages?page_token=PA1` }
      response.end(JSON.stringify({ data: [], links }))
    })
    await using client = await SignalWire({ ...fastOptions, token: "secret", urls: server.urls, dialect: "address" })
    const outcome = await client.conversation.getMessages().then((page) => page.nextPage())
      .catch((error: unknown) => error)
    assertRedacted(outcome, "secret")
    assert.deepStrictEqual(stranger.requests, [])
    assert.nestedInclude(outcome, { "reason._tag": "ForeignLink" })
  })

  it("is not followed to where a redirect leads", async () => {
    await using stranger = await serve((response) => response.end("{}"))
    await using server = await serve((response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${stranger.port}/` }).end()
    )
    await using client = await SignalWire({ ...fastOptions, token: "secret", urls: server.urls })
    await failure(client.conversation.getConversations())
    assert.deepStrictEqual(stranger.requests, [])
  })
})

describe("a message whose answer is lost", () => {
  it.each(["address", "group"] as const)("P4.1: is stored once, dialect %s", async (dialect) => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    await world.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: world.ada.id },
      action: { type: "loseAnswer" },
      times: 1
    }])
    const conversation = await ada.conversation.sendMessage({ addressId, text: "once", metadata: { mine: 1 } })
    assert.strictEqual(conversation.address_id, addressId)
    const { data: [message, ...others] } = await ada.conversation.getMessages()
    assert.deepStrictEqual([message?.text, message?.metadata, others], ["once", { mine: 1 }, []])
    assert.deepStrictEqual(texts(await world.admin.stored(addressId)), ["once"])
  })

  it("P4.1: many at once are each stored once, though every second answer is lost", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    await world.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: world.ada.id },
      action: { type: "loseAnswer" },
      times: 5
    }])
    const sent = Array.from({ length: 10 }, (_, index) => `${index}`)
    await Promise.all(sent.map((text) => ada.conversation.sendMessage({ addressId, text })))
    assert.deepStrictEqual(texts(await world.admin.stored(addressId)).toSorted(byText), sent)
  })

  it("is not sent again after an abort, and what was stored stays", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    await world.admin.setFaults([{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "loseAnswer", never: true }
    }])
    const controller = new AbortController()
    const sending = rejection(ada.conversation.sendMessage({ addressId, text: "once", signal: controller.signal }))
    const stored = new Recorder<string | null>()
    while (stored.items.length === 0) {
      for (const text of texts(await world.admin.stored(addressId))) stored.push(text)
    }
    controller.abort("enough")
    assert.strictEqual(await sending, "enough")
    await world.admin.clearFaults()
    await ada.conversation.sendMessage({ addressId, text: "next" })
    assert.deepStrictEqual(texts(await world.admin.stored(addressId)), ["once", "next"])
  })
})

it("what renders a failure does show what is not secret", () => {
  const error = new Error("outer", { cause: new Error("inner") })
  assert.isTrue(renderings(error).some((text) => text.includes("inner")))
})
