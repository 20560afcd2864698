/**
 * Subscriptions with callbacks that fail, sockets that drop, and servers that send events twice.
 */
import type { ConnectionState, ConversationEvent, Gap, SubscribeOptions } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import {
  callUntyped,
  eventLoopTurns,
  eventually,
  failure,
  fastOptions,
  invalidFields,
  joinBoth,
  makeLogger,
  MessageRecorder,
  openSandbox,
  Recorder,
  type TestSandbox,
  texts
} from "./support.ts"

const byText = (a: string | null, b: string | null): number => String(a) < String(b) ? -1 : 1

const refuseConnections = { match: { on: "connect" }, action: { type: "refuse" } } as const

describe.each(["address", "group"] as const)("subscriptions, dialect %s", (dialect) => {
  it("P5.2: pass the error of a callback to onError, and lose no events of any subscription", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [failing, neighbour, errors] = [new MessageRecorder(), new MessageRecorder(), new Recorder<unknown>()]
    await ada.conversation.subscribe((message) => {
      failing.push(message)
      throw new Error(`bad: ${message.text}`)
    }, { onError: errors.push })
    await ada.conversation.subscribe(neighbour.push)
    for (const text of ["1", "2", "3"]) {
      await grace.conversation.sendMessage({ addressId, text })
    }
    assert.deepStrictEqual(await failing.waitForText("3"), ["1", "2", "3"])
    assert.deepStrictEqual(await neighbour.waitForText("3"), ["1", "2", "3"])
    const reported = await errors.waitFor((items) => items.length === 3)
    assert.deepStrictEqual(reported.map(String), ["Error: bad: 1", "Error: bad: 2", "Error: bad: 3"])
  })

  it("P1.1: receive messages that were stored while the socket was down once and in order", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await received.waitForText("1")
    await sandbox.admin.setFaults([refuseConnections])
    assert.strictEqual(await sandbox.admin.drop({ subscriberId: sandbox.ada.id }), 1)
    for (const text of ["2", "3", "4"]) {
      await grace.conversation.sendMessage({ addressId, text })
    }
    assert.deepStrictEqual(received.items.length, 1)
    await sandbox.admin.clearFaults()
    await received.waitForText("4")
    await grace.conversation.sendMessage({ addressId, text: "5" })
    assert.deepStrictEqual(await received.waitForText("5"), ["1", "2", "3", "4", "5"])
  })

  it("P1.1: receive messages that the server never pushed after a drop", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await sandbox.admin.seed([{ from: sandbox.grace.id, addressId, text: "2", push: false }])
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await received.waitForText("2")
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual(await received.waitForText("3"), ["1", "2", "3"])
  })

  it("P2.1: receive an event once that the server sends twice", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: sandbox.ada.id },
      action: { type: "duplicate" }
    }])
    for (const text of ["1", "2"]) {
      await grace.conversation.sendMessage({ addressId, text })
    }
    await sandbox.admin.clearFaults()
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual(await received.waitForText("3"), ["1", "2", "3"])
  })

  it("P1.1 P2.1: and timelines survive drops without gap or repetition", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const sent = Array.from({ length: 12 }, (_, index) => `${index}`)
    const read: Array<string | null> = []
    const reading = (async () => {
      for await (const event of ada.conversation.timeline({ addressId })) {
        assert.notStrictEqual(event._tag, "Gap")
        if (event._tag !== "Message") continue
        read.push(event.message.text)
        if (event.message.text === sent.at(-1)) return
      }
    })()
    for (const [index, text] of sent.entries()) {
      await grace.conversation.sendMessage({ addressId, text })
      if (index % 3 === 2) await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    }
    await reading
    assert.deepStrictEqual(read, sent)
  })
})

/** A `fetch` whose history has only the newest message once `forget` was called. */
const makeForgetful = () => {
  let forgets = false
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    const url = input instanceof Request ? input.url : String(input)
    if (!forgets || !url.includes("/messages")) return response
    const body: unknown = await response.json()
    const data = typeof body === "object" && body !== null && "data" in body && Array.isArray(body.data)
      ? body.data
      : []
    return Response.json({ data: data.slice(0, 1), links: {} })
  }
  return {
    fetch,
    forget: () => {
      forgets = true
    }
  }
}

