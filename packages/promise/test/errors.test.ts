/**
 * What a failure looks like to whoever made the call: short, with the caller's own lines, and nothing of the machinery.
 */
import { ConversationError, type Reason, SignalWire } from "@effect-signalwire/promise"
import * as Schedule from "effect/Schedule"
import { execFile } from "node:child_process"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import { inspect } from "node:util"
import { assert, describe, it } from "vitest"
import {
  callUntyped,
  collect,
  failure,
  joinBoth,
  makeLogger,
  openSandbox,
  Recorder,
  type TestSandbox
} from "./support.ts"

const here = basename(import.meta.url)
const nowhere = "00000000-0000-4000-8000-00000000dead"

/** What no user should have to read. */
const machinery = /FiberImpl|~effect|[\\/]effect[\\/](dist|src)[\\/]/

/** Every way in which the client can be made to fail with an error of ours. */
const failures = async (world: TestSandbox): Promise<ReadonlyArray<readonly [string, ConversationError]>> => {
  const { ada, addressId } = await joinBoth(world)
  const page = await ada.conversation.getMessages()
  const elsewhere = await world.client({
    token: world.ada.token,
    urls: { http: world.info.http, ws: "ws://127.0.0.1:9" }
  })
  await elsewhere.disconnect()
  const missing = { addressId: "" }
  const calls: ReadonlyArray<readonly [string, Promise<unknown>]> = [
    ["SignalWire", SignalWire({ token: "" })],
    ["updateToken", ada.updateToken("")],
    ["address.getAddress", ada.address.getAddress({ id: nowhere })],
    ["address.getAddresses", ada.address.getAddresses({ pageSize: 0 })],
    ["address.getMyAddresses", elsewhere.address.getMyAddresses()],
    ["chat.getMessages", ada.chat.getMessages({ addressId: "" })],
    ["chat.join", ada.chat.join(missing)],
    ["chat.sendMessage", ada.chat.sendMessage({ ...missing, text: "hello" })],
    ["chat.subscribe", ada.chat.subscribe(() => {}, { addressId: "" })],
    ["connection.onChange", callUntyped(ada.connection.onChange, "log")],
    ["conversation.getConversations", ada.conversation.getConversations({ pageSize: 0 })],
    ["conversation.getConversationMessages", ada.conversation.getConversationMessages(missing)],
    ["conversation.getMessages", ada.conversation.getMessages({ limit: 0 })],
    ["conversation.getMessages.self", callUntyped(page.self, "page")],
    ["conversation.join", ada.conversation.join(missing)],
    ["conversation.sendMessage", ada.conversation.sendMessage({ addressId, text: "" })],
    ["conversation.subscribe", callUntyped(ada.conversation.subscribe, "log")],
    ["conversation.messages", collect(elsewhere.conversation.messages())],
    ["conversation.timeline", collect(ada.conversation.timeline(missing))]
  ]
  return Promise.all(calls.map(async ([name, call]) => [name, await failure(call)] as const))
}

