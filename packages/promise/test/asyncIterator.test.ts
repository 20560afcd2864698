/** Async iterators over streams: the order of results, and what ends an iteration. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { assert, describe, it } from "vitest"
import { toAsyncIterator } from "../src/internal/asyncIterator.ts"
import { makeCountingSignal } from "./countingSignal.ts"
import { rejection } from "./support.ts"

type Batch = readonly [string, ...ReadonlyArray<string>]
type Outcome = Effect.Effect<Batch, string | Cause.Done>

const ended = { done: true, value: undefined } as const
const item = (value: string) => ({ done: false, value }) as const

/** An iteration whose pulls the test completes, and counts of what happened to them. */
const begin = (signal?: AbortSignal, onPull = () => {}) => {
  const client = Scope.makeUnsafe()
  const waiting: Array<(outcome: Outcome) => void> = []
  const counts = { pulls: 0, concurrent: 0, interrupted: 0, closed: 0 }
  let isClosed = false
  const pull: Outcome = Effect.callback((resume) => {
    counts.pulls++
    waiting.push(resume)
    counts.concurrent = Math.max(counts.concurrent, waiting.length)
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
    /** Completes the oldest pending pull. */
    complete: (outcome: Outcome) => waiting.shift()?.(outcome),
    batch: (...batch: Batch) => waiting.shift()?.(Effect.succeed(batch)),
    /** Marks the client as closing. */
    closeClient: () => {
      isClosed = true
    },
    /** Closes the scope of the client's services. */
    closeServices: () => Effect.runPromise(Scope.close(client, Exit.void))
  }
}

describe("an iteration", () => {
  it("resolves concurrent calls of next in order, across batches", async () => {
    const { batch, counts, next } = begin()
    const steps = Promise.all([next(), next(), next()])
    batch("1", "2")
    batch("3", "4")
    assert.deepStrictEqual(await steps, [item("1"), item("2"), item("3")])
    assert.deepStrictEqual(await next(), item("4"))
    assert.strictEqual(counts.concurrent, 1)
  })

  it("does not pull while items are buffered", async () => {
    const { batch, counts, next } = begin()
    const first = next()
    batch("1", "2")
    await first
    await next()
    assert.strictEqual(counts.pulls, 1)
  })

  it("does nothing before the first call of next", async () => {
    const { counts, end, next } = begin()
    await end()
    assert.deepStrictEqual(await next(), ended)
    assert.deepStrictEqual(counts, { pulls: 0, concurrent: 0, interrupted: 0, closed: 0 })
  })

  it("ends with the stream, for all pending calls, and releases its resources", async () => {
    const { complete, counts, next } = begin()
    const steps = Promise.all([next(), next()])
    complete(Cause.done())
    assert.deepStrictEqual(await steps, [ended, ended])
    assert.deepStrictEqual(await next(), ended)
    assert.strictEqual(counts.closed, 1)
  })

  it("rejects the first pending call with a failure, and then ends", async () => {
    const { complete, counts, next } = begin()
    const [first, second] = [rejection(next()), next()]
    complete(Effect.fail("broken"))
    assert.strictEqual(await first, "broken")
    assert.deepStrictEqual([await second, await next()], [ended, ended])
    assert.strictEqual(counts.closed, 1)
  })

  it("P7.2: ends pending calls on return, after releasing its resources", async () => {
    const { counts, end, next } = begin()
    const steps = Promise.all([next(), next()])
    await end()
    assert.deepStrictEqual(await steps, [ended, ended])
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: yields no buffered items after return", async () => {
    const { batch, end, next } = begin()
    const first = next()
    batch("1", "2")
    await first
    await end()
    assert.deepStrictEqual(await next(), ended)
  })

  it("releases its resources on throw, which rejects with the same error", async () => {
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
  it("P7.2: rejects the first pending call with its reason, ends the others, and releases resources", async () => {
    const controller = new AbortController()
    const { counts, next } = begin(controller.signal)
    const [first, second] = [rejection(next()), next()]
    controller.abort("enough")
    assert.strictEqual(await first, "enough")
    assert.deepStrictEqual(await second, ended)
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: releases resources also without a pending call, and buffered items are yielded before its reason", async () => {
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

  it("P7.2: is not the error of a call after return", async () => {
    const controller = new AbortController()
    const { batch, end, next } = begin(controller.signal)
    const first = next()
    batch("a")
    assert.deepStrictEqual(await first, item("a"))
    controller.abort("enough")
    await end()
    assert.deepStrictEqual(await next(), ended)
  })

  it("P7.2: prevents the iteration from starting when it is already aborted", async () => {
    const { counts, next } = begin(AbortSignal.abort("no"))
    assert.strictEqual(await rejection(next()), "no")
    assert.strictEqual(counts.pulls, 0)
  })

  it("P7.2: may be aborted by the pull itself", async () => {
    const controller = new AbortController()
    const { counts, next } = begin(controller.signal, () => controller.abort("enough"))
    assert.strictEqual(await rejection(next()), "enough")
    assert.deepStrictEqual([counts.interrupted, counts.closed], [1, 1])
  })

  it("P7.2: has no listener once the iteration has ended", async () => {
    const { listeners, signal } = makeCountingSignal()
    const { complete, next } = begin(signal)
    const first = next()
    assert.strictEqual(listeners(), 1)
    complete(Cause.done())
    await first
    assert.strictEqual(listeners(), 0)
  })
})

describe("closing the client", () => {
  it("P7.2: ends an iteration without pending calls, and releases its resources", async () => {
    const { batch, closeClient, closeServices, counts, next } = begin()
    const first = next()
    batch("1")
    await first
    closeClient()
    await closeServices()
    assert.strictEqual(counts.closed, 1)
    assert.deepStrictEqual(await next(), ended)
  })

  it("P7.2: does not fail iterations with errors that the closing causes", async () => {
    const { closeClient, complete, next } = begin()
    const first = next()
    closeClient()
    complete(Effect.fail("torn down"))
    assert.deepStrictEqual(await first, ended)
  })
})