describe("a gap", () => {
  /** A subscription that misses a message, because history only has the last message sent while the socket was down. */
  const subscribeWithGap = async (sandbox: TestSandbox, options: SubscribeOptions) => {
    const { fetch, forget } = makeForgetful()
    const { ada, addressId, grace } = await joinBoth(sandbox, { fetch })
    const received = new Recorder<ConversationEvent>()
    await ada.conversation.subscribe(received.push, options)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await received.waitFor((items) => items.length === 1)
    await sandbox.admin.setFaults([refuseConnections])
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await grace.conversation.sendMessage({ addressId, text: "3" })
    forget()
    await sandbox.admin.clearFaults()
    return received.waitFor((items) => items.length === 2)
  }

  it("P3.3: is passed to onGap before the messages after it arrive", async () => {
    await using sandbox = await openSandbox()
    const gaps: Array<Gap> = []
    const [one, three] = await subscribeWithGap(sandbox, { onGap: (gap) => gaps.push(gap) })
    assert.deepStrictEqual([one?.text, three?.text], ["1", "3"])
    const [gap] = gaps
    assert.deepStrictEqual(gaps.map(({ reason }) => reason), ["history-too-short"])
    assert.isBelow(gap?.from ?? Infinity, one?.ts ?? 0)
    // a gap has milliseconds, a message has microseconds
    assert.closeTo(gap?.to ?? 0, three?.ts ?? 0, 0.002)
  })

  it("P5.2: passes the error of onGap to onError, and the subscription continues", async () => {
    await using sandbox = await openSandbox()
    const errors = new Recorder<unknown>()
    const received = await subscribeWithGap(sandbox, {
      onGap: ({ reason }) => {
        throw new Error(reason)
      },
      onError: errors.push
    })
    assert.deepStrictEqual(received.map(({ text }) => text), ["1", "3"])
    assert.deepStrictEqual(errors.items.map(String), ["Error: history-too-short"])
  })
})

describe("a session", () => {
  it.each(
    [
      ["a close without a frame", "close"],
      ["an event that is lost", "drop"],
      ["a restart", "restart"]
    ] as const
  )("P1.1 P2.1: continues after %s, and nothing is lost or repeated", async (_, type) => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await received.waitForText("1")
    await sandbox.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: sandbox.ada.id },
      action: { type },
      times: 1
    }])
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await grace.conversation.sendMessage({ addressId, text: "3" })
    if (type === "drop") await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await received.waitFor((items) => items.length === 3)
    await grace.conversation.sendMessage({ addressId, text: "4" })
    const texts = await received.waitForText("4")
    // the message found in history arrives after the live one
    assert.deepStrictEqual(type === "drop" ? texts.toSorted(byText) : texts, ["1", "2", "3", "4"])
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("P1.1 P2.1: continues after a truncated event, logs it, and receives its message after the next drop", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: sandbox.ada.id },
      action: { type: "malformed" },
      times: 1
    }])
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await received.waitForText("2")
    await eventually(() => assert.deepStrictEqual(logger.entries.map(({ level }) => level), ["warn"]))
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await received.waitForText("1")
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual((await received.waitForText("3")).toSorted(byText), ["1", "2", "3"])
  })

  it("P5.2: continues when the logger throws", async () => {
    await using sandbox = await openSandbox()
    let logged = 0
    const throwing = () => {
      logged++
      throw new Error("bad logger")
    }
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger: { warn: throwing, error: throwing } })
    const received = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      received.push(message)
      throw new Error("bad callback")
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await received.waitForText("2"), ["1", "2"])
    assert.isAtLeast(logged, 2)
  })
})