describe("a failure", () => {
  it("P9.1: is named after the method that was called, and its stack is the caller's own", async () => {
    await using world = await openSandbox()
    for (const [name, error] of await failures(world)) {
      assert.strictEqual(error.method, name)
      assert.strictEqual(error.name, "ConversationError")
      assert.isTrue(error.message.startsWith(`${name}: `), error.message)
      const [head, ...frames] = error.stack?.split("\n") ?? []
      assert.strictEqual(head, `ConversationError: ${error.message}`)
      assert.include(frames.join("\n"), here, name)
      assert.notMatch(frames.join("\n"), machinery, name)
    }
  })

  it("P9.1: shows its message, reason and remedy when it is printed, and no machinery", async () => {
    await using world = await openSandbox()
    for (const [name, error] of await failures(world)) {
      const printed = inspect(error)
      for (const part of [error.message, error.reason._tag, error.remediation, here]) {
        assert.include(printed.replaceAll("\\'", "'"), part, name)
      }
      assert.notMatch(printed, machinery, name)
      assert.isBelow(printed.split("\n").length, 25, printed)
      // as Node prints what nobody catches
      assert.strictEqual(inspect(error, { customInspect: false }), printed)
      assert.include(inspect({ nested: error }), error.message)
    }
  })

  it("P9.1: that was caused by another shows that one too, without the machinery", async () => {
    // what Node's `fetch` rejects with where nothing listens; nothing is tried again, which would take its time
    const refused: typeof fetch = async () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:9") })
    }
    const http = { retry: Schedule.recurs(0) }
    await using client = await SignalWire({ token: "secret", host: "127.0.0.1:9", fetch: refused, http })
    const error = await failure(client.conversation.getConversations())
    assert.notMatch(inspect(error), machinery)
    assert.include(inspect(error), "ECONNREFUSED")
    assert.nestedPropertyVal(JSON.parse(JSON.stringify(error)), "cause.name", "TypeError")
  })

  it("P9.1: keeps its message when it is cloned, as for another thread", async () => {
    await using world = await openSandbox()
    for (const [name, error] of await failures(world)) {
      const clone = structuredClone(error)
      assert.instanceOf(clone, Error)
      assert.strictEqual(clone.message, error.message, name)
    }
  })

  it("P9.1: is of use as JSON", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    const error = await failure(ada.conversation.join({ addressId: "" }))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
      _tag: "ConversationError",
      method: "conversation.join",
      message: "conversation.join: invalid input: addressId: must be a non-empty string",
      isRetryable: false,
      remediation: "Correct the parameters that `errors` names.",
      reason: {
        _tag: "Invalid",
        isRetryable: false,
        remediation: "Correct the parameters that `errors` names.",
        errors: [{ code: "invalid_parameter", attribute: "addressId", message: "must be a non-empty string" }]
      }
    })
  })

  it("P9.1: that nobody catches ends Node with the message, the remedy and the caller's lines", async () => {
    await using world = await openSandbox()
    const program = fileURLToPath(new URL("programs/unhandledFailure.ts", import.meta.url))
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", program, world.info.http, world.ada.token],
        (error, _, stderr) => error === null ? reject(new Error("it did not fail")) : resolve(stderr)
      )
    })
    assert.match(printed, /^ConversationError: conversation\.join: (?:invalid input|not found)/m)
    assert.match(printed, /joinNowhere .*unhandledFailure\.ts/)
    assert.match(printed, /remediation: '/)
    assert.notMatch(printed, machinery)
  })

  it("P9.1: of a running subscription is told to onError, with the line that subscribed", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    const told = new Recorder<unknown>()
    await ada.conversation.subscribe(() => {}, { onError: told.push })
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    const [error] = await told.waitFor((errors) => errors.length > 0)
    assert.instanceOf(error, ConversationError)
    assert.deepInclude(error, { method: "conversation.subscribe" })
    assert.include(inspect(error), here)
    assert.notMatch(inspect(error), machinery)
  })

  it("P5.2: of a callback keeps its own lines, and loses the machinery's", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId } = await joinBoth(world, { logger })
    const heard = new Recorder<unknown>()
    await ada.conversation.subscribe((message) => {
      heard.push(message)
      throw new Error("bad callback")
    })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    await heard.waitFor((messages) => messages.length > 0)
    const [entry] = logger.entries
    assert.deepInclude(entry, { level: "error", message: "the callback of a subscription failed" })
    assert.include(inspect(entry), here)
    assert.notMatch(inspect(entry), machinery)
  })

  it("P5.2: of an async callback for the connection's state is told to the logger, and to nobody else", async () => {
    await using world = await openSandbox()
    const told = new Recorder<string>()
    const ada = await world.client({ token: world.ada.token, logger: { warn: () => {}, error: told.push } })
    await callUntyped(ada.connection.onChange, async () => {
      throw new Error("bad callback")
    })
    const [message] = await told.waitFor((messages) => messages.length > 0)
    assert.strictEqual(message, "the callback of connection.onChange failed")
  })

  it("P9.1: can be told apart exhaustively by its reason", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    /** It compiles because every reason has its case. */
    const advise = (reason: Reason): string => {
      switch (reason._tag) {
        case "Unauthorized":
        case "Forbidden":
          return "another token"
        case "NotFound":
          return "another address"
        case "Invalid":
          return reason.errors.map(({ attribute }) => attribute).join()
        case "RateLimited":
          return `again in ${reason.retryAfterMillis ?? 1000} ms`
        case "Transport":
        case "Timeout":
        case "ServerError":
        case "Overloaded":
        case "StorageUnavailable":
          return "again later"
        case "Unconfirmed":
          return reason.clientId
        case "Malformed":
        case "ForeignLink":
        case "Refused":
        case "Defect":
        case "UnreadableCursor":
        case "Closed":
          return "give up"
      }
    }
    assert.strictEqual(advise((await failure(ada.conversation.join({ addressId: "" }))).reason), "addressId")
    assert.strictEqual(advise((await failure(ada.address.getAddress({ id: nowhere }))).reason), "another address")
  })

  it("is never made of the reason that a signal was aborted with", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    const reason = new TypeError("mine")
    const { stack } = reason
    const rejected = await ada.conversation.getMessages({ signal: AbortSignal.abort(reason) }).catch((error: unknown) =>
      error
    )
    assert.strictEqual(rejected, reason)
    assert.strictEqual(reason.stack, stack)
  })
})
