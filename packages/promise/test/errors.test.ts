/**
 * Errors as the caller sees them: short, with the caller's own stack frames, and without internal ones.
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
const unknownAddressId = "00000000-0000-4000-8000-00000000dead"

/** Stack frames of Effect. */
const internalFrame = /FiberImpl|~effect|[\\/]effect[\\/](dist|src)[\\/]/

/** A failing call of every method, with its error. */
const failures = async (sandbox: TestSandbox): Promise<ReadonlyArray<readonly [string, ConversationError]>> => {
  const { ada, addressId } = await joinBoth(sandbox)
  const page = await ada.conversation.getMessages()
  const elsewhere = await sandbox.client({
    token: sandbox.ada.token,
    urls: { http: sandbox.info.http, ws: "ws://127.0.0.1:9" }
  })
  await elsewhere.disconnect()
  const missing = { addressId: "" }
  const calls: ReadonlyArray<readonly [string, Promise<unknown>]> = [
    ["SignalWire", SignalWire({ token: "" })],
    ["updateToken", ada.updateToken("")],
    ["address.getAddress", ada.address.getAddress({ id: unknownAddressId })],
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
  it("P9.1: names the method that was called, and its stack is the caller's", async () => {
    await using sandbox = await openSandbox()
    for (const [name, error] of await failures(sandbox)) {
      assert.strictEqual(error.method, name)
      assert.strictEqual(error.name, "ConversationError")
      assert.isTrue(error.message.startsWith(`${name}: `), error.message)
      const [head, ...frames] = error.stack?.split("\n") ?? []
      assert.strictEqual(head, `ConversationError: ${error.message}`)
      assert.include(frames.join("\n"), here, name)
      assert.notMatch(frames.join("\n"), internalFrame, name)
    }
  })

  it("P9.1: prints its message, reason and remediation, and no internal frames", async () => {
    await using sandbox = await openSandbox()
    for (const [name, error] of await failures(sandbox)) {
      const printed = inspect(error)
      for (const part of [error.message, error.reason._tag, error.remediation, here]) {
        assert.include(printed.replaceAll("\\'", "'"), part, name)
      }
      assert.notMatch(printed, internalFrame, name)
      assert.isBelow(printed.split("\n").length, 25, printed)
      // the way Node prints an uncaught error
      assert.strictEqual(inspect(error, { customInspect: false }), printed)
      assert.include(inspect({ nested: error }), error.message)
    }
  })

  it("P9.1: prints its cause, without internal frames", async () => {
    // like Node's `fetch` when nothing listens; without retries, which would take time
    const refusingFetch: typeof fetch = async () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:9") })
    }
    const http = { retry: Schedule.recurs(0) }
    await using client = await SignalWire({ token: "secret", host: "127.0.0.1:9", fetch: refusingFetch, http })
    const error = await failure(client.conversation.getConversations())
    assert.notMatch(inspect(error), internalFrame)
    assert.include(inspect(error), "ECONNREFUSED")
    assert.nestedPropertyVal(JSON.parse(JSON.stringify(error)), "cause.name", "TypeError")
  })

  it("P9.1: keeps its message when it is cloned, for example for another thread", async () => {
    await using sandbox = await openSandbox()
    for (const [name, error] of await failures(sandbox)) {
      const clone = structuredClone(error)
      assert.instanceOf(clone, Error)
      assert.strictEqual(clone.message, error.message, name)
    }
  })

  it("P9.1: serializes to JSON", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const error = await failure(ada.conversation.join({ addressId: "" }))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
      _tag: "ConversationError",
      method: "conversation.join",
      message: "conversation.join: invalid input: addressId: must be a non-empty string",
      isRetryable: false,
      remediation: "Correct the parameters listed in `errors`.",
      reason: {
        _tag: "Invalid",
        isRetryable: false,
        remediation: "Correct the parameters listed in `errors`.",
        errors: [{ code: "invalid_parameter", attribute: "addressId", message: "must be a non-empty string" }]
      }
    })
  })

  it("P9.1: ends Node with its message, remediation and the caller's stack when it is not caught", async () => {
    await using sandbox = await openSandbox()
    const program = fileURLToPath(new URL("programs/unhandledFailure.ts", import.meta.url))
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", program, sandbox.info.http, sandbox.ada.token],
        (error, _, stderr) => error === null ? reject(new Error("it did not fail")) : resolve(stderr)
      )
    })
    assert.match(printed, /^ConversationError: conversation\.join: (?:invalid input|not found)/m)
    assert.match(printed, /joinUnknownAddress .*unhandledFailure\.ts/)
    assert.match(printed, /remediation: '/)
    assert.notMatch(printed, internalFrame)
  })

  it("P9.1: of a running subscription is passed to onError, with the stack of the subscribe call", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const reported = new Recorder<unknown>()
    await ada.conversation.subscribe(() => {}, { onError: reported.push })
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    const [error] = await reported.waitFor((errors) => errors.length > 0)
    assert.instanceOf(error, ConversationError)
    assert.deepInclude(error, { method: "conversation.subscribe" })
    assert.include(inspect(error), here)
    assert.notMatch(inspect(error), internalFrame)
  })

  it("P5.2: of a callback keeps its own stack frames, without internal ones", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId } = await joinBoth(sandbox, { logger })
    const received = new Recorder<unknown>()
    await ada.conversation.subscribe((message) => {
      received.push(message)
      throw new Error("bad callback")
    })
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    await received.waitFor((messages) => messages.length > 0)
    const [entry] = logger.entries
    assert.deepInclude(entry, { level: "error", message: "the callback of a subscription failed" })
    assert.include(inspect(entry), here)
    assert.notMatch(inspect(entry), internalFrame)
  })

  it("P5.2: of an async connection.onChange callback is logged", async () => {
    await using sandbox = await openSandbox()
    const reported = new Recorder<string>()
    const ada = await sandbox.client({ token: sandbox.ada.token, logger: { warn: () => {}, error: reported.push } })
    await callUntyped(ada.connection.onChange, async () => {
      throw new Error("bad callback")
    })
    const [message] = await reported.waitFor((messages) => messages.length > 0)
    assert.strictEqual(message, "the callback of connection.onChange failed")
  })

  it("P9.1: can be matched exhaustively by its reason", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    /** Compiles only if every reason has a case. */
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
          return `try again in ${reason.retryAfterMillis ?? 1000} ms`
        case "Transport":
        case "Timeout":
        case "ServerError":
        case "Overloaded":
        case "StorageUnavailable":
          return "try again later"
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
    assert.strictEqual(
      advise((await failure(ada.address.getAddress({ id: unknownAddressId }))).reason),
      "another address"
    )
  })

  it("never replaces the reason of an aborted signal", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const reason = new TypeError("mine")
    const { stack } = reason
    const rejected = await ada.conversation.getMessages({ signal: AbortSignal.abort(reason) }).catch((error: unknown) =>
      error
    )
    assert.strictEqual(rejected, reason)
    assert.strictEqual(reason.stack, stack)
  })
})
