/**
 * Unsubscribing, aborting and disconnecting: nothing keeps running afterwards.
 */
import { SignalWire } from "@effect-signalwire/promise"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished, vi } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import { makeCountingSignal } from "./countingSignal.ts"
import {
  callUntyped,
  eventLoopTurns,
  eventually,
  failure,
  fastOptions,
  invalidFields,
  joinBoth,
  MessageRecorder,
  openSandbox,
  Recorder,
  rejection,
  serve,
  type TestSandbox,
  withTimeout
} from "./support.ts"

const countConnected = async (sandbox: TestSandbox): Promise<number> =>
  (await sandbox.admin.sessions()).filter(({ connected }) => connected).length

/** Leaves requests without a response. */
const silence = (sandbox: TestSandbox, path: string) =>
  sandbox.admin.setFaults([{ match: { on: "http", path }, action: { type: "silent" } }])

describe("unsubscribe", () => {
  it("P7.2: ends its own callback, and no other", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
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

  it("P7.2: called from within the callback, prevents calls for events that were already received", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    const subscription = await ada.conversation.subscribe((message) => {
      ended.push(message)
      void subscription.unsubscribe()
    })
    await ada.conversation.subscribe(other.push)
    // after a drop they arrive as one batch
    await sandbox.admin.seed(
      ["1", "2", "3"].map((text) => ({ from: sandbox.grace.id, addressId, text, push: false }))
    )
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await other.waitForText("3")
    await grace.conversation.sendMessage({ addressId, text: "4" })
    await other.waitForText("4")
    assert.strictEqual(ended.items.length, 1)
  })

  it("may be called more than once, and is called by await using", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
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

  it("P7.2: closes the session after the idle time when no subscription is left", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox, {
      subscription: { ...fastOptions.subscription, idleTimeToLive: "20 millis" }
    })
    const { unsubscribe } = await ada.conversation.subscribe(() => {})
    assert.strictEqual(await countConnected(sandbox), 1)
    await unsubscribe()
    await eventually(async () => assert.strictEqual(await countConnected(sandbox), 0))
    assert.strictEqual(ada.connection.state._tag, "Idle")
  })
})

describe.each(["address", "group"] as const)("disconnect, dialect %s", (dialect) => {
  it("P7.2: ends callbacks and the session on the server", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    await ada.conversation.subscribe(ended.push)
    await grace.conversation.subscribe(other.push)
    assert.strictEqual(await countConnected(sandbox), 2)
    await ada.disconnect()
    await eventually(async () => assert.strictEqual(await countConnected(sandbox), 1))
    await grace.conversation.sendMessage({ addressId, text: "1" })
    await other.waitForText("1")
    assert.deepStrictEqual(ended.items, [])
  })

  it("P7.2: rejects pending calls with reason Closed", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    await silence(sandbox, "/api/fabric/*")
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

  it("P7.2: ends pending iterators", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const messages = ada.conversation.messages()[Symbol.asyncIterator]()
    const next = messages.next()
    const timeline = ada.conversation.timeline({ addressId })[Symbol.asyncIterator]()
    assert.strictEqual((await timeline.next()).value?._tag, "CaughtUp")
    const nextOfTimeline = timeline.next()
    await eventually(async () => assert.strictEqual(await countConnected(sandbox), 1))
    await ada.disconnect()
    assert.isTrue((await withTimeout(20_000, next)).done)
    assert.isTrue((await withTimeout(20_000, nextOfTimeline)).done)
  })
})

