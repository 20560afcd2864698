/**
 * How things end: unsubscribing, aborting, disconnecting. Nothing runs on afterwards.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"
import {
  callUntyped,
  eventually,
  failure,
  fastOptions,
  invalidFields,
  joinBoth,
  makeCountingSignal,
  MessageRecorder,
  openSandbox,
  Recorder,
  rejection,
  serve,
  type TestSandbox,
  withTimeout
} from "./support.ts"

const connected = async (world: TestSandbox): Promise<number> =>
  (await world.admin.sessions()).filter(({ connected }) => connected).length

/** Requests wait for ever. */
const silence = (world: TestSandbox, path: string) =>
  world.admin.setFaults([{ match: { on: "http", path }, action: { type: "silent" } }])

describe("unsubscribe", () => {
  it("P7.2: ends the callbacks, and leaves those of others", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    const { unsubscribe } = await ada.conversation.subscribe(ended.push)
    await ada.conversation.subscribe(other.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await ended.waitForText("1")
    await unsubscribe()
    await grace.conversation.sendMessage({ addressId, text: "2" })
    assert.deepStrictEqual(await other.waitForText("2"), ["1", "2"])
    assert.strictEqual(ended.items.length, 1)
  })

  it("P7.2: from within the callback ends it at once, though more events are there already", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    const subscription = await ada.conversation.subscribe((message) => {
      ended.push(message)
      void subscription.unsubscribe()
    })
    await ada.conversation.subscribe(other.push)
    // after a drop they come as one batch
    await world.admin.seed(
      ["1", "2", "3"].map((text) => ({ from: world.grace.id, addressId, text, push: false }))
    )
    await world.admin.drop({ subscriberId: world.ada.id })
    await other.waitForText("3")
    await grace.conversation.sendMessage({ addressId, text: "4" })
    await other.waitForText("4")
    assert.strictEqual(ended.items.length, 1)
  })

  it("may be called again, and is what await using calls", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    {
      await using subscription = await ada.conversation.subscribe(ended.push)
      await ada.conversation.subscribe(other.push)
      assert.isFunction(subscription.unsubscribe)
    }
    const subscription = await ada.conversation.subscribe(ended.push)
    await subscription.unsubscribe()
    await subscription.unsubscribe()
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await other.waitForText("1")
    assert.deepStrictEqual(ended.items, [])
  })

  it("P7.2: closes the session once nobody is left and an idle time is over", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world, {
      subscription: { ...fastOptions.subscription, idleTimeToLive: "20 millis" }
    })
    const { unsubscribe } = await ada.conversation.subscribe(() => {})
    assert.strictEqual(await connected(world), 1)
    await unsubscribe()
    await eventually(async () => assert.strictEqual(await connected(world), 0))
    assert.strictEqual(ada.connection.state._tag, "Idle")
  })
})

describe.each(["address", "group"] as const)("disconnect, dialect %s", (dialect) => {
  it("P7.2: ends callbacks and the session on the server", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    await ada.conversation.subscribe(ended.push)
    await grace.conversation.subscribe(other.push)
    assert.strictEqual(await connected(world), 2)
    await ada.disconnect()
    await eventually(async () => assert.strictEqual(await connected(world), 1))
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await other.waitForText("1")
    assert.deepStrictEqual(ended.items, [])
  })

  it("P7.2: ends calls that wait, with reason Closed", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    await silence(world, "/api/fabric/*")
    const calls = [
      ada.conversation.getConversations(),
      ada.conversation.getMessages(),
      ada.conversation.getConversationMessages({ addressId }),
      ada.conversation.sendMessage({ addressId, text: "hello" }),
      ada.conversation.join({ addressId }),
      ada.conversation.subscribe(() => {}),
      ada.address.getAddresses()
    ].map(failure)
    await withTimeout(20_000, ada.disconnect())
    for (const error of await withTimeout(20_000, Promise.all(calls))) assert.strictEqual(error.reason._tag, "Closed")
  })

  it("P7.2: ends iterators that wait", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    const messages = ada.conversation.messages()[Symbol.asyncIterator]()
    const next = messages.next()
    const timeline = ada.conversation.timeline({ addressId })[Symbol.asyncIterator]()
    assert.strictEqual((await timeline.next()).value?._tag, "CaughtUp")
    const nextOfTimeline = timeline.next()
    await eventually(async () => assert.strictEqual(await connected(world), 1))
    await ada.disconnect()
    assert.isTrue((await withTimeout(20_000, next)).done)
    assert.isTrue((await withTimeout(20_000, nextOfTimeline)).done)
  })
})

