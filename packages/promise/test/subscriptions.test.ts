/**
 * Subscriptions through callbacks that fail, sockets that drop and servers that repeat themselves.
 */
import type { ConnectionState, ConversationEvent, Gap, SubscribeOptions } from "@effect-signalwire/promise"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import {
  callUntyped,
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

const noDial = { match: { on: "connect" }, action: { type: "refuse" } } as const

describe.each(["address", "group"] as const)("subscriptions, dialect %s", (dialect) => {
  it("P5.2: a callback that throws is told to onError, and loses neither its neighbour's events nor its own", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
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
    const told = await errors.waitFor((items) => items.length === 3)
    assert.deepStrictEqual(told.map(String), ["Error: bad: 1", "Error: bad: 2", "Error: bad: 3"])
  })

  it("P1.1: what is stored while the socket is down arrives once and in order", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await heard.waitForText("1")
    await world.admin.setFaults([noDial])
    assert.strictEqual(await world.admin.drop({ subscriberId: world.ada.id }), 1)
    for (const text of ["2", "3", "4"]) {
      await grace.conversation.sendMessage({ addressId, text })
    }
    assert.deepStrictEqual(heard.items.length, 1)
    await world.admin.clearFaults()
    await heard.waitForText("4")
    await grace.conversation.sendMessage({ addressId, text: "5" })
    assert.deepStrictEqual(await heard.waitForText("5"), ["1", "2", "3", "4", "5"])
  })

  it("P1.1: what the server never pushed is found in history after a drop", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await world.admin.seed([{ from: world.grace.id, addressId, text: "2", push: false }])
    await world.admin.drop({ subscriberId: world.ada.id })
    await heard.waitForText("2")
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual(await heard.waitForText("3"), ["1", "2", "3"])
  })

  it("P2.1: an event that the server sends twice is called back once", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await world.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: world.ada.id },
      action: { type: "duplicate" }
    }])
    for (const text of ["1", "2"]) {
      await grace.conversation.sendMessage({ addressId, text })
    }
    await world.admin.clearFaults()
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual(await heard.waitForText("3"), ["1", "2", "3"])
  })

  it("P1.1 P2.1: a timeline goes through drops without gap or repetition", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
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
      if (index % 3 === 2) await world.admin.drop({ subscriberId: world.ada.id })
    }
    await reading
    assert.deepStrictEqual(read, sent)
  })
})