describe("a callback", () => {
  it("P5.2: that rejects passes its error to onError, and later events arrive", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [received, errors] = [new MessageRecorder(), new Recorder<unknown>()]
    await ada.conversation.subscribe(async (message) => {
      await Promise.resolve()
      received.push(message)
      throw new Error(`late: ${message.text}`)
    }, { onError: errors.push })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await received.waitForText("2"), ["1", "2"])
    const reported = await errors.waitFor((items) => items.length === 2)
    assert.deepStrictEqual(reported.map(String), ["Error: late: 1", "Error: late: 2"])
  })

  it("P5.2: may return a foreign kind of promise, whose rejection is passed to onError", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const errors = new Recorder<unknown>()
    const thenable = {
      // some libraries have promises of their own
      // oxlint-disable-next-line unicorn/no-thenable
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error("foreign"))
    }
    await ada.conversation.subscribe(() => thenable, { onError: errors.push })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    assert.deepStrictEqual((await errors.waitFor((items) => items.length > 0)).map(String), ["Error: foreign"])
  })

  it("P5.2: that fails and an onError that fails are both logged, and later events arrive", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger })
    const received = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      received.push(message)
      throw new Error("bad callback")
    }, {
      onError: () => {
        throw new Error("bad onError")
      }
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await received.waitForText("2"), ["1", "2"])
    const details = logger.entries.map(({ details, level }) => `${level} ${String(details)}`)
    const both = ["error Error: bad callback", "error Error: bad onError"]
    assert.deepStrictEqual(details, [...both, ...both])
  })

  it.each([
    ["a stack that is not a string", () => Object.assign(new Error("odd"), { stack: 5 })],
    ["a cause that throws", () =>
      Object.defineProperty(new Error("odd"), "cause", {
        get: () => {
          throw new Error("cause")
        }
      })],
    ["a name that is not a string", () => Object.assign(new Error("odd"), { name: Symbol("odd") })]
  ])(
    "P5.2: may throw or reject with an error with %s, which is passed to onError, and later events arrive",
    async (_, make) => {
      await using sandbox = await openSandbox()
      const { ada, addressId, grace } = await joinBoth(sandbox)
      const [received, errors] = [new MessageRecorder(), new Recorder<unknown>()]
      const errorOf = { "1": make(), "2": make() }
      await ada.conversation.subscribe((message) => {
        received.push(message)
        if (message.text === "1") throw errorOf[1]
        return message.text === "2" ? Promise.reject(errorOf[2]) : undefined
      }, { onError: errors.push })
      for (const text of ["1", "2", "3"]) await grace.conversation.sendMessage({ addressId, text })
      assert.deepStrictEqual(await received.waitForText("3"), ["1", "2", "3"])
      assert.strictEqual(errors.items[0], errorOf[1])
      assert.strictEqual(errors.items[1], errorOf[2])
    }
  )

  it("P5.2: may fail while the logger rejects, and later events arrive", async () => {
    await using sandbox = await openSandbox()
    const rejections: Array<unknown> = []
    const onRejection = (error: unknown) => rejections.push(error)
    process.on("unhandledRejection", onRejection)
    const reject = (): unknown => Promise.reject(new Error("no disk"))
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger: { warn: reject, error: reject } })
    const received = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      received.push(message)
      throw new Error("bad callback")
    })
    for (const text of ["1", "2"]) await grace.conversation.sendMessage({ addressId, text })
    assert.deepStrictEqual(await received.waitForText("2"), ["1", "2"])
    // Node reports unhandled rejections at the end of a turn
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    process.off("unhandledRejection", onRejection)
    assert.deepStrictEqual(rejections, [])
  })

  it("P5.2: that throws without onError is logged", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(sandbox, { logger })
    await ada.conversation.subscribe(() => {
      throw new Error("bad callback")
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await eventually(() => assert.deepStrictEqual(logger.entries.map(({ level }) => level), ["error"]))
    assert.strictEqual(String(logger.entries[0]?.details), "Error: bad callback")
  })

  it("P5.2: that never settles blocks only its own subscription", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const stuck = new MessageRecorder()
    const received = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      stuck.push(message)
      return new Promise(() => {})
    })
    await ada.conversation.subscribe(received.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await received.waitForText("2"), ["1", "2"])
    assert.deepStrictEqual(texts(stuck.items), ["1"])
  })

  it("P5.4: that returns Promises is awaited before it is called again, in order", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const called = new MessageRecorder()
    const settle: Array<() => void> = []
    await ada.conversation.subscribe((message) => {
      called.push(message)
      return new Promise<void>((resolve) => void settle.push(resolve))
    })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    for (const text of ["1", "2", "3"]) await grace.conversation.sendMessage({ addressId, text })
    await received.waitForText("3")
    for (const [index, text] of ["1", "2", "3"].entries()) {
      assert.deepStrictEqual((await called.waitForText(text)).length, index + 1)
      await eventLoopTurns(10)
      assert.strictEqual(called.items.length, index + 1)
      settle[index]?.()
    }
  })

  it("P5.4: has at most as many pending calls as concurrency allows", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const called = new MessageRecorder()
    const settle: Array<() => void> = []
    await ada.conversation.subscribe((message) => {
      called.push(message)
      return new Promise<void>((resolve) => void settle.push(resolve))
    }, { concurrency: 2 })
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push)
    for (const text of ["1", "2", "3"]) await grace.conversation.sendMessage({ addressId, text })
    await received.waitForText("3")
    await eventLoopTurns(10)
    assert.deepStrictEqual(texts(called.items), ["1", "2"])
    settle[0]?.()
    assert.deepStrictEqual(await called.waitForText("3"), ["1", "2", "3"])
  })

  it.each([0, -1, 1.5, "2", {}])("P9.2: must have a valid concurrency: %j", async (concurrency) => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.subscribe, () => {}, { concurrency }))
    assert.deepStrictEqual(invalidFields(error), ["concurrency"])
  })

  it("P8.3: gets no error for a refused token that a refresh replaces", async () => {
    await using sandbox = await openSandbox()
    const token = (await sandbox.admin.mintToken({ subscriberId: sandbox.ada.id })).token
    const { ada, addressId, grace } = await joinBoth(sandbox, { onRefreshToken: () => token })
    const errors = new Recorder<unknown>()
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push, { onError: errors.push })
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "meanwhile" })
    await received.waitForText("meanwhile")
    assert.deepStrictEqual(errors.items, [])
  })

  it("P8.3: gets one error for a refused token through onError, and continues with another token", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const errors = new Recorder<unknown>()
    const received = new MessageRecorder()
    await ada.conversation.subscribe(received.push, { onError: errors.push })
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    const [error] = await errors.waitFor((items) => items.length > 0)
    assert.nestedInclude(error, { _tag: "ConversationError", "reason._tag": "Unauthorized", isRetryable: false })
    assert.strictEqual(ada.connection.state.reason?._tag, "Unauthorized")
    await grace.conversation.sendMessage({ addressId, text: "meanwhile" })
    await ada.updateToken((await sandbox.admin.mintToken({ subscriberId: sandbox.ada.id })).token)
    await received.waitForText("meanwhile")
    assert.strictEqual(errors.items.length, 1)
  })

  it("P8.3: gets one error for each refused token, and none for tokens replaced before it started", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const errors = new Recorder<unknown>()
    const received = new MessageRecorder()
    await ada.conversation.subscribe(() => {}, { onError: errors.push })
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await errors.waitFor((items) => items.length === 1)
    await ada.updateToken("another-bad-one")
    await errors.waitFor((items) => items.length === 2)
    await ada.updateToken((await sandbox.admin.mintToken({ subscriberId: sandbox.ada.id })).token)
    const later = new Recorder<unknown>()
    await ada.conversation.subscribe(received.push, { onError: later.push })
    await grace.conversation.sendMessage({ addressId, text: "hello" })
    await received.waitForText("hello")
    assert.deepStrictEqual([errors.items.length, later.items.length], [2, 0])
  })
})