describe("disconnect", () => {
  it.each(["address", "group", "auto"] as const)(
    "P7.2: ends iterators that are just beginning, dialect %s",
    async (dialect) => {
      await using silent = await serve(() => {})
      await using failing = await serve((response) => response.writeHead(502).end())
      const ends = [silent, failing].flatMap(({ urls }) =>
        [0, 5, 20, 100].map(async (millis) => {
          await using client = await SignalWire({
            ...fastOptions,
            token: "secret",
            urls,
            dialect,
            readyTimeout: "1 milli"
          })
          const others = [
            client.conversation.getConversations(),
            client.conversation.sendMessage({ addressId: "a", text: "hello" }),
            client.conversation.subscribe(() => {})
          ].map((call) => call.catch(() => {}))
          const nexts = [
            client.conversation.messages()[Symbol.asyncIterator]().next(),
            client.conversation.timeline({ addressId: "a" })[Symbol.asyncIterator]().next()
          ]
          await new Promise((resolve) => setTimeout(resolve, millis))
          await client.disconnect()
          await withTimeout(20_000, Promise.all(others))
          return (await withTimeout(20_000, Promise.all<{ readonly done?: boolean }>(nexts))).map(({ done }) => done)
        })
      )
      for (const done of await Promise.all(ends)) assert.deepStrictEqual(done, [true, true])
    }
  )

  it("P7.2: from within a callback ends the callbacks at once", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const ended = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      ended.push(message)
      void ada.disconnect()
    })
    await world.admin.seed(["1", "2"].map((text) => ({ from: world.grace.id, addressId, text, push: false })))
    await world.admin.drop({ subscriberId: world.ada.id })
    await ended.waitForText("1")
    await ada.disconnect()
    assert.strictEqual(ended.items.length, 1)
  })

  it("P9.1: makes every later call fail with reason Closed", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const page = await ada.conversation.getMessages()
    await ada.disconnect()
    const calls = [
      ada.conversation.getConversations(),
      ada.conversation.getMessages(),
      ada.conversation.getConversationMessages({ addressId }),
      ada.conversation.sendMessage({ addressId, text: "hello" }),
      ada.conversation.join({ addressId }),
      ada.conversation.subscribe(() => {}),
      ada.address.getMyAddresses(),
      ada.updateToken("another"),
      page.self(),
      ada.conversation.messages()[Symbol.asyncIterator]().next(),
      ada.conversation.timeline({ addressId })[Symbol.asyncIterator]().next()
    ]
    for (const error of await Promise.all(calls.map(failure))) assert.strictEqual(error.reason._tag, "Closed")
    assert.deepStrictEqual(await world.admin.stored(addressId), [])
  })

  it("may be called again, also while it runs", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await ada.conversation.subscribe(() => {})
    await Promise.all([ada.disconnect(), ada.disconnect()])
    await ada.disconnect()
    await eventually(async () => assert.strictEqual(await connected(world), 0))
  })

  it("P7.2: ends a client that is reconnecting", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await ada.conversation.subscribe(() => {})
    await world.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" } }])
    await world.admin.drop()
    await eventually(() => assert.strictEqual(ada.connection.state._tag, "Reconnecting"))
    await withTimeout(20_000, ada.disconnect())
    await world.admin.clearFaults()
    // longer than any backoff
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.strictEqual(await connected(world), 0)
  })

  it("is what await using calls", async () => {
    await using world = await openSandbox()
    {
      await using ada = await SignalWire({ ...fastOptions, token: world.ada.token, urls: world.urls })
      await ada.conversation.subscribe(() => {})
      assert.strictEqual(await connected(world), 1)
    }
    await eventually(async () => assert.strictEqual(await connected(world), 0))
  })

  it("P7.2: leaves no timer behind when the socket is still being dialled", async () => {
    await using world = await openSandbox()
    // it takes the connection, and never answers
    await using silent = await serve(() => {})
    const child = fork(
      fileURLToPath(new URL("programs/disconnectWhileDialing.ts", import.meta.url)),
      [world.info.http, silent.urls.ws, world.ada.token],
      { execArgv: ["--disable-warning=ExperimentalWarning"] }
    )
    try {
      await eventually(() => assert.lengthOf(silent.requests, 1))
      const timers = new Promise<unknown>((resolve) => child.once("message", resolve))
      child.send("disconnect")
      assert.strictEqual(await withTimeout(20_000, timers), 0)
    } finally {
      child.kill("SIGKILL")
    }
  })

  it.each(["used", "only-made", "never-subscribed"])(
    "P7.2: lets Node exit by itself, when the client was %s",
    async (how) => {
      await using world = await openSandbox()
      const child = fork(
        fileURLToPath(new URL("programs/disconnect.ts", import.meta.url)),
        [world.info.http, world.ada.token, world.addressId, how],
        { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: ["--disable-warning=ExperimentalWarning"] }
      )
      let output = ""
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (data) => {
          output += String(data)
        })
      }
      try {
        const disconnected = new Promise<number>((resolve) => child.once("message", () => resolve(performance.now())))
        const exited = new Promise<readonly [number | null, number]>((resolve) =>
          child.once("exit", (code) => resolve([code, performance.now()]))
        )
        const [since, [code, at]] = await withTimeout(60_000, Promise.all([disconnected, exited]))
        assert.deepStrictEqual([code, output], [0, ""])
        // sooner than any timer of the client would let it go
        assert.isBelow(at - since, 20_000)
      } finally {
        child.kill("SIGKILL")
      }
    },
    90_000
  )
})

