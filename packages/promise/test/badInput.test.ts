/**
 * What goes wrong outside the client: bad arguments, bad hosts, bad servers. Every failure names itself, and none hangs.
 */
import { checkMessage, SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import * as Schedule from "effect/Schedule"
import type { ServerResponse } from "node:http"
import { assert, describe, it, vi } from "vitest"
import {
  assertSecret,
  callUntyped,
  closedPort,
  complaints,
  eventually,
  failure,
  Heard,
  HeardTexts,
  meet,
  open,
  quick,
  serve
} from "./support.ts"

/** Nothing is tried twice. */
const impatient: SignalWireOptions = {
  http: { timeout: "2 seconds", retry: Schedule.recurs(0) },
  subscription: { ...quick.subscription, connectTimeout: "150 millis" },
  readyTimeout: "100 millis",
  sendDeadline: "300 millis",
  logger: { warn: () => {}, error: () => {} }
}

/** Texts that are surely no token, though some hold one. */
const unusableTokens = [" ", "undefined", "null", "Bearer s3cret", "s3cret\n", "s3cret s3cret", "s3cret-🔑"]

const nowhere = "00000000-0000-4000-8000-00000000dead"

describe("checkMessage", () => {
  it.each<[string, Parameters<typeof checkMessage>[0]]>([
    ["text", { addressId: nowhere, text: "" }],
    ["addressId", { addressId: "..", text: "hello" }],
    ["metadata.count", { addressId: nowhere, text: "hello", metadata: { count: 1n } }],
    ["details.count", { addressId: nowhere, text: "hello", details: { count: 1n } }]
  ])("P9.2: refuses at once a message whose %s can't be", async (attribute, message) => {
    const error = await failure(Promise.resolve().then(() => checkMessage(message)))
    assert.deepStrictEqual(complaints(error), [attribute])
    assert.deepStrictEqual([error.method, error.stored], ["conversation.sendMessage", "no"])
  })

  it("has nothing to say about one that can be sent", () => {
    assert.doesNotThrow(() => checkMessage({ addressId: nowhere, text: " ", metadata: {} }))
  })
})

/** Every call that takes an address. */
const withAddress = ({ conversation }: SignalWireClient, addressId: unknown) => [
  callUntyped(conversation.getConversationMessages, { addressId }),
  callUntyped(conversation.sendMessage, { addressId, text: "hello" }),
  callUntyped(conversation.join, { addressId }),
  callUntyped(() => conversation.timeline({ addressId: String(addressId) })[Symbol.asyncIterator]().next())
]

/** Every call that reads from the server, or may be repeated, and that does not wait for what may heal. */
const everyCall = ({ address, conversation }: SignalWireClient, addressId: string) => [
  conversation.getConversations(),
  conversation.getConversationMessages({ addressId }),
  conversation.getMessages(),
  conversation.findMessage({ addressId, clientId: "mine" }),
  conversation.join({ addressId }),
  address.getAddresses(),
  address.getAddress({ id: addressId }),
  address.getAddress({ name: "office" }),
  address.getMyAddresses()
]

describe.each(["address", "group"] as const)("arguments, dialect %s", (dialect) => {
  it.each([
    ["empty", ""],
    ["missing", undefined],
    ["null", null],
    ["a number", 42],
    ["an object", {}],
    ["a list", ["hello"]]
  ])("P9.1: a text that is %s is refused before anything is sent", async (_, text) => {
    await using world = await open(dialect)
    const { ada, addressId } = await meet(world)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text }))
    assert.deepStrictEqual([error.reason._tag, error.isRetryable, complaints(error)], ["Invalid", false, ["text"]])
    assert.deepStrictEqual(await world.admin.stored(addressId), [])
  })

  it.each([
    ["empty", ""],
    ["a way out of the path", ".."],
    ["half a surrogate pair", "\ud800"]
  ])("P9.1: an address that is %s is refused before anything is sent", async (_, addressId) => {
    await using world = await open(dialect)
    const { ada } = await meet(world)
    for (const error of await Promise.all(withAddress(ada, addressId).map(failure))) {
      assert.deepStrictEqual([error.reason._tag, complaints(error)], ["Invalid", ["addressId"]])
    }
  })

  it("P9.1: an address that nobody has is refused by name, and no call hangs", async () => {
    await using world = await open(dialect)
    const { ada } = await meet(world)
    const [history, ...others] = withAddress(ada, nowhere).map((call) =>
      call.then(
        (value) => JSON.stringify(value),
        async (error: unknown) => (await failure(Promise.reject(error))).reason._tag
      )
    )
    for (const outcome of await Promise.all(others.slice(0, 2))) assert.include(["NotFound", "Invalid"], outcome)
    assert.isString(await history)
  })

  it.each(["limit", "pageSize"])("P9.1: a %s that is no positive integer is refused by name", async (name) => {
    await using world = await open(dialect)
    const { ada, addressId } = await meet(world)
    const calls = [-1, 0, 1.5, NaN, Infinity, -Infinity, 2 ** 60, "10", {}, true].flatMap((value) => [
      callUntyped(ada.conversation.getMessages, { [name]: value }),
      callUntyped(ada.conversation.getConversationMessages, { addressId, [name]: value })
    ])
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, complaints(error)], ["Invalid", [name]])
    }
  })

  it.each(["since", "until"])("P9.1: a %s that is no time is refused by name", async (name) => {
    await using world = await open(dialect)
    const { ada, addressId } = await meet(world)
    const calls = [NaN, Infinity, "yesterday", {}, true].flatMap((value) => [
      callUntyped(ada.conversation.getMessages, { [name]: value }),
      callUntyped(ada.conversation.getConversationMessages, { addressId, [name]: value })
    ])
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, complaints(error)], ["Invalid", [name]])
    }
  })

  it("P9.1: a since after until is refused", async () => {
    await using world = await open(dialect)
    const { ada, addressId } = await meet(world)
    const calls = [
      ada.conversation.getMessages({ since: 2, until: 1 }),
      ada.conversation.getConversationMessages({ addressId, since: 2, until: 1 })
    ]
    for (const error of await Promise.all(calls.map(failure))) assert.deepStrictEqual(complaints(error), ["since"])
  })
})

