/** Subscriptions over streams that end by themselves. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { assert, describe, it, vi } from "vitest"
import * as Runner from "../src/internal/runner.ts"
import { subscribe } from "../src/internal/subscribe.ts"
import * as TokenRefusals from "../src/internal/tokenRefusals.ts"

const gap = TimelineEvent.Gap({ from: DateTime.makeUnsafe(0), to: null, reason: "history-too-short" })

/**
 * Subscribes to a stream; returns the subscription, what its `onError` and `onGap` are notified of, and an effect that
 * reports a gap. `onOpened` is called when the stream is opened.
 */
const start = async (events: Stream.Stream<never>, onOpened: (runner: Runner.Runner<never>) => void = constVoid) => {
  let markRunning = constVoid
  const isRunning = new Promise<void>((resolve) => {
    markRunning = resolve
  })
  let reportGap: Effect.Effect<void> = Effect.die("there is no onGap")
  const running = Stream.concat(Stream.drain(Stream.sync(markRunning)), events)
  const conversations = Layer.mock(Conversations.Conversations, {
    subscription: ({ onGap = () => Effect.void } = {}) =>
      Effect.sync(() => {
        reportGap = Effect.asVoid(onGap(gap))
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
  const gaps: Array<unknown> = []
  const subscription = await subscribe(
    { runner, tokenRefusals: TokenRefusals.make(runner), logError: constVoid },
    (error) => error,
    () => true,
    constVoid,
    { onError: (error) => errors.push(error), onGap: ({ reason }) => gaps.push(reason) }
  )
  await isRunning
  return { errors, gaps, reportGap: () => Effect.runPromise(reportGap), runner, subscription }
}

describe("a subscription", () => {
  it("P8.7: reports that it has ended when its stream interrupts itself", async () => {
    const { errors, runner } = await start(Stream.fromEffect(Effect.interrupt))
    await vi.waitFor(() => assert.lengthOf(errors, 1))
    await runner.close()
  })

  it("P7.2: does not call onGap after it is unsubscribed", async () => {
    const { gaps, reportGap, runner, subscription } = await start(Stream.never)
    await reportGap()
    await subscription.unsubscribe()
    await reportGap()
    assert.deepStrictEqual(gaps, ["history-too-short"])
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