describe.each(["address", "group"] as const)("an AbortSignal, dialect %s", (dialect) => {
  it("P7.2: ends every call that waits, with the signal's reason", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    const page = await ada.conversation.getMessages()
    await silence(world, "/api/fabric/*")
    const controller = new AbortController()
    const { signal } = controller
    const calls = [
      ada.conversation.getConversations({ signal }),
      ada.conversation.getMessages({ signal }),
      ada.conversation.getConversationMessages({ addressId, signal }),
      ada.conversation.sendMessage({ addressId, text: "hello", signal }),
      ada.conversation.join({ addressId, signal }),
      ada.conversation.subscribe(() => {}, { signal }),
      ada.address.getAddresses({ signal }),
      ada.address.getAddress({ id: addressId, signal }),
      ada.address.getMyAddresses({ signal }),
      page.self({ signal }),
      page.firstPage({ signal })
    ].map((call) => rejection(call))
    const reason = new Error("had enough")
    controller.abort(reason)
    for (const error of await withTimeout(20_000, Promise.all(calls))) assert.strictEqual(error, reason)
  })

  it("P7.2: that was aborted before ends a call before anything is sent", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    const signal = AbortSignal.abort("no")
    assert.strictEqual(await rejection(ada.conversation.sendMessage({ addressId, text: "hello", signal })), "no")
    assert.strictEqual(await rejection(ada.conversation.subscribe(() => {}, { signal })), "no")
    assert.strictEqual(await rejection(ada.conversation.messages({ signal })[Symbol.asyncIterator]().next()), "no")
    assert.deepStrictEqual(await world.admin.stored(addressId), [])
  })

  it("P7.2: that was aborted before leaves no subscription that is told anything", async () => {
    await using world = await openSandbox(dialect)
    const { ada } = await joinBoth(world)
    const told: Array<unknown> = []
    const onError = (error: unknown) => told.push(error)
    await rejection(ada.conversation.subscribe(() => {}, { signal: AbortSignal.abort("no"), onError }))
    const heard = new Recorder<unknown>()
    await ada.conversation.subscribe(() => {}, { onError: heard.push })
    await world.admin.expireToken(world.ada.token)
    await world.admin.drop({ subscriberId: world.ada.id })
    await heard.waitFor((errors) => errors.length > 0)
    assert.deepStrictEqual(told, [])
  })

  it("P7.2: ends a subscription, and later events are not called back", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    const controller = new AbortController()
    await ada.conversation.subscribe(ended.push, { signal: controller.signal })
    await ada.conversation.subscribe(other.push)
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await ended.waitForText("1")
    controller.abort()
    await grace.conversation.sendMessage({ addressId, text: "2" })
    await other.waitForText("2")
    assert.strictEqual(ended.items.length, 1)
  })

  it("P7.2: ends iterators with the signal's reason", async () => {
    await using world = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(world)
    const controller = new AbortController()
    const { signal } = controller
    const next = rejection(ada.conversation.messages({ signal })[Symbol.asyncIterator]().next())
    const timeline = ada.conversation.timeline({ addressId, signal })[Symbol.asyncIterator]()
    assert.strictEqual((await timeline.next()).value?._tag, "CaughtUp")
    const nextOfTimeline = rejection(timeline.next())
    controller.abort("enough")
    assert.deepStrictEqual(await Promise.all([next, nextOfTimeline]), ["enough", "enough"])
  })
})

