/**
 * Invalid arguments, options and server responses: each fails with its own reason, and no call hangs.
 */
import { checkMessage, SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import * as Schedule from "effect/Schedule"
import type { ServerResponse } from "node:http"
import { assert, beforeAll, describe, it, vi } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import {
  assertRedacted,
  callUntyped,
  closedPort,
  eventually,
  failure,
  fastOptions,
  invalidFields,
  joinBoth,
  MessageRecorder,
  openSandbox,
  Recorder,
  serve
} from "./support.ts"

/** Options of a client that retries nothing. */
const withoutRetries: SignalWireOptions = {
  http: { timeout: "2 seconds", retry: Schedule.recurs(0) },
  subscription: { ...fastOptions.subscription, connectTimeout: "150 millis" },
  readyTimeout: "100 millis",
  sendDeadline: "300 millis",
  logger: { warn: () => {}, error: () => {} }
}

/** Strings that are not valid tokens, although some contain one. */
const malformedTokens = [" ", "undefined", "null", "Bearer s3cret", "s3cret\n", "s3cret s3cret", "s3cret-🔑"]

const unknownAddressId = "00000000-0000-4000-8000-00000000dead"

describe("checkMessage", () => {
  it.each<[string, Parameters<typeof checkMessage>[0]]>([
    ["text", { addressId: unknownAddressId, text: "" }],
    ["addressId", { addressId: "..", text: "hello" }],
    ["metadata.count", { addressId: unknownAddressId, text: "hello", metadata: { count: 1n } }],
    ["details.count", { addressId: unknownAddressId, text: "hello", details: { count: 1n } }]
  ])("P9.2: throws for a message whose %s is invalid", async (attribute, message) => {
    const error = await failure(Promise.resolve().then(() => checkMessage(message)))
    assert.deepStrictEqual(invalidFields(error), [attribute])
    assert.deepStrictEqual([error.method, error.stored], ["conversation.sendMessage", "no"])
  })

  it("accepts a message that can be sent", () => {
    assert.doesNotThrow(() => checkMessage({ addressId: unknownAddressId, text: " ", metadata: {} }))
  })
})

/** One call of every method that takes an address. */
const withAddress = ({ conversation }: SignalWireClient, addressId: unknown) => [
  callUntyped(conversation.getConversationMessages, { addressId }),
  callUntyped(conversation.sendMessage, { addressId, text: "hello" }),
  callUntyped(conversation.join, { addressId }),
  callUntyped(() => conversation.timeline({ addressId: String(addressId) })[Symbol.asyncIterator]().next())
]

/** One call of every method that is retried, and that does not wait for the client to recover. */
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
  ])("P9.1: rejects %s as text before anything is sent", async (_, text) => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text }))
    assert.deepStrictEqual([error.reason._tag, error.isRetryable, invalidFields(error)], ["Invalid", false, ["text"]])
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it.each([
    ["empty", ""],
    ["a path traversal", ".."],
    ["half a surrogate pair", "\ud800"]
  ])("P9.1: rejects an address that is %s before anything is sent", async (_, addressId) => {
    await using sandbox = await openSandbox(dialect)
    const { ada } = await joinBoth(sandbox)
    for (const error of await Promise.all(withAddress(ada, addressId).map(failure))) {
      assert.deepStrictEqual([error.reason._tag, invalidFields(error)], ["Invalid", ["addressId"]])
    }
  })

  it("P9.1: fails with NotFound or Invalid for an unknown address, and no call hangs", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada } = await joinBoth(sandbox)
    const [history, ...others] = withAddress(ada, unknownAddressId).map((call) =>
      call.then(
        (value) => JSON.stringify(value),
        async (error: unknown) => (await failure(Promise.reject(error))).reason._tag
      )
    )
    for (const outcome of await Promise.all(others.slice(0, 2))) assert.include(["NotFound", "Invalid"], outcome)
    assert.isString(await history)
  })

  it.each(["limit", "pageSize"])("P9.1: rejects a %s that is not a positive integer, and names it", async (name) => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const calls = [-1, 0, 1.5, NaN, Infinity, -Infinity, 2 ** 60, "10", {}, true].flatMap((value) => [
      callUntyped(ada.conversation.getMessages, { [name]: value }),
      callUntyped(ada.conversation.getConversationMessages, { addressId, [name]: value })
    ])
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, invalidFields(error)], ["Invalid", [name]])
    }
  })

  it.each(["since", "until"])("P9.1: rejects a %s that is not a time, and names it", async (name) => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const calls = [NaN, Infinity, "yesterday", {}, true].flatMap((value) => [
      callUntyped(ada.conversation.getMessages, { [name]: value }),
      callUntyped(ada.conversation.getConversationMessages, { addressId, [name]: value })
    ])
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, invalidFields(error)], ["Invalid", [name]])
    }
  })

  it("P9.1: rejects a since that is after until", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const calls = [
      ada.conversation.getMessages({ since: 2, until: 1 }),
      ada.conversation.getConversationMessages({ addressId, since: 2, until: 1 })
    ]
    for (const error of await Promise.all(calls.map(failure))) assert.deepStrictEqual(invalidFields(error), ["since"])
  })
})

