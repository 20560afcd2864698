import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SessionTasks from "../src/internal/sessionTasks.ts"

const first = new Reason.Transport({ detail: "first" })
const second = new Reason.Transport({ detail: "second" })
const unexpected = new Reason.Transport({ detail: "unexpected" })

/** The tasks of a session, what they have thrown, and how often they have ended its socket. */
const start = Effect.gen(function*() {
  const thrown: Array<unknown> = []
  let aborts = 0
  const tasks = yield* SessionTasks.make((defect) =>
    Effect.sync(() => {
      thrown.push(defect)
      return unexpected
    })
  )
  tasks.setAbort(() => aborts++)
  return { tasks, thrown, aborts: () => aborts }
})

describe("the tasks of a session", () => {
  it.effect("end it with the first failure", () =>
    Effect.gen(function*() {
      const { aborts, tasks } = yield* start
      assert.isUndefined(tasks.failure())
      tasks.fork(Effect.fail(first))
      yield* Effect.yieldNow
      assert.deepStrictEqual([tasks.failure(), aborts()], [first, 1])
      yield* tasks.fail(second)
      assert.strictEqual(tasks.failure(), first)
    }))

  it.effect("do not end it when they succeed", () =>
    Effect.gen(function*() {
      const { aborts, tasks } = yield* start
      tasks.fork(Effect.succeed("done"))
      yield* Effect.yieldNow
      assert.deepStrictEqual([tasks.failure(), aborts()], [undefined, 0])
    }))

  it.effect("end it when they throw, or interrupt themselves", () =>
    Effect.gen(function*() {
      for (const task of [Effect.die("a bug"), Effect.interrupt]) {
        const { aborts, tasks, thrown } = yield* start
        tasks.fork(task)
        yield* Effect.yieldNow
        assert.deepStrictEqual([tasks.failure(), aborts(), thrown.length], [unexpected, 1, 1])
      }
    }))

  it.effect("may fail before there is a socket", () =>
    Effect.gen(function*() {
      const tasks = yield* SessionTasks.make(() => Effect.succeed(unexpected))
      yield* tasks.fail(first)
      assert.strictEqual(tasks.failure(), first)
    }))

  it.effect("P7.2: are interrupted with its scope, which is no failure", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const { tasks, thrown } = yield* Effect.scoped(Effect.tap(start, ({ tasks }) =>
        Effect.andThen(
          Effect.sync(() => tasks.fork(Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)))),
          Effect.yieldNow
        )))
      assert.deepStrictEqual([interrupted, tasks.failure(), thrown], [1, undefined, []])
    }))
})