/** A history that forgets everything but its newest message once it is told to. */
const makeForgetful = () => {
  let forgets = false
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await globalThis.fetch(input, init)
    const url = input instanceof Request ? input.url : String(input)
    if (!forgets || !url.includes("/messages")) return answer
    const body: unknown = await answer.json()
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
  /** A subscription whose history forgets what came while its socket was down, but for the last message. */
  const missing = async (world: TestSandbox, options: SubscribeOptions) => {
    const { fetch, forget } = makeForgetful()
    const { ada, addressId, grace } = await joinBoth(world, { fetch })
    const heard = new Recorder<ConversationEvent>()
    await ada.conversation.subscribe(heard.push, options)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await heard.waitFor((items) => items.length === 1)
    await world.admin.setFaults([noDial])
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await grace.conversation.sendMessage({ addressId, text: "3" })
    forget()
    await world.admin.clearFaults()
    return heard.waitFor((items) => items.length === 2)
  }

  it("P3.3: is told to onGap, before what came after it", async () => {
    await using world = await openSandbox()
    const told: Array<Gap> = []
    const [one, three] = await missing(world, { onGap: (gap) => told.push(gap) })
    assert.deepStrictEqual([one?.text, three?.text], ["1", "3"])
    const [gap] = told
    assert.deepStrictEqual(told.map(({ reason }) => reason), ["history-too-short"])
    assert.isBelow(gap?.from ?? Infinity, one?.ts ?? 0)
    // a time has milliseconds, and a message's more
    assert.closeTo(gap?.to ?? 0, three?.ts ?? 0, 0.002)
  })

  it("P5.2: an onGap that throws is told to onError, and takes nothing with it", async () => {
    await using world = await openSandbox()
    const errors = new Recorder<unknown>()
    const heard = await missing(world, {
      onGap: ({ reason }) => {
        throw new Error(reason)
      },
      onError: errors.push
    })
    assert.deepStrictEqual(heard.map(({ text }) => text), ["1", "3"])
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
  )("P1.1 P2.1: goes on after %s, and nothing is lost or told twice", async (_, type) => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(world, { logger })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await heard.waitForText("1")
    await world.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: world.ada.id },
      action: { type },
      times: 1
    }])
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await grace.conversation.sendMessage({ addressId, text: "3" })
    if (type === "drop") await world.admin.drop({ subscriberId: world.ada.id })
    await heard.waitFor((items) => items.length === 3)
    await grace.conversation.sendMessage({ addressId, text: "4" })
    const texts = await heard.waitForText("4")
    // what was found in history comes after what was heard already
    assert.deepStrictEqual(type === "drop" ? texts.toSorted(byText) : texts, ["1", "2", "3", "4"])
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("P1.1 P2.1: goes on after an event that is cut short, tells the logger, and has it after the next drop", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(world, { logger })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push)
    await world.admin.setFaults([{
      match: { on: "frame", direction: "out", method: "signalwire.event", subscriberId: world.ada.id },
      action: { type: "malformed" },
      times: 1
    }])
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await heard.waitForText("2")
    await eventually(() => assert.deepStrictEqual(logger.entries.map(({ level }) => level), ["warn"]))
    await world.admin.drop({ subscriberId: world.ada.id })
    await heard.waitForText("1")
    await grace.conversation.sendMessage({ addressId, text: "3" })
    assert.deepStrictEqual((await heard.waitForText("3")).toSorted(byText), ["1", "2", "3"])
  })

  it("P5.2: goes on though the logger throws", async () => {
    await using world = await openSandbox()
    let told = 0
    const throwing = () => {
      told++
      throw new Error("bad logger")
    }
    const { ada, addressId, grace } = await joinBoth(world, { logger: { warn: throwing, error: throwing } })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      heard.push(message)
      throw new Error("bad callback")
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await heard.waitForText("2"), ["1", "2"])
    assert.isAtLeast(told, 2)
  })
})