describe("arguments", () => {
  it.each([[[]], [[null]], [[{}]]])("P9.1: rejects missing options, and names the parameter: %j", async (given) => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const { conversation } = ada
    const calls = [conversation.sendMessage, conversation.join, conversation.getConversationMessages]
      .map((method) => callUntyped(method, ...given))
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual([error.reason._tag, invalidFields(error)], ["Invalid", ["addressId"]])
    }
  })

  it.each([[[]], [[null]]])("P9.1: fails the iteration of a timeline without an address: %j", async (given) => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const iterating = async () => {
      const timeline: AsyncIterable<unknown> = Reflect.apply(ada.conversation.timeline, undefined, given)
      await timeline[Symbol.asyncIterator]().next()
    }
    assert.deepStrictEqual(invalidFields(await failure(iterating())), ["addressId"])
  })

  it("treats null as no options where all options are optional", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
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
  ])("P9.1: rejects %s that is not a JSON object, with the path: %o", async (name, value, attribute) => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text: "hello", [name]: value }))
    assert.deepStrictEqual(invalidFields(error), [attribute])
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it.each([undefined, null, "log", {}])(
    "P9.1: rejects a subscribe callback that is not a function: %j",
    async (callback) => {
      await using sandbox = await openSandbox()
      const { ada } = await joinBoth(sandbox)
      const error = await failure(callUntyped(ada.conversation.subscribe, callback))
      assert.deepStrictEqual(invalidFields(error), ["callback"])
      assert.deepStrictEqual(await sandbox.admin.sessions(), [])
    }
  )

  it("ignores an onGap that is not a function", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await callUntyped(ada.conversation.subscribe, received.push, { onGap: "log" })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual(await received.waitForText("hello"), ["hello"])
  })

  it("logs errors when onError is not a function", async () => {
    await using sandbox = await openSandbox()
    const reported = new Recorder<unknown>()
    const { ada, addressId } = await joinBoth(sandbox, {
      logger: { warn: () => {}, error: (_, error) => reported.push(error) }
    })
    const failing = () => {
      throw new Error("bad callback")
    }
    await callUntyped(ada.conversation.subscribe, failing, { onError: "log" })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual((await reported.waitFor((items) => items.length > 0)).map(String), ["Error: bad callback"])
  })
})