describe("an AbortSignal", () => {
  it.each(["address", "group", "auto"] as const)(
    "P7.2: ends its own call only, dialect %s",
    async (dialect) => {
      await using world = await openSandbox(dialect === "auto" ? "all" : dialect)
      await world.client({ token: world.ada.token }).then(({ conversation }) => conversation.join(world))
      await world.admin.setFaults([{
        match: { on: "http", path: "*/fabric/*" },
        action: { type: "delay", millis: 100 }
      }])
      const ada = await world.client({ token: world.ada.token, dialect })
      const controller = new AbortController()
      const { signal } = controller
      const { addressId } = world
      const aborted = [
        ada.conversation.getConversations({ signal }),
        ada.conversation.getConversationMessages({ addressId, signal }),
        ada.conversation.join({ addressId, signal })
      ].map((call) => rejection(call))
      const others = [
        ada.conversation.getConversations(),
        ada.conversation.getConversationMessages({ addressId }),
        ada.conversation.join({ addressId }),
        ada.conversation.timeline({ addressId })[Symbol.asyncIterator]().next()
      ]
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.abort("enough")
      assert.deepStrictEqual(await Promise.all(aborted), ["enough", "enough", "enough"])
      const outcomes = await Promise.allSettled(others)
      assert.deepStrictEqual(outcomes.map(({ status }) => status), outcomes.map(() => "fulfilled"))
    }
  )

  it("P7.2: leaves no listener behind, whatever came of the call", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const { listeners, signal } = makeCountingSignal()
    await ada.conversation.getConversations({ signal })
    await failure(ada.conversation.sendMessage({ addressId, text: "", signal }))
    for await (const event of ada.conversation.timeline({ addressId, signal })) {
      if (event._tag === "CaughtUp") break
    }
    const { unsubscribe } = await ada.conversation.subscribe(() => {}, { signal })
    assert.isAbove(listeners(), 0)
    await unsubscribe()
    assert.isAtMost(listeners(), 0)
  })

  it("P7.2: that is aborted the moment subscribe is done leaves nothing", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    await ada.conversation.subscribe(other.push)
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const { signal } = controller
      const { removeEventListener } = signal
      // the call is over when its listener goes; the subscription's is not there yet
      signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
        signal.removeEventListener = removeEventListener
        signal.removeEventListener(...args)
        let left = turns
        const step = () => left-- > 0 ? queueMicrotask(step) : controller.abort("late")
        step()
      }
      await ada.conversation.subscribe(ended.push, { signal }).catch((error: unknown) =>
        assert.strictEqual(error, "late")
      )
      await eventually(() => assert.isTrue(signal.aborted))
    }
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await other.waitForText("1")
    assert.deepStrictEqual(ended.items, [])
  })

  it("P7.2: of another realm or a polyfill is as good as any", async () => {
    await using world = await openSandbox()
    const { ada } = await joinBoth(world)
    await silence(world, "/api/fabric/*")
    const controller = new AbortController()
    const { signal } = controller
    const foreign = {
      get aborted() {
        return signal.aborted
      },
      get reason(): unknown {
        return signal.reason
      },
      addEventListener: signal.addEventListener.bind(signal),
      removeEventListener: signal.removeEventListener.bind(signal),
      throwIfAborted: signal.throwIfAborted.bind(signal)
    }
    const calling = rejection(callUntyped(ada.conversation.getConversations, { signal: foreign }))
    controller.abort("enough")
    assert.strictEqual(await withTimeout(20_000, calling), "enough")
  })

  it("that is none is refused", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const error = await failure(callUntyped(ada.conversation.join, { addressId, signal: "stop" }))
    assert.deepStrictEqual(invalidFields(error), ["signal"])
  })

  it("P7.2: stops a for await over many pages", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    await world.admin.seed(["1", "2", "3"].map((text) => ({ from: world.grace.id, addressId, text })))
    const page = await ada.conversation.getMessages({ pageSize: 1 })
    assert.strictEqual(await rejection(page.nextPage({ signal: AbortSignal.abort("stop") })), "stop")
    assert.strictEqual((await page.nextPage())?.data[0]?.text, "2")
  })
})