describe("a callback", () => {
  it("P5.2: that rejects is told to onError, and later events come", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [heard, errors] = [new MessageRecorder(), new Recorder<unknown>()]
    await ada.conversation.subscribe(async (message) => {
      await Promise.resolve()
      heard.push(message)
      throw new Error(`late: ${message.text}`)
    }, { onError: errors.push })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await heard.waitForText("2"), ["1", "2"])
    const told = await errors.waitFor((items) => items.length === 2)
    assert.deepStrictEqual(told.map(String), ["Error: late: 1", "Error: late: 2"])
  })

  it("P5.2: that answers a foreign kind of promise is told to onError when that rejects", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
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

  it("P5.2: and an onError that fail both are told to the logger, and later events come", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(world, { logger })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      heard.push(message)
      throw new Error("bad callback")
    }, {
      onError: () => {
        throw new Error("bad onError")
      }
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await heard.waitForText("2"), ["1", "2"])
    const details = logger.entries.map(({ details, level }) => `${level} ${String(details)}`)
    const both = ["error Error: bad callback", "error Error: bad onError"]
    assert.deepStrictEqual(details, [...both, ...both])
  })

  it.each([
    ["a stack that is no text", () => Object.assign(new Error("odd"), { stack: 5 })],
    ["a cause that throws", () =>
      Object.defineProperty(new Error("odd"), "cause", {
        get: () => {
          throw new Error("cause")
        }
      })],
    ["a name that is no text", () => Object.assign(new Error("odd"), { name: Symbol("odd") })]
  ])(
    "P5.2: that throws, or rejects with, an error with %s is told to onError, and later events come",
    async (_, make) => {
      await using world = await openSandbox()
      const { ada, addressId, grace } = await joinBoth(world)
      const [heard, errors] = [new MessageRecorder(), new Recorder<unknown>()]
      const errorOf = { "1": make(), "2": make() }
      await ada.conversation.subscribe((message) => {
        heard.push(message)
        if (message.text === "1") throw errorOf[1]
        return message.text === "2" ? Promise.reject(errorOf[2]) : undefined
      }, { onError: errors.push })
      for (const text of ["1", "2", "3"]) await grace.conversation.sendMessage({ addressId, text })
      assert.deepStrictEqual(await heard.waitForText("3"), ["1", "2", "3"])
      assert.strictEqual(errors.items[0], errorOf[1])
      assert.strictEqual(errors.items[1], errorOf[2])
    }
  )

  it("P5.2: goes on though the logger, which is told, rejects", async () => {
    await using world = await openSandbox()
    const rejections: Array<unknown> = []
    const onRejection = (error: unknown) => rejections.push(error)
    process.on("unhandledRejection", onRejection)
    const reject = (): unknown => Promise.reject(new Error("no disk"))
    const { ada, addressId, grace } = await joinBoth(world, { logger: { warn: reject, error: reject } })
    const heard = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      heard.push(message)
      throw new Error("bad callback")
    })
    for (const text of ["1", "2"]) await grace.conversation.sendMessage({ addressId, text })
    assert.deepStrictEqual(await heard.waitForText("2"), ["1", "2"])
    // Node tells of rejections at the end of a turn
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    process.off("unhandledRejection", onRejection)
    assert.deepStrictEqual(rejections, [])
  })

  it("P5.2: that throws without onError is told to the logger", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada, addressId, grace } = await joinBoth(world, { logger })
    await ada.conversation.subscribe(() => {
      throw new Error("bad callback")
    })
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await eventually(() => assert.deepStrictEqual(logger.entries.map(({ level }) => level), ["error"]))
    assert.strictEqual(String(logger.entries[0]?.details), "Error: bad callback")
  })

  it("P5.2: that never settles holds up itself, and nobody else", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const stuck = new MessageRecorder()
    const heard = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      stuck.push(message)
      return new Promise(() => {})
    })
    await ada.conversation.subscribe(heard.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await heard.waitForText("2"), ["1", "2"])
    assert.deepStrictEqual(texts(stuck.items), ["1"])
  })

  it("P5.4: that returns Promises is awaited before it is called again, in order", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const done = new MessageRecorder()
    let underWay = 0
    let most = 0
    await ada.conversation.subscribe(async (message) => {
      most = Math.max(most, ++underWay)
      // the earlier, the longer: without waiting they would overtake each other
      await sleep(Number(message.text) === 1 ? 60 : 5)
      underWay--
      done.push(message)
    })
    for (const text of ["1", "2", "3", "4"]) await grace.conversation.sendMessage({ addressId, text })
    assert.deepStrictEqual(await done.waitForText("4"), ["1", "2", "3", "4"])
    assert.strictEqual(most, 1)
  })

  it("P5.4: has as many calls under way as concurrency says, and no more", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const called = new MessageRecorder()
    const settle: Array<() => void> = []
    await ada.conversation.subscribe((message) => {
      called.push(message)
      return new Promise<void>((resolve) => void settle.push(resolve))
    }, { concurrency: 2 })
    for (const text of ["1", "2", "3"]) await grace.conversation.sendMessage({ addressId, text })
    assert.deepStrictEqual(await called.waitForText("2"), ["1", "2"])
    await sleep(50)
    assert.deepStrictEqual(texts(called.items), ["1", "2"])
    settle[0]?.()
    assert.deepStrictEqual(await called.waitForText("3"), ["1", "2", "3"])
  })

  it.each([0, -1, 1.5, "2", {}])("P9.2: a concurrency that can't be is refused: %j", async (concurrency) => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    const error = await failure(callUntyped(ada.conversation.subscribe, () => {}, { concurrency }))
    assert.deepStrictEqual(invalidFields(error), ["concurrency"])
  })

  it("P8.3: is not told of a token that a refresh replaces", async () => {
    await using world = await openSandbox()
    const token = (await world.admin.mintToken({ subscriberId: world.ada.id })).token
    const { ada, addressId, grace } = await joinBoth(world, { onRefreshToken: () => token })
    const errors = new Recorder<unknown>()
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push, { onError: errors.push })
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    await grace.conversation.sendMessage({ addressId, text: "meanwhile" })
    await heard.waitForText("meanwhile")
    assert.deepStrictEqual(errors.items, [])
  })

  it("P8.3: is told once through onError that its token was refused, and goes on with another", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const errors = new Recorder<unknown>()
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(heard.push, { onError: errors.push })
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    const [error] = await errors.waitFor((items) => items.length > 0)
    assert.nestedInclude(error, { _tag: "ConversationError", "reason._tag": "Unauthorized", isRetryable: false })
    assert.strictEqual(ada.connection.state.reason?._tag, "Unauthorized")
    await grace.conversation.sendMessage({ addressId, text: "meanwhile" })
    await ada.updateToken((await world.admin.mintToken({ subscriberId: world.ada.id })).token)
    await heard.waitForText("meanwhile")
    assert.strictEqual(errors.items.length, 1)
  })

  it("P8.3: is told of each token that was refused, and of none that was replaced before it began", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const errors = new Recorder<unknown>()
    const heard = new MessageRecorder()
    await ada.conversation.subscribe(() => {}, { onError: errors.push })
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    await errors.waitFor((items) => items.length === 1)
    await ada.updateToken("another-bad-one")
    await errors.waitFor((items) => items.length === 2)
    await ada.updateToken((await world.admin.mintToken({ subscriberId: world.ada.id })).token)
    const later = new Recorder<unknown>()
    await ada.conversation.subscribe(heard.push, { onError: later.push })
    await grace.conversation.sendMessage({ addressId, text: "hello" })
    await heard.waitForText("hello")
    assert.deepStrictEqual([errors.items.length, later.items.length], [2, 0])
  })
})

