/** The methods of `client.connection`, over states that the test makes. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { closed, type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { assert, describe, it } from "vitest"
import * as Connection from "../src/internal/connection.ts"
import * as Runner from "../src/internal/runner.ts"
import { eventLoopTurns } from "./support.ts"

const connecting: ConnectionState = { _tag: "Connecting", polling: false, reason: null }

const make = async (changes?: Stream.Stream<ConnectionState>) => {
  const states = Effect.runSync(SubscriptionRef.make<ConnectionState>(idle))
  const logged: Array<ReadonlyArray<unknown>> = []
  let readies = 0
  const conversations = Layer.mock(Conversations.Conversations, {
    connection: {
      current: SubscriptionRef.get(states),
      changes: changes ?? SubscriptionRef.changes(states),
      ready: Effect.sync(() => void readies++),
      reconnect: Effect.void
    }
  })
  const runner = await Runner.make(Layer.build(conversations))
  return {
    runner,
    connection: Connection.make(runner, (...entry) => void logged.push(entry)),
    logged,
    readies: () => readies,
    change: async (state: ConnectionState) => {
      await Effect.runPromise(SubscriptionRef.set(states, state))
      await eventLoopTurns(3)
    }
  }
}

describe("the connection", () => {
  it("has the current state, and waits until it is ready", async () => {
    const { change, connection, readies, runner } = await make()
    assert.strictEqual(connection.state, idle)
    await change(connecting)
    assert.strictEqual(connection.state, connecting)
    await connection.ready()
    assert.strictEqual(readies(), 1)
    await runner.close()
  })

  it("calls back with the current state and each later one, and with the last one when the client closes", async () => {
    const { change, connection, runner } = await make()
    const seen: Array<ConnectionState> = []
    connection.onChange((state) => void seen.push(state))
    assert.deepStrictEqual(seen, [])
    await eventLoopTurns(3)
    await change(connecting)
    assert.deepStrictEqual(seen, [idle, connecting])
    await runner.close()
    assert.deepStrictEqual(seen, [idle, connecting, closed])
  })

  it("P7.2: does not call back any more once that is stopped, also when the client closes", async () => {
    const { change, connection, runner } = await make()
    const seen: Array<ConnectionState> = []
    const stop = connection.onChange((state) => void seen.push(state))
    await eventLoopTurns(3)
    stop()
    await change(connecting)
    await runner.close()
    assert.deepStrictEqual(seen, [idle])
    const never = (await make()).connection
    never.onChange((state) => void seen.push(state))()
    await eventLoopTurns(3)
    assert.deepStrictEqual(seen, [idle])
  })

  it("P7.2: does not call back with later states of the same moment once that is stopped, or the client closes", async () => {
    const both = Stream.make<ReadonlyArray<ConnectionState>>(idle, connecting)
    const stopped: Array<ConnectionState> = []
    const first = await make(both)
    const stop = first.connection.onChange((state) => {
      stopped.push(state)
      stop()
    })
    await eventLoopTurns(3)
    assert.deepStrictEqual(stopped, [idle])
    await first.runner.close()
    const seen: Array<ConnectionState> = []
    const second = await make(both)
    second.connection.onChange((state) => {
      seen.push(state)
      void second.runner.close()
    })
    await eventLoopTurns(3)
    await second.runner.close()
    assert.deepStrictEqual(seen, [idle, closed])
  })

  it("P7.2: does not call back when a callback stops it and closes the client", async () => {
    const { connection, runner } = await make()
    const seen: Array<ConnectionState> = []
    const stop = connection.onChange((state) => {
      seen.push(state)
      stop()
      void runner.close()
    })
    await eventLoopTurns(3)
    await runner.close()
    assert.deepStrictEqual(seen, [idle])
  })

  it("P5.2: logs what a callback throws, and goes on", async () => {
    const { change, connection, logged, runner } = await make()
    const error = new Error("mine")
    connection.onChange(() => {
      throw error
    })
    await eventLoopTurns(3)
    await change(connecting)
    assert.deepStrictEqual(logged.map(([, error]) => error), [error, error])
    await runner.close()
  })
})