describe("arguments", () => {
  it.each([[[]], [[null]], [[{}]]])("P9.1: missing options are refused by name: %j", async (given) => {
    await using world = await open()
    const { ada } = await meet(world)
    const { conversation } = ada
    const calls = [conversation.sendMessage, conversation.join, conversation.getConversationMessages]
      .map((method) => callUntyped(method, ...given))
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, complaints(error)], ["Invalid", ["addressId"]])
    }
  })

  it.each([[[]], [[null]]])("P9.1: a timeline of nothing is refused when it is iterated: %j", async (given) => {
    await using world = await open()
    const { ada } = await meet(world)
    const iterating = async () => {
      const timeline: AsyncIterable<unknown> = Reflect.apply(ada.conversation.timeline, undefined, given)
      await timeline[Symbol.asyncIterator]().next()
    }
    assert.deepStrictEqual(complaints(await failure(iterating())), ["addressId"])
  })

  it("null is as good as no options where all are optional", async () => {
    await using world = await open()
    const { ada } = await meet(world)
    const { conversation } = ada
    await callUntyped(conversation.getConversations, null)
    await callUntyped(conversation.getMessages, null)
    await callUntyped(conversation.subscribe, () => {}, null)
    const page = await conversation.getMessages()
    await callUntyped(page.self, null)
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it.each([
    ["metadata", "text", "metadata"],
    ["metadata", ["list"], "metadata"],
    ["details", 42, "details"],
    ["metadata", { big: 1n }, "metadata.big"],
    ["details", { toJSON: () => null }, "details.toJSON"]
  ])("P9.1: %s that is no JSON object is refused by name: %o", async (name, value, attribute) => {
    await using world = await open()
    const { ada, addressId } = await meet(world)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text: "hello", [name]: value }))
    assert.deepStrictEqual(complaints(error), [attribute])
    assert.deepStrictEqual(await world.admin.stored(addressId), [])
  })

  it.each([undefined, null, "log", {}])("P9.1: subscribe without a function is refused: %j", async (callback) => {
    await using world = await open()
    const { ada } = await meet(world)
    const error = await failure(callUntyped(ada.conversation.subscribe, callback))
    assert.deepStrictEqual(complaints(error), ["callback"])
    assert.deepStrictEqual(await world.admin.sessions(), [])
  })

  it("an onGap that is no function is as good as none", async () => {
    await using world = await open()
    const { ada, addressId } = await meet(world)
    const heard = new HeardTexts()
    await callUntyped(ada.conversation.subscribe, heard.push, { onGap: "log" })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual(await heard.untilText("hello"), ["hello"])
  })

  it("an onError that is no function is as good as none", async () => {
    await using world = await open()
    const told = new Heard<unknown>()
    const { ada, addressId } = await meet(world, { logger: { warn: () => {}, error: (_, error) => told.push(error) } })
    const failing = () => {
      throw new Error("bad callback")
    }
    await callUntyped(ada.conversation.subscribe, failing, { onError: "log" })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual((await told.until((items) => items.length > 0)).map(String), ["Error: bad callback"])
  })
})