describe("connection", () => {
  it("is Idle until something subscribes, then Connected, and Closed after disconnect", async () => {
    await using world = await openSandbox()
    const ada = await world.client({ token: world.ada.token })
    await ada.conversation.getConversations()
    assert.deepStrictEqual(ada.connection.state, { _tag: "Idle", reason: null })
    assert.deepStrictEqual(await world.admin.sessions(), [])
    await ada.conversation.subscribe(() => {})
    assert.deepStrictEqual(ada.connection.state, { _tag: "Connected", resumed: false, catchingUp: false, reason: null })
    await ada.disconnect()
    assert.deepStrictEqual(ada.connection.state, { _tag: "Closed", reason: null })
  })

  it("tells through onChange of a drop, with its reason, and of the way back", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    const states = new Recorder<ConnectionState>()
    const stop = ada.connection.onChange(states.push)
    await ada.conversation.subscribe(() => {})
    await states.waitFor((items) => items.at(-1)?._tag === "Connected")
    await world.admin.drop({ subscriberId: world.ada.id })
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

  it("P7.2: tells nothing after onChange was stopped, from within the callback too", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
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

  it("P5.2: goes on telling after its callback threw", async () => {
    await using world = await openSandbox()
    const logger = makeLogger()
    const { ada } = await joinBoth(world, { logger })
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
  it("hear and send with their own tokens, and outlive each other", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [byAda, byGrace] = [new Recorder<ConversationEvent>(), new Recorder<ConversationEvent>()]
    await ada.conversation.subscribe(byAda.push)
    await grace.conversation.subscribe(byGrace.push)
    await ada.conversation.sendMessage({ addressId, text: "from ada" })
    await byGrace.waitFor((items) => items.length === 1)
    await byAda.waitFor((items) => items.length === 1)
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId, text: "from grace" })
    const heard = await byGrace.waitFor((items) => items.length === 2)
    assert.deepStrictEqual(heard.map(({ user_id }) => user_id), [world.ada.id, world.grace.id])
    assert.strictEqual(byAda.items.length, 1)
    assert.strictEqual(grace.connection.state._tag, "Connected")
  })

  it("do not share a token's refusal", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    await world.admin.expireToken(world.ada.token)
    const [refused, served] = await Promise.allSettled([
      ada.conversation.join({ addressId }),
      grace.conversation.join({ addressId })
    ])
    assert.deepStrictEqual([refused.status, served.status], ["rejected", "fulfilled"])
  })
})

it("subscribe leaves no session behind when it fails", async () => {
  await using world = await openSandbox()
  const client = await world.client({ token: "not-a-token", subscription: fastOptions.subscription })
  const outcome = await client.conversation.subscribe(() => {}, { timeout: 300 }).then(() => "done", () => "failed")
  assert.strictEqual(outcome, "failed")
  assert.deepStrictEqual(await world.admin.sessions(), [])
})
