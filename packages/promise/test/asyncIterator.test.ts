/** One iteration by itself: who is answered when, and what ends it. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { assert, describe, it } from "vitest"
import { toAsyncIterator } from "../src/internal/asyncIterator.ts"
import { makeCountingSignal, rejection } from "./support.ts"

type Batch = readonly [string, ...ReadonlyArray<string>]
type Answer = Effect.Effect<Batch, string | Cause.Done>

const ended = { done: true, value: undefined } as const
const item = (value: string) => ({ done: false, value }) as const

/** An iteration whose pulls are answered by the test, and what becomes of them. */
const begin = (signal?: AbortSignal, onPull = () => {}) => {
  const client = Scope.makeUnsafe()
  const waiting: Array<(answer: Answer) => void> = []
  const counts = { pulls: 0, atOnce: 0, interrupted: 0, closed: 0 }
  let isClosed = false
  const pull: Answer = Effect.callback((resume) => {
    counts.pulls++
    waiting.push(resume)
    counts.atOnce = Math.max(counts.atOnce, waiting.length)
    onPull()
    return Effect.sync(() => {
      counts.interrupted++
    })
  })
  const stream = Stream.unwrap(Effect.as(
    Effect.addFinalizer(() =>
      Effect.sync(() => {
        counts.closed++
      })
    ),
    Stream.fromPull(Effect.succeed(pull))
  ))
  const items = toAsyncIterator(
    {
      fork: Effect.runForkWith(Context.empty()),
      scope: client,
      signal: () => signal,
      isClosed: () => isClosed,
      mapError: (error) => error
    },
    Effect.succeed(stream),
    (value) => value
  )
  return {
    counts,
    next: () => items.next(),
    end: async () => items.return?.(),
    throwIn: async (error: unknown) => items.throw?.(error),
    /** Answers the pull that waits. */
    answer: (answer: Answer) => waiting.shift()?.(answer),
    batch: (...batch: Batch) => waiting.shift()?.(Effect.succeed(batch)),
    /** The client begins to close. */
    closeClient: () => {
      isClosed = true
    },
    /** The services of the client go. */
    closeServices: () => Effect.runPromise(Scope.close(client, Exit.void))
  }
}

describe("an iteration", () => {
  it("answers those who ask at the same time in the order in which they asked, over batches", async () => {
    const { batch, counts, next } = begin()
    const steps = Promise.all([next(), next(), next()])
    batch("1", "2")
    batch("3", "4")
    assert.deepStrictEqual(await steps, [item("1"), item("2"), item("3")])
    assert.deepStrictEqual(await next(), item("4"))
    assert.strictEqual(counts.atOnce, 1)
  })

  it("pulls no further while there are items in hand", async () => {
    const { batch, counts, next } = begin()
    const first = next()
    batch("1", "2")
    await first
    await next()
    assert.strictEqual(counts.pulls, 1)
  })

  it("does nothing before the first item is asked for", async () => {
    const { counts, end, next } = begin()
    await end()
    assert.deepStrictEqual(await next(), ended)
    assert.deepStrictEqual(counts, { pulls: 0, atOnce: 0, interrupted: 0, closed: 0 })
  })

  it("ends with the stream, for all who wait, and lets go of what it holds", async () => {
    const { answer, counts, next } = begin()
    const steps = Promise.all([next(), next()])
    answer(Cause.done())
    assert.deepStrictEqual(await steps, [ended, ended])
    assert.deepStrictEqual(await next(), ended)
    assert.strictEqual(counts.closed, 1)
  })

  it("tells a failure once, to the first who waits, and is over then", async () => {
    const { answer, counts, next } = begin()
    const [first, second] = [rejection(next()), next()]
    answer(Effect.fail("broken"))
    assert.strictEqual(await first, "broken")
    assert.deepStrictEqual([await second, await next()], [ended, ended])
    assert.strictEqual(counts.closed, 1)
  })

  it("P7.2: ends those who wait on return, after it has let go of what it holds", async () => {
    const { counts, end, next } = begin()
    const steps = Promise.all([next(), next()])
    await end()
    assert.deepStrictEqual(await steps, [ended, ended])
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: hands out nothing after return, though it has been pulled", async () => {
    const { batch, end, next } = begin()
    const first = next()
    batch("1", "2")
    await first
    await end()
    assert.deepStrictEqual(await next(), ended)
  })

  it("lets go of what it holds when something is thrown into it, which comes back as it is", async () => {
    const { batch, counts, next, throwIn } = begin()
    const first = next()
    batch("1", "2")
    await first
    const thrown = new Error("enough")
    assert.strictEqual(await rejection(throwIn(thrown)), thrown)
    assert.deepStrictEqual(await next(), ended)
    assert.strictEqual(counts.closed, 1)
  })
})

describe("the signal of an iteration", () => {
  it("P7.2: ends those who wait: the first with its reason, and lets go of what is held", async () => {
    const controller = new AbortController()
    const { counts, next } = begin(controller.signal)
    const [first, second] = [rejection(next()), next()]
    controller.abort("enough")
    assert.strictEqual(await first, "enough")
    assert.deepStrictEqual(await second, ended)
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: lets go of what is held also while nobody asks, and what was pulled is handed out before its reason", async () => {
    const controller = new AbortController()
    const { batch, counts, next } = begin(controller.signal)
    const first = next()
    batch("1", "2")
    await first
    controller.abort("enough")
    assert.strictEqual(counts.closed, 1)
    assert.deepStrictEqual(await next(), item("2"))
    assert.strictEqual(await rejection(next()), "enough")
    assert.deepStrictEqual(await next(), ended)
  })

  it("P7.2: that was aborted before lets nothing begin", async () => {
    const { counts, next } = begin(AbortSignal.abort("no"))
    assert.strictEqual(await rejection(next()), "no")
    assert.strictEqual(counts.pulls, 0)
  })

  it("P7.2: ends it also where what it pulls is what aborts it", async () => {
    const controller = new AbortController()
    const { counts, next } = begin(controller.signal, () => controller.abort("enough"))
    assert.strictEqual(await rejection(next()), "enough")
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: is not listened to any more once the iteration is over", async () => {
    const { listeners, signal } = makeCountingSignal()
    const { answer, next } = begin(signal)
    const first = next()
    assert.strictEqual(listeners(), 1)
    answer(Cause.done())
    await first
    assert.strictEqual(listeners(), 0)
  })
})

describe("the end of the client", () => {
  it("P7.2: ends an iteration of which nobody asks anything, and lets go of what it holds", async () => {
    const { batch, closeClient, closeServices, counts, next } = begin()
    const first = next()
    batch("1")
    await first
    closeClient()
    await closeServices()
    assert.strictEqual(counts.closed, 1)
    assert.deepStrictEqual(await next(), ended)
  })

  it("P7.2: fails no iteration with what it tears down", async () => {
    const { answer, closeClient, next } = begin()
    const first = next()
    closeClient()
    answer(Effect.fail("torn down"))
    assert.deepStrictEqual(await first, ended)
  })
})