describe("disconnect", () => {
  it.each(["address", "group", "auto"] as const)(
    "P7.2: ends iterators that are starting, dialect %s",
    async (dialect) => {
      await using silent = await serve(() => {})
      await using failing = await serve((response) => response.writeHead(502).end())
      const ends = [silent, failing].flatMap(({ urls }) =>
        [0, 5, 20, 100, 500].map(async (turns) => {
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
          await eventLoopTurns(turns)
          await client.disconnect()
          await withTimeout(20_000, Promise.all(others))
          return (await withTimeout(20_000, Promise.all<{ readonly done?: boolean }>(nexts))).map(({ done }) => done)
        })
      )
      for (const done of await Promise.all(ends)) assert.deepStrictEqual(done, [true, true])
    }
  )

  it("P7.2: called from within a callback, prevents further calls", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const ended = new MessageRecorder()
    await ada.conversation.subscribe((message) => {
      ended.push(message)
      void ada.disconnect()
    })
    await sandbox.admin.seed(["1", "2"].map((text) => ({ from: sandbox.grace.id, addressId, text, push: false })))
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await ended.waitForText("1")
    await ada.disconnect()
    assert.strictEqual(ended.items.length, 1)
  })

  it("P9.1: rejects every later call with reason Closed", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
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
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it("may be called more than once, also concurrently", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await ada.conversation.subscribe(() => {})
    await Promise.all([ada.disconnect(), ada.disconnect()])
    await ada.disconnect()
    await eventually(async () => assert.strictEqual(await countConnected(sandbox), 0))
  })

  it("P7.2: stops a client that is reconnecting", async () => {
    onTestFinished(accelerateTime())
    await using sandbox = await openSandbox()
    let dials = 0
    class CountingWebSocket extends WebSocket {
      constructor(url: string) {
        dials++
        super(url)
      }
    }
    const { ada } = await joinBoth(sandbox, { WebSocket: CountingWebSocket })
    await ada.conversation.subscribe(() => {})
    await sandbox.admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" } }])
    await sandbox.admin.drop()
    await eventually(() => assert.strictEqual(ada.connection.state._tag, "Reconnecting"))
    await ada.disconnect()
    const before = dials
    // longer than any backoff, and than the limit of dials
    await vi.advanceTimersByTimeAsync(60_000)
    assert.strictEqual(dials, before)
  })

  it("is called by await using", async () => {
    await using sandbox = await openSandbox()
    {
      await using ada = await SignalWire({ ...fastOptions, token: sandbox.ada.token, urls: sandbox.urls })
      await ada.conversation.subscribe(() => {})
      assert.strictEqual(await countConnected(sandbox), 1)
    }
    await eventually(async () => assert.strictEqual(await countConnected(sandbox), 0))
  })

  it("P7.2: leaves no timer when the socket is still connecting", async () => {
    await using sandbox = await openSandbox()
    // accepts the connection, and never responds
    await using silent = await serve(() => {})
    const child = fork(
      fileURLToPath(new URL("programs/disconnectWhileDialing.ts", import.meta.url)),
      [sandbox.info.http, silent.urls.ws, sandbox.ada.token],
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

  it.each(["used", "only-created", "never-subscribed"])(
    "P7.2: lets Node exit when the client was %s",
    async (how) => {
      await using sandbox = await openSandbox()
      const child = fork(
        fileURLToPath(new URL("programs/disconnect.ts", import.meta.url)),
        [sandbox.info.http, sandbox.ada.token, sandbox.addressId, how],
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
        // before any timer of the client would have fired
        assert.isBelow(at - since, 20_000)
      } finally {
        child.kill("SIGKILL")
      }
    },
    90_000
  )
})

describe.each(["address", "group"] as const)("an AbortSignal, dialect %s", (dialect) => {
  it("P7.2: rejects every pending call with its reason", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const page = await ada.conversation.getMessages()
    await silence(sandbox, "/api/fabric/*")
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

  it("P7.2: that is already aborted rejects a call before anything is sent", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const signal = AbortSignal.abort("no")
    assert.strictEqual(await rejection(ada.conversation.sendMessage({ addressId, text: "hello", signal })), "no")
    assert.strictEqual(await rejection(ada.conversation.subscribe(() => {}, { signal })), "no")
    assert.strictEqual(await rejection(ada.conversation.messages({ signal })[Symbol.asyncIterator]().next()), "no")
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it("P7.2: that is already aborted leaves no subscription that receives errors", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada } = await joinBoth(sandbox)
    const reported: Array<unknown> = []
    const onError = (error: unknown) => reported.push(error)
    await rejection(ada.conversation.subscribe(() => {}, { signal: AbortSignal.abort("no"), onError }))
    const received = new Recorder<unknown>()
    await ada.conversation.subscribe(() => {}, { onError: received.push })
    await sandbox.admin.expireToken(sandbox.ada.token)
    await sandbox.admin.drop({ subscriberId: sandbox.ada.id })
    await received.waitFor((errors) => errors.length > 0)
    assert.deepStrictEqual(reported, [])
  })

  it("P7.2: ends a subscription, whose callback receives no later events", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
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

  it("P7.2: ends iterators with its reason", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
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
    "P7.2: aborts only its own call, dialect %s",
    async (dialect) => {
      await using sandbox = await openSandbox(dialect === "auto" ? "all" : dialect)
      await sandbox.client({ token: sandbox.ada.token }).then(({ conversation }) => conversation.join(sandbox))
      let requests = 0
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const held: typeof fetch = async (input, init) => {
        requests++
        await released
        return fetch(input, init)
      }
      const ada = await sandbox.client({ token: sandbox.ada.token, dialect, fetch: held })
      const controller = new AbortController()
      const { signal } = controller
      const { addressId } = sandbox
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
      await eventually(() => assert.isAbove(requests, 0))
      controller.abort("enough")
      assert.deepStrictEqual(await Promise.all(aborted), ["enough", "enough", "enough"])
      release()
      const outcomes = await Promise.allSettled(others)
      assert.deepStrictEqual(outcomes.map(({ status }) => status), outcomes.map(() => "fulfilled"))
    }
  )

  it("P7.2: has no listener left after the call, whatever its outcome", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
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

  it("P7.2: that is aborted just as subscribe resolves leaves no subscription", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const [ended, other] = [new MessageRecorder(), new MessageRecorder()]
    await ada.conversation.subscribe(other.push)
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const { signal } = controller
      const { removeEventListener } = signal
      // between the end of the call, which removes its listener, and the subscription's own listener
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

  it("P7.2: may come from another realm or a polyfill", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await joinBoth(sandbox)
    await silence(sandbox, "/api/fabric/*")
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

  it("must be an AbortSignal", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.join, { addressId, signal: "stop" }))
    assert.deepStrictEqual(invalidFields(error), ["signal"])
  })

  it("P7.2: stops reading further pages", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    await sandbox.admin.seed(["1", "2", "3"].map((text) => ({ from: sandbox.grace.id, addressId, text })))
    const page = await ada.conversation.getMessages({ pageSize: 1 })
    assert.strictEqual(await rejection(page.nextPage({ signal: AbortSignal.abort("stop") })), "stop")
    assert.strictEqual((await page.nextPage())?.data[0]?.text, "2")
  })
})