describe("a subscription that starts after another token was set", () => {
  it("P8.3: gets no error for the token before it, although history was not read again yet", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const errors = new Recorder<unknown>()
    await ada.conversation.subscribe(() => {}, { onError: errors.push })
    await sandbox.admin.setFaults([{
      match: { on: "http", method: "GET" },
      action: { type: "answer", status: 401, body: { error: "Unauthorized" } },
      times: 1_000_000
    }])
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await errors.waitFor((items) => items.length === 1)
    assert.strictEqual(ada.connection.state._tag, "Connected")
    await ada.updateToken((await sandbox.admin.mintToken({ subscriberId: sandbox.ada.id })).token)
    const later = new Recorder<unknown>()
    const subscribing = ada.conversation.subscribe(() => {}, { onError: later.push })
    await sandbox.admin.clearFaults()
    await subscribing
    assert.deepStrictEqual(later.items, [])
  })
})

describe("connection", () => {
  it("is Idle until something subscribes, then Connected, and Closed after disconnect", async () => {
    await using sandbox = await openSandbox()
    const ada = await sandbox.client({ token: sandbox.ada.token })
    await ada.conversation.getConversations()
    assert.deepStrictEqual(ada.connection.state, { _tag: "Idle", reason: null })
    assert.deepStrictEqual(await sandbox.admin.sessions(), [])
    await ada.conversation.subscribe(() => {})
    assert.deepStrictEqual(ada.connection.state, { _tag: "Connected", resumed: false, catchingUp: false, reason: null })
    await ada.disconnect()
    assert.deepStrictEqual(ada.connection.state, { _tag: "Closed", reason: null })
  })

  it("reports a drop through onChange, with its reason, and the recovery", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const states = new Recorder<ConnectionState>()
    const stop = ada.connection.onChange(states.push)
    await ada.conversation.subscribe(() => {})
    await states.waitFor((items) => items.at(-1)?._tag === "Connected")
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await states.waitFor((items) => items.filter(({ _tag }) => _tag === "Connected").length === 2)
    stop()
    const tags = states.items.map(({ _tag }) => _tag)
    assert.deepStrictEqual([tags[0], tags.at(-1)], ["Idle", "Connected"])
    const reconnecting = states.items.find((state) => state._tag === "Reconnecting")
    if (reconnecting?._tag !== "Reconnecting") throw new Error("never reconnecting")
    assert.strictEqual(reconnecting.reason._tag, "Transport")
    assert.isAtLeast(reconnecting.attempt, 1)
    assert.isAtMost(reconnecting.delayMillis ?? Number.POSITIVE_INFINITY, 50)
    assert.deepInclude(states.items.at(-1), { _tag: "Connected", resumed: true })
  })

  it("P7.2: reports nothing after onChange was stopped, also from within the callback", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    const states = new Recorder<ConnectionState>()
    const all = new Recorder<ConnectionState>()
    ada.connection.onChange(all.push)
    const stop = ada.connection.onChange((state) => {
      states.push(state)
      stop()
    })
    await ada.conversation.subscribe(() => {})
    await all.waitFor((items) => items.at(-1)?._tag === "Connected")
    assert.deepStrictEqual(states.items, [{ _tag: "Idle", reason: null }])
  })

  it("P5.2: keeps calling an onChange callback that throws", async () => {
    await using sandbox = await openSandbox()
    const logger = makeLogger()
    const { ada } = await joinBoth(sandbox, { logger })
    const states = new Recorder<ConnectionState>()
    ada.connection.onChange((state) => {
      states.push(state)
      throw new Error("bad callback")
    })
    await ada.conversation.subscribe(() => {})
    await states.waitFor((items) => items.at(-1)?._tag === "Connected")
    assert.isAtLeast(logger.entries.length, 2)
    assert.strictEqual(String(logger.entries[0]?.details), "Error: bad callback")
  })
})

