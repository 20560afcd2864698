/** Subscriptions over streams that end by themselves. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { assert, describe, it, vi } from "vitest"
import * as Runner from "../src/internal/runner.ts"
import { subscribe } from "../src/internal/subscribe.ts"
import * as TokenRefusals from "../src/internal/tokenRefusals.ts"

/**
 * Subscribes to a stream; returns the subscription, and the errors of which its `onError` is notified. `onOpened` is called
 * when the stream is opened.
 */
const start = async (events: Stream.Stream<never>, onOpened: (runner: Runner.Runner<never>) => void = constVoid) => {
  let markRunning = constVoid
  const isRunning = new Promise<void>((resolve) => {
    markRunning = resolve
  })
  const running = Stream.concat(Stream.drain(Stream.sync(markRunning)), events)
  const conversations = Layer.mock(Conversations.Conversations, {
    subscription: () =>
      Effect.sync(() => {
        onOpened(runner)
        return running
      }),
    connection: {
      current: Effect.succeed(idle),
      changes: Stream.make(idle),
      ready: Effect.void,
      reconnect: Effect.void
    }
  })
  const runner = await Runner.make(Layer.build(conversations))
  const errors: Array<unknown> = []
  const subscription = await subscribe(
    { runner, tokenRefusals: TokenRefusals.make(runner), logError: constVoid },
    (error) => error,
    () => true,
    constVoid,
    { onError: (error) => errors.push(error) }
  )
  await isRunning
  return { errors, runner, subscription }
}

describe("a subscription", () => {
  it("P8.7: reports that it has ended when its stream interrupts itself", async () => {
    const { errors, runner } = await start(Stream.fromEffect(Effect.interrupt))
    await vi.waitFor(() => assert.lengthOf(errors, 1))
    await runner.close()
  })

  it("reports nothing when it is unsubscribed, or when the client closes", async () => {
    const unsubscribed = await start(Stream.never)
    await unsubscribed.subscription.unsubscribe()
    assert.deepStrictEqual(unsubscribed.errors, [])
    await unsubscribed.runner.close()
    const closed = await start(Stream.never)
    await closed.runner.close()
    assert.deepStrictEqual(closed.errors, [])
  })

  it("reports nothing when the client closes after its stream was opened, and before it runs", async () => {
    const { errors, runner } = await start(Stream.die("closed"), (runner) => queueMicrotask(() => void runner.close()))
    assert.isTrue(runner.isClosed())
    assert.deepStrictEqual(errors, [])
    await runner.close()
  })
})
