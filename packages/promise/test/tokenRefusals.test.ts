/** Which states of the connection mean that the client waits for another token, and who is notified. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { type Reason, Transport, Unauthorized } from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { assert, describe, it } from "vitest"
import * as Runner from "../src/internal/runner.ts"
import * as TokenRefusals from "../src/internal/tokenRefusals.ts"
import { eventLoopTurns } from "./support.ts"

const refused = new Unauthorized({ detail: "no" })
const reconnecting = { _tag: "Reconnecting", attempt: 1, delayMillis: null, polling: false, reason: refused } as const
const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }

/** Starts with a connection whose states the test sets, and counts what follows them. */
const start = async () => {
  let following = 0
  let states = Effect.runSync(Queue.unbounded<ConnectionState>())
  const changes = Stream.unwrap(Effect.sync(() => {
    following++
    states = Effect.runSync(Queue.unbounded<ConnectionState>())
    return Stream.ensuring(Stream.fromQueue(states), Effect.sync(() => void following--))
  }))
  const runner = await Runner.make(Layer.build(Layer.mock(Conversations.Conversations, {
    connection: { current: Effect.succeed(idle), changes, ready: Effect.void, reconnect: Effect.void }
  })))
  const { listen, reset } = TokenRefusals.make(runner)
  return {
    reset,
    following: () => following,
    listen: () => {
      const reasons: Array<Reason> = []
      return { reasons, remove: listen((reason) => void reasons.push(reason)) }
    },
    change: async (...next: ReadonlyArray<ConnectionState>) => {
      await eventLoopTurns(5)
      for (const state of next) {
        Queue.offerUnsafe(states, state)
        await eventLoopTurns(5)
      }
    },
    [Symbol.asyncDispose]: runner.close
  }
}

describe("a listener for refused tokens", () => {
  it("P8.3: is called once each time that the client starts to wait for another token", async () => {
    await using started = await start()
    const { change, listen } = started
    const one = listen()
    const two = listen()
    await change(reconnecting, { ...reconnecting, attempt: 2 })
    assert.deepStrictEqual([one.reasons, two.reasons], [[refused], [refused]])
    await change(connected, reconnecting)
    assert.strictEqual(one.reasons.length, 2)
  })

  it.each<[string, ConnectionState]>([
    ["dials with another token", { ...reconnecting, delayMillis: 0 }],
    ["waits before it tries the refused token again", { ...reconnecting, delayMillis: 1000 }],
    ["waits for a refresh that may succeed", {
      ...reconnecting,
      reason: new Unauthorized({ detail: "no", isRetryable: true })
    }],
    ["has no network", { ...reconnecting, reason: new Transport({ detail: "gone" }) }],
    ["is connected", connected]
  ])("is not called while the client %s", async (_, state) => {
    await using started = await start()
    const { reasons } = started.listen()
    await started.change(state)
    assert.deepStrictEqual(reasons, [])
  })

  it("is called when history is refused while a session is up", async () => {
    await using started = await start()
    const { reasons } = started.listen()
    await started.change({ _tag: "Connected", resumed: false, catchingUp: true, reason: refused })
    assert.deepStrictEqual(reasons, [refused])
  })

  it("is called at once when the client is already waiting, but not after another token was set", async () => {
    await using started = await start()
    const { change, listen, reset } = started
    listen()
    await change(reconnecting)
    assert.deepStrictEqual(listen().reasons, [refused])
    reset()
    assert.deepStrictEqual(listen().reasons, [])
  })

  it("P7.2: is not called once it is removed, and the last one that is removed ends the subscription", async () => {
    await using started = await start()
    const { change, following, listen } = started
    const one = listen()
    const two = listen()
    await change()
    assert.strictEqual(following(), 1)
    one.remove()
    await change(reconnecting)
    assert.deepStrictEqual([one.reasons, two.reasons, following()], [[], [refused], 1])
    two.remove()
    await change()
    assert.strictEqual(following(), 0)
    // what was known is forgotten, because nothing follows the connection
    const three = listen()
    assert.deepStrictEqual(three.reasons, [])
    await change(reconnecting)
    assert.deepStrictEqual([three.reasons, following()], [[refused], 1])
  })
})