describe("two clients in one process", () => {
  it("receive and send with their own tokens, and have independent lifetimes", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [byAda, byGrace] = [new Recorder<ConversationEvent>(), new Recorder<ConversationEvent>()]
    await ada.conversation.subscribe(byAda.push)
    await grace.conversation.subscribe(byGrace.push)
    await ada.conversation.sendMessage({ addressId, text: "from ada" })
    await byGrace.waitFor((items) => items.length === 1)
    await byAda.waitFor((items) => items.length === 1)
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId, text: "from grace" })
    const received = await byGrace.waitFor((items) => items.length === 2)
    assert.deepStrictEqual(received.map(({ user_id }) => user_id), [sandbox.ada.id, sandbox.grace.id])
    assert.strictEqual(byAda.items.length, 1)
    assert.strictEqual(grace.connection.state._tag, "Connected")
  })

  it("do not share a refused token", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    await sandbox.admin.expireToken(sandbox.ada.token)
    const [refused, served] = await Promise.allSettled([
      ada.conversation.join({ addressId }),
      grace.conversation.join({ addressId })
    ])
    assert.deepStrictEqual([refused.status, served.status], ["rejected", "fulfilled"])
  })
})

it("subscribe leaves no session when it fails", async () => {
  await using sandbox = await openSandbox()
  const client = await sandbox.client({ token: "not-a-token", subscription: fastOptions.subscription })
  const outcome = await client.conversation.subscribe(() => {}, { timeout: 300 }).then(() => "done", () => "failed")
  assert.strictEqual(outcome, "failed")
  assert.deepStrictEqual(await sandbox.admin.sessions(), [])
})
