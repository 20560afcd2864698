/** The options of a call, and the signal among them. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { assert, describe, it } from "vitest"
import { abortReason, isAbortSignal, throwIfAborted } from "../src/internal/abortSignal.ts"
import { normalizeOptions, parameterError } from "../src/internal/options.ts"
import { requireHost, requireTimeout, requireUrls, validateOptions } from "../src/internal/validateOptions.ts"

const thrown = (call: () => unknown): unknown => {
  try {
    call()
  } catch (error) {
    return error
  }
  return "nothing"
}
/** The parameter that a call rejects, or what else it throws. */
const rejected = (call: () => unknown): unknown => {
  const error = thrown(call)
  return error instanceof ConversationError && error.reason._tag === "Invalid"
    ? error.reason.errors[0]?.attribute
    : error
}

/** Options of untyped JavaScript. */
const untyped = (value: unknown): object => JSON.parse(JSON.stringify({ value })).value

/** A signal as a polyfill makes it, without a reason. */
const polyfill = (aborted: boolean): AbortSignal =>
  Object.create(AbortSignal.prototype, { aborted: { value: aborted }, reason: { value: undefined } })

describe("the options of a call", () => {
  it("are copied without those that are null or undefined", () => {
    const options = { a: 0, b: "", c: false, d: null, e: undefined, f: Number.NaN }
    const copy = normalizeOptions(options)
    assert.deepStrictEqual<object>(copy, { a: 0, b: "", c: false, f: Number.NaN })
    assert.notStrictEqual(copy, options)
    assert.lengthOf(Object.keys(options), 6)
  })

  it("are none if they are null", () => {
    assert.deepStrictEqual(normalizeOptions(untyped(null)), {})
  })

  it.each([["text"], [5], [true]])("must be an object: %j", (options) => {
    assert.strictEqual(rejected(() => normalizeOptions(untyped(options))), "options")
  })

  it("must be an object that is neither a function nor a signal itself", () => {
    for (const options of [() => {}, new AbortController().signal]) {
      assert.strictEqual(rejected(() => normalizeOptions(options)), "options")
    }
  })

  it("that are invalid are reported with their name and what they must be", () => {
    const error = parameterError("limit", "must be a number")
    assert.strictEqual(
      rejected(() => {
        throw error
      }),
      "limit"
    )
    assert.include(error.message, "must be a number")
  })
})

describe("a timeout, a host, and URLs", () => {
  it("may be missing", () => {
    assert.deepStrictEqual([requireTimeout(undefined), requireHost(undefined), requireUrls(undefined)], [
      undefined,
      undefined,
      undefined
    ])
  })

  it("are returned if they are valid", () => {
    const urls = { http: "h", ws: "w" }
    assert.deepStrictEqual([requireTimeout("1 second"), requireTimeout(5)], ["1 second", 5])
    assert.deepStrictEqual([requireHost("space.example"), requireUrls(urls)], ["space.example", urls])
  })

  it("are rejected otherwise, with their name", () => {
    assert.strictEqual(rejected(() => requireTimeout(-1)), "timeout")
    for (const host of [5, {}, false]) assert.strictEqual(rejected(() => requireHost(host)), "host")
  })
})

describe("the options of a client", () => {
  it.each<[object, string]>([
    [{ dialect: "other" }, "dialect"],
    [{ dialect: 1 }, "dialect"],
    [{ onRefreshToken: "f" }, "onRefreshToken"],
    [{ fetch: {} }, "fetch"],
    [{ WebSocket: {} }, "WebSocket"],
    [{ logger: "console" }, "logger"],
    [{ logger: {} }, "logger.warn"],
    [{ logger: { warn: () => {} } }, "logger.error"],
    [{ logger: { warn: () => {}, error: 1 } }, "logger.error"],
    [{ sweep: true }, "sweep"],
    [{ sweep: 5 }, "sweep"],
    [{ http: 5 }, "http"],
    [{ http: { retry: {} } }, "http.retry"],
    [{ subscription: "s" }, "subscription"],
    [{ subscription: { agent: 5 } }, "subscription.agent"],
    [{ subscription: { backoff: 5 } }, "subscription.backoff"]
  ])("are rejected with their path: %j", (options, path) => {
    assert.strictEqual(rejected(() => validateOptions(options)), path)
  })

  it.each<[object]>([
    [{}],
    [{ dialect: "auto" }],
    [{ dialect: "address" }],
    [{ dialect: "group" }],
    [{ dialect: null, logger: undefined, http: null, subscription: null, sweep: null }],
    [{ logger: { warn: () => {}, error: () => {} }, fetch: () => {}, WebSocket, onRefreshToken: () => {} }],
    [{ sweep: false }],
    [{ sweep: {} }],
    [{ http: {}, subscription: {} }],
    [{ http: { retry: null }, subscription: { agent: null, backoff: null } }],
    [{ subscription: { agent: "", backoff: {} } }],
    [{ unknown: 5 }]
  ])("may be missing, and may be %j", (options) => {
    assert.strictEqual(thrown(() => validateOptions(options)), "nothing")
  })

  it("may throw an error of their own when they are read", () => {
    const error = new Error("mine")
    const options = {
      get logger() {
        throw error
      }
    }
    assert.strictEqual(thrown(() => validateOptions(options)), error)
  })
})

describe("an abort signal", () => {
  it("is recognized by what it has, not by its class", () => {
    const signals = [new AbortController().signal, { aborted: false, addEventListener: () => {} }]
    const others = [undefined, null, "signal", 5, {}, { aborted: false }, { addEventListener: () => {} }, () => {}]
    assert.isTrue(signals.every(isAbortSignal))
    assert.isFalse(others.some(isAbortSignal))
  })

  it.each([["text"], [null], [0]])("throws its reason, whatever that is: %j", (reason) => {
    const signal = AbortSignal.abort(reason)
    assert.strictEqual(abortReason(signal), reason)
    assert.strictEqual(thrown(() => throwIfAborted(signal)), reason)
  })

  it("without a reason throws an AbortError", () => {
    const error = thrown(() => throwIfAborted(polyfill(true)))
    assert.instanceOf(error, Error)
    assert.strictEqual(String(error), "AbortError: this operation was aborted")
  })

  it("throws nothing unless it is aborted", () => {
    for (const signal of [undefined, new AbortController().signal, polyfill(false)]) {
      assert.strictEqual(thrown(() => throwIfAborted(signal)), "nothing")
    }
  })
})
