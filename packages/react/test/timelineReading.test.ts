/** What a timeline shows of the events and pages that a client yields, without a server. */
import {
  ConversationError,
  type GetConversationMessagesOptions,
  type Page,
  type RunOptions,
  type TimelineEvent,
  type TimelineOptions
} from "@effect-signalwire/promise"
import { Forbidden } from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "vitest"
import type * as ClientSource from "../src/internal/clientSource.ts"
import type { Message } from "../src/internal/messageWindow.ts"
import * as Store from "../src/internal/store.ts"
import * as TimelineReader from "../src/internal/timelineReader.ts"
import { connectedConnection, message, pageOf, settled } from "./fixtures.ts"

const forbidden = new ConversationError({ method: "timeline", reason: new Forbidden({ detail: "no" }) })

const isNew = (ts: number, clientId: string | null = null): TimelineEvent => ({
  _tag: "Message",
  message: message(ts),
  late: false,
  clientId
})
const caughtUp = (through: number | null = 0): TimelineEvent => ({ _tag: "CaughtUp", through })
const gap = (from: number): TimelineEvent => ({ _tag: "Gap", from, to: from + 1, reason: "history-too-short" })

/** A read of older messages that the server has not responded to yet. */
interface Read {
  readonly options: GetConversationMessagesOptions
  readonly succeed: (page: Page<Message>) => Promise<void>
  readonly fail: (error: unknown) => Promise<void>
}

/** Starts a timeline whose events and pages the test provides. */
const start = (options: TimelineReader.Options = { capacity: 10, pageSize: 4 }) => {
  const reads: Array<Read> = []
  const timelines: Array<TimelineOptions> = []
  const waits: Array<RunOptions | undefined> = []
  const waiting: Array<(step: IteratorResult<TimelineEvent, undefined>) => void> = []
  let failTimeline: (error: unknown) => void = () => {}
  let failReady: (error: unknown) => void = () => {}
  const client = {
    connection: {
      ...connectedConnection(),
      ready: (options?: RunOptions) => {
        waits.push(options)
        return new Promise<void>((_, reject) => void (failReady = reject))
      }
    },
    conversation: {
      timeline: (options: TimelineOptions): AsyncIterable<TimelineEvent> => {
        timelines.push(options)
        return {
          [Symbol.asyncIterator]: () => ({
            next: () =>
              new Promise((resolve, reject) => {
                waiting.push(resolve)
                failTimeline = reject
              })
          })
        }
      },
      getConversationMessages: (options: GetConversationMessagesOptions) =>
        new Promise<Page<Message>>((resolve, reject) => {
          reads.push({
            options,
            succeed: (page) => {
              resolve(page)
              return settled()
            },
            fail: (error) => {
              reject(error)
              return settled()
            }
          })
        })
    }
  }
  const source = { state: Store.make<ClientSource.ClientState>({ status: "pending", client: null, error: null }) }
  let changes = 0
  const reader = TimelineReader.make(
    "office",
    source,
    () => options,
    ({ id }, clientId) => clientId ?? id,
    () => void changes++
  )
  let controller = new AbortController()
  const restart = () => {
    controller.abort()
    controller = new AbortController()
    reader.start(client, controller.signal)
  }
  restart()
  const read = (): Read => {
    const latest = reads.at(-1)
    if (latest === undefined) throw new Error("nothing was read")
    return latest
  }
  return {
    ...reader,
    abort: () => controller.abort(),
    restart,
    timelines,
    waits,
    changes: () => changes,
    read,
    reads,
    emit: async (...events: ReadonlyArray<TimelineEvent>) => {
      for (const value of events) {
        waiting.pop()?.({ done: false, value })
        await settled()
      }
    },
    end: async (error: unknown) => {
      waiting.pop()?.({ done: true, value: undefined })
      await settled()
      failReady(error)
      await settled()
    },
    failTimeline: (error: unknown) => {
      failTimeline(error)
      return settled()
    },
    ids: () => reader.snapshot().window.entries().map(({ message }) => message.id)
  }
}