describe("arguments of the other methods", () => {
  it.each([["hello"], [42], [() => {}], [AbortSignal.timeout(1000)]])(
    "P9.1: options that are no object are refused: %s",
    async (options) => {
      await using world = await open()
      const { ada } = await meet(world)
      const { address, chat, conversation } = ada
      const page = await conversation.getMessages()
      const calls = [
        conversation.getConversations,
        conversation.getConversationMessages,
        conversation.getMessages,
        conversation.sendMessage,
        conversation.join,
        chat.getMessages,
        chat.sendMessage,
        chat.join,
        address.getAddress,
        address.getAddresses,
        address.getMyAddresses,
        page.self,
        page.nextPage
      ].map((method) => callUntyped(method, options))
      calls.push(callUntyped(conversation.subscribe, () => {}, options), callUntyped(chat.subscribe, () => {}, options))
      for (const error of await Promise.all(calls.map(failure))) {
        assert.deepStrictEqual(complaints(error), ["options"], error.method)
      }
    }
  )

  it.each([
    ["a Date", new Date(), "date.getTime() / 1000"],
    ["an ISO text", "2024-02-17T17:49:47Z", "as a number"],
    ["digits in a text", "1708192187", "as a number"],
    ["milliseconds", 1708192187729, "divide them by 1000"]
  ])("P9.2: a time that is %s is refused, and the message says what to do", async (_, time, advice) => {
    await using world = await open()
    const { ada, addressId } = await meet(world)
    const next = async (options: object) => {
      const timeline: AsyncIterable<unknown> = Reflect.apply(ada.conversation.timeline, undefined, [options])
      await timeline[Symbol.asyncIterator]().next()
    }
    const calls: ReadonlyArray<readonly [string, Promise<unknown>]> = [
      ["since", callUntyped(ada.conversation.getMessages, { since: time })],
      ["until", callUntyped(ada.conversation.getConversationMessages, { addressId, until: time })],
      ["since", callUntyped(ada.chat.getMessages, { addressId, since: time })],
      ["since", next({ addressId, since: time })]
    ]
    for (const [name, call] of calls) {
      const error = await failure(call)
      assert.deepStrictEqual(complaints(error), [name])
      assert.include(error.message, advice)
    }
  })

  it.each([[undefined], [null], [{}], [{ id: null }], [{ name: undefined }]])(
    "P9.1: an address to look up that is none is refused: %j",
    async (options) => {
      await using world = await open()
      const { ada } = await meet(world)
      assert.deepStrictEqual(complaints(await failure(callUntyped(ada.address.getAddress, options))), ["id"])
    }
  )

  it("a name that is absent leaves the id to look up", async () => {
    await using world = await open()
    const { ada, addressId } = await meet(world)
    const found = await callUntyped(ada.address.getAddress, { id: addressId, name: null })
    assert.deepStrictEqual(found, await ada.address.getAddress({ id: addressId }))
  })

  it.each([["sortBy", "age"], ["sortOrder", 1], ["type", 4], ["displayName", ""], ["pageSize", 0]])(
    "P9.1: addresses by a %s of %j are refused by its name",
    async (name, value) => {
      await using world = await open()
      const { ada } = await meet(world)
      assert.deepStrictEqual(complaints(await failure(callUntyped(ada.address.getAddresses, { [name]: value }))), [
        name
      ])
    }
  )

  it.each([
    ["sliding"],
    [{}],
    [{ strategy: "sliding" }],
    [{ strategy: "suspend", capacity: 1 }],
    [{ strategy: "dropping", capacity: 0 }],
    [{ strategy: "dropping", capacity: 1.5 }]
  ])("P9.1: a policy that is none is refused before anything is dialled: %j", async (policy) => {
    await using world = await open()
    const { ada } = await meet(world)
    const error = await failure(callUntyped(ada.conversation.subscribe, () => {}, { policy }))
    assert.deepStrictEqual(complaints(error), ["policy"])
    assert.deepStrictEqual(await world.admin.sessions(), [])
  })

  it.each([[""], [4], [{}]])("P9.1: a chat with an address that is none is refused: %j", async (addressId) => {
    await using world = await open()
    const { ada } = await meet(world)
    const calls = [
      callUntyped(ada.chat.getMessages, { addressId }),
      callUntyped(ada.chat.subscribe, () => {}, { addressId }),
      callUntyped(ada.chat.subscribe, { addressId, onMessage: () => {} })
    ]
    for (const error of await Promise.all(calls.map(failure))) assert.deepStrictEqual(complaints(error), ["addressId"])
  })

  it.each([42, "", {}])("P9.2: a clientId that is no text is refused before anything is sent: %j", async (clientId) => {
    await using world = await open()
    const { ada, addressId } = await meet(world)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text: "order", clientId }))
    assert.deepStrictEqual(complaints(error), ["clientId"])
    assert.strictEqual(error.stored, "no")
    assert.deepStrictEqual(await world.admin.stored(addressId), [])
  })

  it("P9.1: a chat without a callback is refused", async () => {
    await using world = await open()
    const { ada } = await meet(world)
    for (const given of [[], [null], [{}], [{ onMessage: "log" }]]) {
      assert.deepStrictEqual(complaints(await failure(callUntyped(ada.chat.subscribe, ...given))), ["callback"])
    }
  })

  it("null is as good as absent among the options as well", async () => {
    await using world = await open()
    const { ada, addressId, grace } = await meet(world)
    const heard = new Heard<unknown>()
    await callUntyped(ada.chat.subscribe, heard.push, { addressId: null, policy: null, onError: null, signal: null })
    await callUntyped(grace.chat.sendMessage, { addressId, text: "hello", metadata: null, details: null, signal: null })
    await heard.until((messages) => messages.length === 1)
    const none = { limit: null, since: null, until: null, pageSize: null, addressId: null }
    const page = await callUntyped(ada.chat.getMessages, none)
    assert.nestedPropertyVal(page, "data.length", 1)
  })

  it("P9.1: updateToken to what is no token is refused, and the old token stays", async () => {
    await using world = await open()
    const { ada } = await meet(world)
    for (const given of [[], [null], [""], [42], ...unusableTokens.map((token) => [token])]) {
      assert.deepStrictEqual(complaints(await failure(callUntyped(ada.updateToken, ...given))), ["token"])
    }
    assert.lengthOf((await ada.conversation.getConversations()).data, 1)
  })

  it.each([[undefined], [null], ["log"], [{}]])(
    "P9.1: onChange without a function throws at once: %j",
    async (callback) => {
      await using world = await open()
      const { ada } = await meet(world)
      assert.throws(() => Reflect.apply(ada.connection.onChange, undefined, [callback]), "callback: must be a function")
    }
  )
})

