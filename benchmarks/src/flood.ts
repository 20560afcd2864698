/** Row 8: the memory that a flood leaves behind, and a subscriber that is too slow for a flood. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { WebSocket as NodeWebSocket } from "ws"
import type { Connect } from "./feed/compareClients.ts"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import * as Raw from "./feed/rawClient.ts"
import { type Benchmark, type Figure, single } from "./harness.ts"

const frames = 200_000
/** After how many of them memory is measured for the first time. */
const first = 20_000
/** The time that the slow subscriber takes for one event, milliseconds: about a thousand times the time of its delivery. */
const slowMillis = 12

const megabytes = (bytes: number): number => bytes / 1e6

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return megabytes(process.memoryUsage().heapUsed)
}

/** The peak of this process's memory while `run` calls `sample`, beyond the memory before. Megabytes. */
const peakWhile = async (run: (sample: () => void) => Promise<void>): Promise<number> => {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  await run(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  })
  return megabytes(peak - before)
}

/** The peak memory of a flood, and the heap after a tenth of it and after all of it. */
const flooded = async (connect: Connect) => {
  await using feed = await Feed.start()
  let missing = 0
  let received = 0
  let onAll = () => {}
  let sample = () => {}
  const close = await connect(feed, (events) => {
    received += events
    missing -= events
    if (received % 500 < events) sample()
    if (missing === 0) onAll()
  })
  const flood = async (count: number) => {
    missing = count
    const delivered = new Promise<void>((resolve) => {
      onAll = resolve
    })
    await Promise.all([delivered, feed.flood(count)])
  }
  await flood(first)
  const early = heap()
  const peak = await peakWhile(async (given) => {
    sample = given
    await flood(frames)
  })
  const late = heap()
  await close()
  return { early, late, peak }
}

const openWs = (url: string) => new NodeWebSocket(url, { perMessageDeflate: false })
const webSockets = NodeWebSockets.layer(NodeWebSocket)

/** A subscriber that is slow while the flood lasts, and does what it can from then on. */
const slow = async () => {
  await using feed = await Feed.start()
  const scope = Scope.makeUnsafe()
  const seen = new Set<string>()
  let repeated = 0
  let gaps = 0
  let isSlow = true
  let onAll = () => {}
  const all = new Promise<void>((resolve) => {
    onAll = resolve
  })
  await Effect.runPromise(Effect.gen(function*() {
    const context = yield* Ours.build(feed, Ours.transportsOf(webSockets), scope)
    const { subscription } = yield* Effect.provide(Conversations.Conversations, context)
    const events = yield* Scope.provide(
      subscription({ policy: "suspend", onGap: () => Effect.sync(() => void gaps++) }),
      scope
    )
    yield* Effect.forkIn(
      Stream.runForEach(events, ({ id }) =>
        Effect.suspend(() => {
          if (seen.has(id)) repeated++
          seen.add(id)
          if (seen.size === frames + first) onAll()
          return isSlow ? Effect.sleep(slowMillis) : Effect.void
        })),
      scope
    )
  }))
  await feed.flood(first, { inHistory: true })
  const early = heap()
  const peak = await peakWhile(async (sample) => {
    const timer = setInterval(sample, 10)
    await feed.flood(frames, { inHistory: true })
    clearInterval(timer)
  })
  const late = heap()
  const receivedBefore = seen.size
  const began = performance.now()
  isSlow = false
  await Promise.race([
    all,
    new Promise<void>((resolve) => {
      setTimeout(resolve, 120_000).unref()
    })
  ])
  const seconds = (performance.now() - began) / 1000
  await Effect.runPromise(Scope.close(scope, Exit.void))
  return { early, late, peak, receivedBefore, seconds, delivered: seen.size, repeated, gaps }
}

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const raw = await flooded((feed, onEvents) => Raw.connect(feed, openWs, () => onEvents(1)))
  const ours = await flooded(Ours.connect(webSockets, 1))
  const behind = await slow()
  if (behind.repeated > 0 || behind.gaps > 0) {
    throw new Error(`${behind.repeated} events were delivered twice, and ${behind.gaps} gaps were reported`)
  }
  return [
    {
      row: "8",
      what: `memory at the peak of a flood of ${frames} frames, beyond raw ws`,
      unit: "MB",
      spread: single(ours.peak - raw.peak),
      baseline: `raw ws: ${Math.round(raw.peak)} MB`,
      goal: { is: "at most", value: 100, tolerance: 0.5 }
    },
    {
      row: "8",
      what: `heap that ${frames} more frames leave behind`,
      unit: "MB",
      spread: single(ours.late - ours.early),
      baseline: `after ${first}: ${Math.round(ours.early)} MB`,
      goal: { is: "at most", value: 4, tolerance: 0.5 }
    },
    {
      row: "8",
      what:
        `the same for a subscriber that is a thousand times too slow, and received ${behind.receivedBefore} of them`,
      unit: "MB",
      spread: single(behind.late - behind.early),
      baseline: `after ${first}: ${Math.round(behind.early)} MB`,
      goal: { is: "at most", value: 4, tolerance: 0.5 }
    },
    {
      row: "8",
      what: `events that it has received in the end, each once, of ${frames + first}`,
      unit: "events",
      spread: single(behind.delivered),
      baseline: `in ${behind.seconds.toFixed(1)} s, once it is no longer slow`,
      goal: { is: "at least", value: frames + first, tolerance: 0 }
    }
  ]
}

export const benchmark: Benchmark = {
  about:
    `${frames} events at full speed over \`ws\` to one subscriber with the default options, and the memory that this leaves behind. Then `
    + `the same for a subscriber that takes ${slowMillis} ms for each event during the flood: it reads the events that did not fit `
    + "into its queue from history.",
  run
}