describe("a timeline", () => {
  it("is loading until it has caught up, and shows the first page as a whole", async () => {
    const { changes, emit, ids, snapshot } = start()
    const before = changes()
    await emit(isNew(1), isNew(2))
    assert.deepStrictEqual([snapshot().status, ids(), changes()], ["loading", [], before])
    await emit(caughtUp())
    assert.deepStrictEqual([snapshot().status, ids(), changes()], ["live", ["m1", "m2"], before + 1])
    assert.isTrue(snapshot().window.hasOlder())
    await emit(isNew(3))
    assert.deepStrictEqual([ids(), changes()], [["m1", "m2", "m3"], before + 2])
  })

  it("shows each message with the key of its outgoing message", async () => {
    const { emit, snapshot } = start()
    await emit(isNew(1, "mine"), isNew(2), caughtUp())
    assert.deepStrictEqual(snapshot().window.entries().map(({ key }) => key), ["mine", "m2"])
  })

  it("has no older messages when it caught up with an empty history", async () => {
    const { emit, snapshot } = start()
    await emit(caughtUp(null))
    assert.isFalse(snapshot().window.hasOlder())
  })

  it("P3.3: has the bounds and the reason of its last hundred gaps", async () => {
    const { emit, snapshot } = start()
    await emit(gap(0), caughtUp())
    assert.deepStrictEqual(snapshot().gaps, [{ from: 0, to: 1, reason: "history-too-short" }])
    await emit(...Array.from({ length: 100 }, (_, n) => gap(n + 1)))
    assert.deepStrictEqual(snapshot().gaps.map(({ from }) => from), Array.from({ length: 100 }, (_, n) => n + 1))
  })

  it("P7.2: reads the messages of its address until it is aborted", () => {
    const { abort, timelines } = start()
    const state = () => timelines.map(({ addressId, signal }) => [addressId, signal?.aborted])
    assert.deepStrictEqual(state(), [["office", false]])
    abort()
    assert.deepStrictEqual(state(), [["office", true]])
  })

  it("P7.2: waits for the reason of the connection until it is aborted", async () => {
    const { abort, emit, end, waits } = start()
    await emit(caughtUp())
    await end(forbidden)
    abort()
    assert.deepStrictEqual(waits.map((options) => options?.signal?.aborted), [true])
  })

  it("P7.2: has no older messages of a read that ended after it was aborted", async () => {
    const { abort, emit, ids, loadOlder, read } = start()
    await emit(isNew(5), caughtUp())
    void loadOlder()
    abort()
    await read().succeed(pageOf([message(1), message(2)]))
    assert.deepStrictEqual(ids(), ["m5"])
  })

  it("P7.2: changes no more once it is aborted, whatever the client yields", async () => {
    const yielding = start()
    await yielding.emit(caughtUp())
    yielding.abort()
    const before = yielding.changes()
    await yielding.emit(isNew(1))
    assert.deepStrictEqual([yielding.changes(), yielding.ids()], [before, []])
    const failing = start()
    failing.abort()
    await failing.failTimeline(forbidden)
    assert.strictEqual(failing.snapshot().status, "loading")
  })

  it("fails with the error of the timeline, and is loading once it starts again", async () => {
    const { emit, failTimeline, ids, restart, snapshot } = start()
    await emit(isNew(1), caughtUp())
    await failTimeline(forbidden)
    assert.deepStrictEqual([snapshot().status, snapshot().error, ids()], ["failed", forbidden, ["m1"]])
    restart()
    assert.deepStrictEqual([snapshot().status, snapshot().error, ids()], ["loading", null, ["m1"]])
    await emit(isNew(2), caughtUp())
    assert.deepStrictEqual([snapshot().status, ids()], ["live", ["m2"]])
  })

  it("fails with the reason of the connection when it ends", async () => {
    const { emit, end, snapshot } = start()
    await emit(caughtUp())
    await end(forbidden)
    assert.deepStrictEqual([snapshot().status, snapshot().error], ["failed", forbidden])
  })

  it("has the initial state again after reset", async () => {
    const { emit, ids, loadOlder, reads, reset, snapshot } = start()
    await emit(isNew(1), gap(0), caughtUp())
    void loadOlder()
    reset()
    const { error, gaps, isLoadingOlder, olderError, status } = snapshot()
    assert.deepStrictEqual({ status, error, gaps, isLoadingOlder, olderError, ids: ids() }, {
      status: "loading",
      error: null,
      gaps: [],
      isLoadingOlder: false,
      olderError: null,
      ids: []
    })
    await loadOlder()
    assert.lengthOf(reads, 1)
  })
})