describe("options", () => {
  it.each<[string, object]>([
    ["dialect", { dialect: "grouped" }],
    ["onRefreshToken", { onRefreshToken: "token" }],
    ["fetch", { fetch: {} }],
    ["WebSocket", { WebSocket: "ws" }],
    ["logger", { logger: "silent" }],
    ["logger.warn", { logger: {} }],
    ["logger.error", { logger: { warn: () => {}, error: true } }],
    ["readyTimeout", { readyTimeout: "soon" }],
    ["settle", { settle: -1 }],
    ["sendDeadline", { sendDeadline: NaN }],
    ["http", { http: 5 }],
    ["http.timeout", { http: { timeout: "5 sec" } }],
    ["http.deadline", { http: { deadline: true } }],
    ["http.retry", { http: { retry: 3 } }],
    ["subscription", { subscription: "fast" }],
    ["subscription.heartbeat", { subscription: { heartbeat: false } }],
    ["subscription.capacity", { subscription: { capacity: 0 } }],
    ["subscription.backoff.base", { subscription: { backoff: {} } }],
    ["subscription.backoff.cap", { subscription: { backoff: { base: 1, cap: "long" } } }]
  ])("P9.2: a %s that can't be is refused by its path", async (path, options) => {
    const error = await failure(callUntyped(SignalWire, { token: "secret", host: "puc.signalwire.com", ...options }))
    assert.deepStrictEqual([error.method, complaints(error)], ["SignalWire", [path]])
  })

  it.each([["token"], [42], [() => {}]])("P9.1: that are no object are refused: %s", async (options) => {
    assert.deepStrictEqual(complaints(await failure(callUntyped(SignalWire, options))), ["options"])
  })

  it("durations are milliseconds, or texts with a unit", async () => {
    await using world = await open()
    const http = { timeout: 2000, deadline: "4 seconds" } as const
    const ada = await world.client({ token: world.ada.token, http, settle: 0, readyTimeout: "1 minute" })
    assert.lengthOf((await ada.conversation.getConversations()).data, 0)
  })

  it.each([[undefined], [""], [null], [42], [{}]])("P9.1: a token that is none is refused: %j", async (token) => {
    vi.stubEnv("SIGNALWIRE_TOKEN", undefined)
    const error = await failure(callUntyped(SignalWire, { token, host: "puc.signalwire.com" }))
    vi.unstubAllEnvs()
    assert.deepStrictEqual(complaints(error), ["token"])
  })

  it.each(unusableTokens)("P9.2: the token %j is refused before anything is sent, and not quoted", async (token) => {
    const sent = vi.fn<typeof fetch>()
    const error = await failure(SignalWire({ token, host: "puc.signalwire.com", fetch: sent }))
    assert.deepStrictEqual([error.method, complaints(error), sent.mock.calls], ["SignalWire", ["token"], []])
    assertSecret(error, "s3cret")
  })

  it.each(["undefined", "Bearer s3cret", "s3 cret"])(
    "P9.2: the token %j of the environment is refused, and the message names the variable",
    async (token) => {
      vi.stubEnv("SIGNALWIRE_TOKEN", token)
      const error = await failure(SignalWire({ host: "puc.signalwire.com" })).finally(() => vi.unstubAllEnvs())
      assert.deepStrictEqual(complaints(error), ["token"])
      assert.include(error.message, "token: SIGNALWIRE_TOKEN ")
      assertSecret(error, "s3cret")
    }
  )

  it.each([[[]], [[null]], [[{}]]])("P9.1: missing options are refused: %j", async (given) => {
    vi.stubEnv("SIGNALWIRE_TOKEN", undefined)
    const error = await failure(callUntyped(SignalWire, ...given))
    vi.unstubAllEnvs()
    assert.deepStrictEqual(complaints(error), ["token"])
  })

  it.each<[string, object, string]>([
    ["plain http to a stranger", { urls: { http: "http://example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a plain socket to a stranger", { urls: { http: "https://example.com", ws: "ws://example.com" } }, "urls.ws"],
    ["no URL", { urls: { http: "example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a password in a URL", { urls: { http: "https://a:b@example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a query in a URL", { urls: { http: "https://example.com/api?", ws: "wss://example.com/?q" } }, "urls.ws"],
    ["a fragment in a URL", { urls: { http: "https://example.com/#top", ws: "wss://example.com" } }, "urls.http"],
    ["half of the URLs", { urls: { http: "https://example.com" } }, "urls"],
    ["a text instead of URLs", { urls: "https://example.com" }, "urls"],
    ["a number as host", { host: 42 }, "host"],
    ["a URL as host", { host: "https://example.com" }, "host"],
    ["a host without a domain", { host: "example" }, "host"]
  ])("P9.1: %s is refused at once, and nothing is sent", async (_, options, attribute) => {
    const sent = vi.fn<typeof fetch>()
    const dialled = vi.fn<(url: string) => void>()
    class NoSocket extends WebSocket {
      constructor(url: string) {
        dialled(url)
        super(url)
      }
    }
    const error = await failure(SignalWire({ token: "secret", fetch: sent, WebSocket: NoSocket, ...options }))
    assert.deepStrictEqual(complaints(error), [attribute])
    assert.deepStrictEqual([sent.mock.calls, dialled.mock.calls], [[], []])
  })

  it("an empty environment variable is as good as none", async () => {
    vi.stubEnv("SIGNALWIRE_TOKEN", "")
    vi.stubEnv("SIGNALWIRE_HOST", "")
    const error = await failure(SignalWire({ host: "puc.signalwire.com" }))
    const client = await SignalWire({ token: "secret" }).finally(() => vi.unstubAllEnvs())
    await client.disconnect()
    assert.deepStrictEqual(complaints(error), ["token"])
  })

  it("that are null are as good as absent", async () => {
    await using world = await open()
    const { http, ws } = world.urls
    const nothing = { host: null, dialect: null, onRefreshToken: null, logger: null, fetch: null, WebSocket: null }
    await using client: SignalWireClient = await Reflect.apply(SignalWire, undefined, [
      { token: world.ada.token, urls: { http, ws }, ...nothing }
    ])
    await client.conversation.subscribe(() => {})
    assert.strictEqual((await client.conversation.getConversations()).data.length, 0)
  })

  it.each([
    ["", ""],
    ["\n", " with the line break of the file that they were read from"]
  ])("come from the environment where none are given,%.0s%s", async (end) => {
    await using world = await open()
    vi.stubEnv("SIGNALWIRE_TOKEN", world.ada.token + end)
    vi.stubEnv("SIGNALWIRE_HTTP_URL", world.info.http + end)
    vi.stubEnv("SIGNALWIRE_WS_URL", world.info.ws + end)
    await using client = await SignalWire().finally(() => vi.unstubAllEnvs())
    assert.deepStrictEqual((await client.address.getMyAddresses()).map(({ id }) => id), [world.ada.addressId])
  })
})

describe("servers", () => {
  it.each(["address", "group"] as const)("P9.1: an expired token is Unauthorized, dialect %s", async (dialect) => {
    await using world = await open(dialect)
    const ada = await world.client({ token: world.ada.token })
    await world.admin.expireToken(world.ada.token)
    for (
      const error of await Promise.all(
        [
          ...everyCall(ada, world.addressId),
          ada.conversation.sendMessage({ addressId: world.addressId, text: "hello" })
        ].map(failure)
      )
    ) {
      assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unauthorized", false])
    }
  })

  it.each(["address", "group", "auto"] as const)(
    "P9.1: where nothing listens, every call fails with Transport and its cause, dialect %s",
    async (dialect) => {
      const port = await closedPort()
      await using client = await SignalWire({ ...impatient, token: "secret", host: `127.0.0.1:${port}`, dialect })
      for (const error of await Promise.all(everyCall(client, nowhere).map(failure))) {
        assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Transport", true], error.method)
        assert.instanceOf(error.cause, Error)
        assert.include(error.message, "ECONNREFUSED")
      }
    }
  )

  interface Misbehaviour {
    readonly name: string
    readonly answer: (response: ServerResponse) => unknown
    readonly reason: string
    /** Whether a message counts as stored, because the answer has nothing that the address dialect needs. */
    readonly isAccepted?: boolean
    readonly timeout?: number
  }
  const misbehaviours: ReadonlyArray<Misbehaviour> = [
    {
      name: "answers HTML",
      answer: (response) => response.setHeader("content-type", "text/html").end("<html>"),
      reason: "Malformed"
    },
    { name: "answers an empty body", answer: (response) => response.end(), reason: "Malformed" },
    { name: "answers no content", answer: (response) => response.writeHead(204).end(), reason: "Malformed" },
    {
      name: "answers JSON of another kind",
      answer: (response) => response.end("[[1,2],\"three\"]"),
      reason: "Malformed",
      isAccepted: true
    },
    { name: "answers null", answer: (response) => response.end("null"), reason: "Malformed", isAccepted: true },
    {
      name: "breaks off in the middle of a body",
      answer: (response) =>
        response.writeHead(200, { "content-length": "1000" }).write("{\"data\":[", () => response.destroy()),
      reason: "Transport"
    },
    { name: "cuts JSON short", answer: (response) => response.end("{\"data\":["), reason: "Malformed" },
    { name: "breaks the connection", answer: (response) => response.destroy(), reason: "Transport" },
    { name: "never answers", answer: () => {}, reason: "Timeout", timeout: 150 },
    {
      name: "never ends its answer",
      answer: (response) => response.write("{\"data\":["),
      reason: "Timeout",
      timeout: 150
    },
    {
      name: "is a gateway that fails with HTML",
      answer: (response) => response.writeHead(502).end("<html>"),
      reason: "ServerError"
    },
    {
      name: "wants everybody to wait",
      answer: (response) => response.writeHead(429, { "retry-after": "60" }).end(),
      reason: "RateLimited"
    },
    { name: "forbids everything", answer: (response) => response.writeHead(403).end(), reason: "Forbidden" },
    {
      name: "redirects to itself",
      answer: (response) => response.writeHead(302, { location: "/" }).end(),
      reason: "Malformed"
    }
  ]

  describe.each(misbehaviours)("one that $name", ({ answer, isAccepted = false, reason, timeout = 2000 }) => {
    const options = { ...impatient, http: { ...impatient.http, timeout }, token: "secret" }

    it.each(["address", "group"] as const)("P9.1: fails every read by name, dialect %s", async (dialect) => {
      await using server = await serve(answer)
      await using client = await SignalWire({ ...options, urls: server.urls, dialect })
      for (const error of await Promise.all(everyCall(client, nowhere).map(failure))) {
        assert.strictEqual(error.reason._tag, reason, error.method)
      }
    })

    it.each(["address", "group"] as const)(
      "P1.6: has what is to last wait, or fails it for good, dialect %s",
      async (dialect) => {
        await using server = await serve(answer)
        await using client = await SignalWire({ ...options, urls: server.urls, dialect })
        // what is forbidden fails by itself; the rest waits until its time is up
        const timeout = reason === "Forbidden" ? 60_000 : 300
        const lasting = [
          client.conversation.subscribe(() => {}, { timeout }),
          client.conversation.messages({ timeout })[Symbol.asyncIterator]().next(),
          client.conversation.timeline({ addressId: nowhere, timeout })[Symbol.asyncIterator]().next()
        ]
        for (const error of await Promise.all(lasting.map(failure))) {
          assert.strictEqual(error.reason._tag, reason === "Forbidden" ? reason : "Timeout", error.method)
        }
      }
    )

    it.each(["address", "group"] as const)("P9.1: fails a send, or sends for sure, dialect %s", async (dialect) => {
      await using server = await serve(answer)
      await using client = await SignalWire({ ...options, urls: server.urls, dialect })
      const sending = client.conversation.sendMessage({ addressId: nowhere, text: "hello" })
      if (isAccepted && dialect === "address") {
        assert.strictEqual((await sending).address_id, nowhere)
      } else {
        assert.include([reason, "Unconfirmed"], (await failure(sending)).reason._tag)
      }
    })
  })

  it("P9.1: one whose socket is deaf lets subscribe go on, and connection tells why", async () => {
    await using world = await open()
    await world.admin.setFaults([{
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "silent" }
    }])
    const ada = await world.client({ ...impatient, http: quick.http, token: world.ada.token })
    await ada.conversation.subscribe(() => {})
    await eventually(() =>
      assert.nestedInclude(ada.connection.state, { _tag: "Reconnecting", "reason._tag": "Timeout" })
    )
  })

  it("P9.1: a malformed item is reported beside the page, with its path", async () => {
    const good = { id: "m", conversation_id: "c", user_id: "u", ts: 1.5, details: {}, type: "message", subtype: "chat" }
    await using server = await serve((response) => response.end(JSON.stringify({ data: [good, { ...good, ts: "?" }] })))
    await using client = await SignalWire({ ...impatient, token: "secret", urls: server.urls, dialect: "address" })
    const page = await client.conversation.getMessages()
    assert.deepStrictEqual(page.data.map(({ id, ts }) => [id, ts]), [["m", 1.5]])
    assert.lengthOf(page.malformed, 1)
    assert.include(page.malformed[0]?.path, "1")
  })
})