describe("arguments of each method", () => {
  it.each([["hello"], [42], [() => {}], [AbortSignal.timeout(1000)]])(
    "P9.1: rejects options that are not an object: %s",
    async (options) => {
      await using sandbox = await openSandbox()
      const { ada } = await joinBoth(sandbox)
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
        assert.deepStrictEqual(invalidFields(error), ["options"], error.method)
      }
    }
  )

  it.each([
    ["a Date", new Date(), "date.getTime() / 1000"],
    ["an ISO string", "2024-02-17T17:49:47Z", "as a number"],
    ["a string of digits", "1708192187", "as a number"],
    ["milliseconds", 1708192187729, "divide them by 1000"]
  ])("P9.2: rejects a time that is %s, and the message says what to pass", async (_, time, advice) => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
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
      assert.deepStrictEqual(invalidFields(error), [name])
      assert.include(error.message, advice)
    }
  })

  it.each([[undefined], [null], [{}], [{ id: null }], [{ name: undefined }]])(
    "P9.1: rejects getAddress without an id or a name: %j",
    async (options) => {
      await using sandbox = await openSandbox()
      const { ada } = await joinBoth(sandbox)
      assert.deepStrictEqual(invalidFields(await failure(callUntyped(ada.address.getAddress, options))), ["id"])
    }
  )

  it("looks up the id when the name is null", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const found = await callUntyped(ada.address.getAddress, { id: addressId, name: null })
    assert.deepStrictEqual(found, await ada.address.getAddress({ id: addressId }))
  })

  it.each([["sortBy", "age"], ["sortOrder", 1], ["type", 4], ["displayName", ""], ["pageSize", 0]])(
    "P9.1: rejects getAddresses with a %s of %j",
    async (name, value) => {
      await using sandbox = await openSandbox()
      const { ada } = await joinBoth(sandbox)
      assert.deepStrictEqual(invalidFields(await failure(callUntyped(ada.address.getAddresses, { [name]: value }))), [
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
  ])("P9.1: rejects an invalid policy before anything is dialed: %j", async (policy) => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.subscribe, () => {}, { policy }))
    assert.deepStrictEqual(invalidFields(error), ["policy"])
    assert.deepStrictEqual(await sandbox.admin.sessions(), [])
  })

  it.each([[""], [4], [{}]])("P9.1: rejects a chat call with an invalid address: %j", async (addressId) => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const calls = [
      callUntyped(ada.chat.getMessages, { addressId }),
      callUntyped(ada.chat.subscribe, () => {}, { addressId }),
      callUntyped(ada.chat.subscribe, { addressId, onMessage: () => {} })
    ]
    for (const error of await Promise.all(calls.map(failure))) {
      assert.deepStrictEqual(invalidFields(error), ["addressId"])
    }
  })

  it.each([42, "", {}])("P9.2: rejects an invalid clientId before anything is sent: %j", async (clientId) => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text: "order", clientId }))
    assert.deepStrictEqual(invalidFields(error), ["clientId"])
    assert.strictEqual(error.stored, "no")
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it("P9.1: rejects chat.subscribe without a callback", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    for (const given of [[], [null], [{}], [{ onMessage: "log" }]]) {
      assert.deepStrictEqual(invalidFields(await failure(callUntyped(ada.chat.subscribe, ...given))), ["callback"])
    }
  })

  it("treats a null option as undefined", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const received = new Recorder<unknown>()
    await callUntyped(ada.chat.subscribe, received.push, { addressId: null, policy: null, onError: null, signal: null })
    await callUntyped(grace.chat.sendMessage, { addressId, text: "hello", metadata: null, details: null, signal: null })
    await received.waitFor((messages) => messages.length === 1)
    const nullOptions = { limit: null, since: null, until: null, pageSize: null, addressId: null }
    const page = await callUntyped(ada.chat.getMessages, nullOptions)
    assert.nestedPropertyVal(page, "data.length", 1)
  })

  it("P9.1: rejects updateToken with an invalid token, and keeps the old one", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    for (const given of [[], [null], [""], [42], ...malformedTokens.map((token) => [token])]) {
      assert.deepStrictEqual(invalidFields(await failure(callUntyped(ada.updateToken, ...given))), ["token"])
    }
    assert.lengthOf((await ada.conversation.getConversations()).data, 1)
  })

  it.each([[undefined], [null], ["log"], [{}]])(
    "P9.1: throws from onChange when the callback is not a function: %j",
    async (callback) => {
      await using sandbox = await openSandbox()
      const { ada } = await joinBoth(sandbox)
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
    ["sweep", { sweep: true }],
    ["sweep.min", { sweep: { min: 0, max: 1 } }],
    ["sweep.max", { sweep: { min: 1, max: "late" } }],
    ["http", { http: 5 }],
    ["http.timeout", { http: { timeout: "5 sec" } }],
    ["http.deadline", { http: { deadline: true } }],
    ["http.retry", { http: { retry: 3 } }],
    ["subscription", { subscription: "fast" }],
    ["subscription.heartbeat", { subscription: { heartbeat: false } }],
    ["subscription.heartbeat", { subscription: { heartbeat: "0 seconds" } }],
    ["subscription.capacity", { subscription: { capacity: 0 } }],
    ["subscription.backoff", { subscription: { backoff: "slow" } }],
    ["subscription.backoff.base", { subscription: { backoff: { base: -1, cap: 1 } } }],
    ["subscription.backoff.cap", { subscription: { backoff: { base: 1, cap: "long" } } }]
  ])("P9.2: rejects an invalid %s, and names its path", async (path, options) => {
    const error = await failure(callUntyped(SignalWire, { token: "secret", host: "puc.signalwire.com", ...options }))
    assert.deepStrictEqual([error.method, invalidFields(error)], ["SignalWire", [path]])
  })

  it("accept a Schedule for the backoff", async () => {
    await using sandbox = await openSandbox()
    const subscription = { backoff: Schedule.spaced("1 second") }
    const ada = await sandbox.client({ token: sandbox.ada.token, subscription })
    assert.strictEqual(ada.connection.state._tag, "Idle")
  })

  it.each([["token"], [42], [() => {}]])("P9.1: must be an object: %s", async (options) => {
    assert.deepStrictEqual(invalidFields(await failure(callUntyped(SignalWire, options))), ["options"])
  })

  it("accept durations as milliseconds or as strings with a unit", async () => {
    await using sandbox = await openSandbox()
    const http = { timeout: 2000, deadline: "4 seconds" } as const
    const ada = await sandbox.client({ token: sandbox.ada.token, http, settle: 0, readyTimeout: "1 minute" })
    assert.lengthOf((await ada.conversation.getConversations()).data, 0)
  })

  it.each([[undefined], [""], [null], [42], [{}]])("P9.1: must have a token: %j", async (token) => {
    vi.stubEnv("SIGNALWIRE_TOKEN", undefined)
    const error = await failure(callUntyped(SignalWire, { token, host: "puc.signalwire.com" }))
    vi.unstubAllEnvs()
    assert.deepStrictEqual(invalidFields(error), ["token"])
  })

  it.each(malformedTokens)(
    "P9.2: must not have the malformed token %j, which the error does not quote",
    async (token) => {
      const sent = vi.fn<typeof fetch>()
      const error = await failure(SignalWire({ token, host: "puc.signalwire.com", fetch: sent }))
      assert.deepStrictEqual([error.method, invalidFields(error), sent.mock.calls], ["SignalWire", ["token"], []])
      assertRedacted(error, "s3cret")
    }
  )

  it.each(["undefined", "Bearer s3cret", "s3 cret"])(
    "P9.2: must not have the malformed token %j in the environment, and the message names the variable",
    async (token) => {
      vi.stubEnv("SIGNALWIRE_TOKEN", token)
      const error = await failure(SignalWire({ host: "puc.signalwire.com" })).finally(() => vi.unstubAllEnvs())
      assert.deepStrictEqual(invalidFields(error), ["token"])
      assert.include(error.message, "token: SIGNALWIRE_TOKEN ")
      assertRedacted(error, "s3cret")
    }
  )

  it.each([[[]], [[null]], [[{}]]])("P9.1: must be given when the environment has no token: %j", async (given) => {
    vi.stubEnv("SIGNALWIRE_TOKEN", undefined)
    const error = await failure(callUntyped(SignalWire, ...given))
    vi.unstubAllEnvs()
    assert.deepStrictEqual(invalidFields(error), ["token"])
  })

  it.each<[string, object, string]>([
    ["plain http to a remote host", { urls: { http: "http://example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a plain socket to a remote host", { urls: { http: "https://example.com", ws: "ws://example.com" } }, "urls.ws"],
    ["a URL without a scheme", { urls: { http: "example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a password in a URL", { urls: { http: "https://a:b@example.com", ws: "wss://example.com" } }, "urls.http"],
    ["a query in a URL", { urls: { http: "https://example.com/api?", ws: "wss://example.com/?q" } }, "urls.ws"],
    ["a fragment in a URL", { urls: { http: "https://example.com/#top", ws: "wss://example.com" } }, "urls.http"],
    ["half of the URLs", { urls: { http: "https://example.com" } }, "urls"],
    ["a string instead of URLs", { urls: "https://example.com" }, "urls"],
    ["a number as host", { host: 42 }, "host"],
    ["a URL as host", { host: "https://example.com" }, "host"],
    ["a host without a domain", { host: "example" }, "host"]
  ])("P9.1: reject %s, and nothing is sent", async (_, options, attribute) => {
    const sent = vi.fn<typeof fetch>()
    const dialed = vi.fn<(url: string) => void>()
    class NoSocket extends WebSocket {
      constructor(url: string) {
        dialed(url)
        super(url)
      }
    }
    const error = await failure(SignalWire({ token: "secret", fetch: sent, WebSocket: NoSocket, ...options }))
    assert.deepStrictEqual(invalidFields(error), [attribute])
    assert.deepStrictEqual([sent.mock.calls, dialed.mock.calls], [[], []])
  })

  it("ignore empty environment variables", async () => {
    vi.stubEnv("SIGNALWIRE_TOKEN", "")
    vi.stubEnv("SIGNALWIRE_HOST", "")
    const error = await failure(SignalWire({ host: "puc.signalwire.com" }))
    const client = await SignalWire({ token: "secret" }).finally(() => vi.unstubAllEnvs())
    await client.disconnect()
    assert.deepStrictEqual(invalidFields(error), ["token"])
  })

  it("treat null as undefined", async () => {
    await using sandbox = await openSandbox()
    const { http, ws } = sandbox.urls
    const nullOptions = { host: null, dialect: null, onRefreshToken: null, logger: null, fetch: null, WebSocket: null }
    await using client: SignalWireClient = await Reflect.apply(SignalWire, undefined, [
      { token: sandbox.ada.token, urls: { http, ws }, ...nullOptions }
    ])
    await client.conversation.subscribe(() => {})
    assert.strictEqual((await client.conversation.getConversations()).data.length, 0)
  })

  it.each([
    ["", ""],
    ["\n", " without a trailing line break"]
  ])("default to environment variables%.0s%s", async (end) => {
    await using sandbox = await openSandbox()
    vi.stubEnv("SIGNALWIRE_TOKEN", sandbox.ada.token + end)
    vi.stubEnv("SIGNALWIRE_HTTP_URL", sandbox.info.http + end)
    vi.stubEnv("SIGNALWIRE_WS_URL", sandbox.info.ws + end)
    await using client = await SignalWire().finally(() => vi.unstubAllEnvs())
    assert.deepStrictEqual((await client.address.getMyAddresses()).map(({ id }) => id), [sandbox.ada.addressId])
  })
})

describe.concurrent("servers", () => {
  // time limits pass in the steps of this process, so that a busy machine does not exceed them
  beforeAll(accelerateTime)

  it.each(["address", "group"] as const)(
    "P9.1: fail calls with Unauthorized when the token has expired, dialect %s",
    async (dialect) => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      await sandbox.admin.expireToken(sandbox.ada.token)
      for (
        const error of await Promise.all(
          [
            ...everyCall(ada, sandbox.addressId),
            ada.conversation.sendMessage({ addressId: sandbox.addressId, text: "hello" })
          ].map(failure)
        )
      ) {
        assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unauthorized", false])
      }
    }
  )

  it.each(["address", "group", "auto"] as const)(
    "P9.1: fail calls with Transport and its cause when they can't be reached, dialect %s",
    async (dialect) => {
      const port = await closedPort()
      await using client = await SignalWire({ ...withoutRetries, token: "secret", host: `127.0.0.1:${port}`, dialect })
      for (const error of await Promise.all(everyCall(client, unknownAddressId).map(failure))) {
        assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Transport", true], error.method)
        assert.instanceOf(error.cause, Error)
        assert.include(error.message, "ECONNREFUSED")
      }
    }
  )

  interface Misbehaviour {
    readonly name: string
    readonly respond: (response: ServerResponse) => unknown
    readonly reason: string
    /** Whether a send succeeds, because the address dialect needs nothing of the response. */
    readonly isAccepted?: boolean
    readonly timeout?: number
  }
  const misbehaviours: ReadonlyArray<Misbehaviour> = [
    {
      name: "returns HTML",
      respond: (response) => response.setHeader("content-type", "text/html").end("<html>"),
      reason: "Malformed"
    },
    { name: "returns an empty body", respond: (response) => response.end(), reason: "Malformed" },
    { name: "returns no content", respond: (response) => response.writeHead(204).end(), reason: "Malformed" },
    {
      name: "returns unexpected JSON",
      respond: (response) => response.end("[[1,2],\"three\"]"),
      reason: "Malformed",
      isAccepted: true
    },
    { name: "returns null", respond: (response) => response.end("null"), reason: "Malformed", isAccepted: true },
    {
      name: "closes the connection in the middle of a body",
      respond: (response) =>
        response.writeHead(200, { "content-length": "1000" }).write("{\"data\":[", () => response.destroy()),
      reason: "Transport"
    },
    { name: "returns truncated JSON", respond: (response) => response.end("{\"data\":["), reason: "Malformed" },
    { name: "closes the connection", respond: (response) => response.destroy(), reason: "Transport" },
    { name: "never responds", respond: () => {}, reason: "Timeout", timeout: 150 },
    {
      name: "never finishes its response",
      respond: (response) => response.write("{\"data\":["),
      reason: "Timeout",
      timeout: 150
    },
    {
      name: "is a failing gateway",
      respond: (response) => response.writeHead(502).end("<html>"),
      reason: "ServerError"
    },
    {
      name: "limits requests",
      respond: (response) => response.writeHead(429, { "retry-after": "60" }).end(),
      reason: "RateLimited"
    },
    { name: "forbids everything", respond: (response) => response.writeHead(403).end(), reason: "Forbidden" },
    {
      name: "redirects to itself",
      respond: (response) => response.writeHead(302, { location: "/" }).end(),
      reason: "Malformed"
    }
  ]

  describe.each(misbehaviours)("a server that $name", ({ respond, isAccepted = false, reason, timeout = 2000 }) => {
    const options = { ...withoutRetries, http: { ...withoutRetries.http, timeout }, token: "secret" }

    it.each(["address", "group"] as const)("P9.1: fails every read with its reason, dialect %s", async (dialect) => {
      await using server = await serve(respond)
      await using client = await SignalWire({ ...options, urls: server.urls, dialect })
      for (const error of await Promise.all(everyCall(client, unknownAddressId).map(failure))) {
        assert.strictEqual(error.reason._tag, reason, error.method)
      }
    })

    it.each(["address", "group"] as const)(
      "P1.6: keeps subscriptions waiting, or fails them permanently, dialect %s",
      async (dialect) => {
        await using server = await serve(respond)
        await using client = await SignalWire({ ...options, urls: server.urls, dialect })
        // `Forbidden` fails without a limit; the others wait until the time is up
        const timeout = reason === "Forbidden" ? 60_000 : 300
        const subscriptions = [
          client.conversation.subscribe(() => {}, { timeout }),
          client.conversation.messages({ timeout })[Symbol.asyncIterator]().next(),
          client.conversation.timeline({ addressId: unknownAddressId, timeout })[Symbol.asyncIterator]().next()
        ]
        for (const error of await Promise.all(subscriptions.map(failure))) {
          assert.strictEqual(error.reason._tag, reason === "Forbidden" ? reason : "Timeout", error.method)
        }
      }
    )

    it.each(["address", "group"] as const)(
      "P9.1: fails a send, unless the message is certainly stored, dialect %s",
      async (dialect) => {
        await using server = await serve(respond)
        const isStored = isAccepted && dialect === "address"
        // a send that succeeds has time to, also on a busy machine
        const limit: SignalWireOptions = isStored ? { sendDeadline: "1 minute" } : {}
        await using client = await SignalWire({ ...options, ...limit, urls: server.urls, dialect })
        const sending = client.conversation.sendMessage({ addressId: unknownAddressId, text: "hello" })
        if (isStored) {
          assert.strictEqual((await sending).address_id, unknownAddressId)
        } else {
          assert.include([reason, "Unconfirmed"], (await failure(sending)).reason._tag)
        }
      }
    )
  })

  it("P9.1: let subscribe resolve when their socket does not respond, and the connection state has the reason", async () => {
    await using sandbox = await openSandbox()
    await sandbox.admin.setFaults([{
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "silent" }
    }])
    const ada = await sandbox.client({ ...withoutRetries, http: fastOptions.http, token: sandbox.ada.token })
    await ada.conversation.subscribe(() => {})
    await eventually(() =>
      assert.nestedInclude(ada.connection.state, { _tag: "Reconnecting", "reason._tag": "Timeout" })
    )
  })

  it("P9.1: may return a malformed item, which the page reports with its path", async () => {
    const valid = {
      id: "m",
      conversation_id: "c",
      user_id: "u",
      ts: 1.5,
      details: {},
      type: "message",
      subtype: "chat"
    }
    await using server = await serve((response) =>
      response.end(JSON.stringify({ data: [valid, { ...valid, ts: "?" }] }))
    )
    await using client = await SignalWire({ ...withoutRetries, token: "secret", urls: server.urls, dialect: "address" })
    const page = await client.conversation.getMessages()
    assert.deepStrictEqual(page.data.map(({ id, ts }) => [id, ts]), [["m", 1.5]])
    assert.lengthOf(page.malformed, 1)
    assert.include(page.malformed[0]?.path, "1")
  })
})