describe("loading older messages", () => {
  it("reads a page up to the second of the first message, and adds what is new", async () => {
    const { emit, ids, loadOlder, read, snapshot } = start()
    await emit(isNew(5.5), isNew(6), caughtUp())
    const loading = loadOlder()
    assert.isTrue(snapshot().isLoadingOlder)
    const { addressId, pageSize, until } = read().options
    assert.deepStrictEqual({ addressId, pageSize, until }, { addressId: "office", pageSize: 4, until: 6 })
    await read().succeed(pageOf([message(6), message(5.5), message(4), message(3)]))
    await loading
    assert.deepStrictEqual([ids(), snapshot().isLoadingOlder, snapshot().olderError], [
      ["m3", "m4", "m5.5", "m6"],
      false,
      null
    ])
    assert.isFalse(snapshot().window.hasOlder())
  })

  it("P7.2: reads every page until it is aborted", async () => {
    const { abort, emit, loadOlder, read } = start()
    await emit(isNew(5), caughtUp())
    void loadOlder()
    const signals = [read().options.signal]
    const page: Page<Message> = {
      ...pageOf([message(5)]),
      hasNext: true,
      nextPage: async (options) => {
        signals.push(options?.signal)
        return pageOf([message(1)])
      }
    }
    await read().succeed(page)
    assert.deepStrictEqual(signals.map((signal) => signal?.aborted), [false, false])
    abort()
    assert.deepStrictEqual(signals.map((signal) => signal?.aborted), [true, true])
  })

  it("has no time limit when there is no message", async () => {
    const { emit, loadOlder, read } = start()
    await emit(caughtUp())
    void loadOlder()
    assert.isUndefined(read().options.until)
  })

  it("continues until half of a page is new", async () => {
    const { emit, ids, loadOlder, read, snapshot } = start()
    await emit(isNew(9), caughtUp())
    const loading = loadOlder()
    let nextPages = 0
    const next = (data: ReadonlyArray<Message>, more?: () => Promise<Page<Message>>) => () => {
      nextPages++
      return Promise.resolve(pageOf(data, more))
    }
    await read().succeed(
      pageOf([message(9), message(8)], next([message(8)], next([message(7)], next([message(6)]))))
    )
    await loading
    assert.deepStrictEqual([ids(), nextPages], [["m7", "m8", "m9"], 2])
    assert.isTrue(snapshot().window.hasOlder())
  })

  it("does nothing while loading, or without older messages", async () => {
    const { emit, loadOlder, reads } = start()
    await loadOlder()
    await emit(isNew(1), caughtUp(null))
    await loadOlder()
    assert.deepStrictEqual(reads, [])
  })

  it("ends when there is no next page any more, and then has no older messages", async () => {
    const { emit, ids, loadOlder, read, snapshot } = start()
    await emit(isNew(9), caughtUp())
    const loading = loadOlder()
    await read().succeed({ ...pageOf([message(9), message(8)]), hasNext: true })
    await loading
    assert.deepStrictEqual([ids(), snapshot().olderError, snapshot().window.hasOlder()], [["m8", "m9"], null, false])
  })

  it("does nothing when there is no client, because it could not be created", async () => {
    const { fail, loadOlder, reset, snapshot } = start()
    reset()
    fail(forbidden)
    await loadOlder()
    assert.deepStrictEqual([snapshot().status, snapshot().isLoadingOlder, snapshot().olderError], [
      "failed",
      false,
      null
    ])
  })

  it("reads once for concurrent calls, and again for a later one", async () => {
    const { emit, loadOlder, read, reads } = start()
    await emit(isNew(9), caughtUp())
    const both = Promise.all([loadOlder(), loadOlder()])
    assert.strictEqual(reads.length, 1)
    await read().succeed(pageOf([message(8), message(7)], () => Promise.resolve(pageOf([]))))
    await both
    void loadOlder()
    assert.strictEqual(reads.length, 2)
  })

  it("has the error of a failure, and none once it is called again", async () => {
    const { emit, ids, loadOlder, read, snapshot } = start()
    await emit(isNew(9), caughtUp())
    const loading = loadOlder()
    await read().fail(forbidden)
    await loading
    assert.deepStrictEqual([snapshot().status, snapshot().olderError, snapshot().isLoadingOlder], [
      "live",
      forbidden,
      false
    ])
    void loadOlder()
    assert.deepStrictEqual([snapshot().olderError, snapshot().isLoadingOlder, ids()], [null, true, ["m9"]])
  })

  it("is not shown any more once the timeline starts again, and can be called then", async () => {
    const { emit, ids, loadOlder, read, reads, restart, snapshot } = start()
    await emit(isNew(9), caughtUp())
    void loadOlder()
    const first = read()
    restart()
    assert.isFalse(snapshot().isLoadingOlder)
    await emit(isNew(9), caughtUp())
    void loadOlder()
    await first.succeed(pageOf([message(8)]))
    assert.deepStrictEqual([reads.length, snapshot().isLoadingOlder, snapshot().olderError, ids()], [2, true, null, [
      "m9"
    ]])
  })

  it("keeps live messages that arrive during and after it", async () => {
    const { emit, ids, loadOlder, read } = start()
    await emit(isNew(8), caughtUp())
    const loading = loadOlder()
    await emit(isNew(9))
    await read().succeed(pageOf([message(7), message(6)]))
    await loading
    await emit(isNew(10))
    assert.deepStrictEqual(ids(), ["m6", "m7", "m8", "m9", "m10"])
  })
})
