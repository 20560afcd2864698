/** Row 8: what a flood leaves in memory, and what becomes of a subscriber that can't keep up with one. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { WebSocket as NodeWebSocket } from "ws"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import * as Raw from "./feed/rawClient.ts"
import type { Connect } from "./feed/subject.ts"
import { type Benchmark, exactly, type Figure } from "./harness.ts"

const frames = 200_000
/** After how many of them memory is looked at for the first time. */
const first = 20_000
/** How long the slow subscriber takes over one event: a thousand times as long as it takes to come. Milliseconds. */
const slowMillis = 12

const megabytes = (bytes: number): number => bytes / 1e6

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return megabytes(process.memoryUsage().heapUsed)
}

/** The most memory that this process was seen to hold by `look`, beyond what it held before. Megabytes. */
const peakWhile = async (watch: (look: () => void) => Promise<void>): Promise<number> => {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  await watch(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  })
  return megabytes(peak - before)
}

/** The peak of a flood, with the heap that is left after a tenth of it and after all of it. */
const flooded = async (connect: Connect) => {
  await using feed = await Feed.start()
  let missing = 0
  let heard = 0
  let onAll = () => {}
  let look = () => {}
  const close = await connect(feed, (events) => {
    heard += events
    missing -= events
    if (heard % 500 < events) look()
    if (missing === 0) onAll()
  })
  const flood = async (count: number) => {
    missing = count
    const told = new Promise<void>((resolve) => {
      onAll = resolve
    })
    await Promise.all([told, feed.flood(count)])
  }
  await flood(first)
  const early = heap()
  const peak = await peakWhile(async (given) => {
    look = given
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
  await feed.flood(first, { kept: true })
  const early = heap()
  const peak = await peakWhile(async (look) => {
    const timer = setInterval(look, 10)
    await feed.flood(frames, { kept: true })
    clearInterval(timer)
  })
  const late = heap()
  const heardBefore = seen.size
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
  return { early, late, peak, heardBefore, seconds, told: seen.size, repeated, gaps }
}

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const raw = await flooded((feed, heard) => Raw.connect(feed, openWs, () => heard(1)))
  const ours = await flooded(Ours.connect(webSockets, 1))
  const behind = await slow()
  if (behind.repeated > 0 || behind.gaps > 0) {
    throw new Error(`${behind.repeated} events came twice, and ${behind.gaps} gaps were told`)
  }
  return [
    {
      row: "8",
      what: `memory at the peak of a flood of ${frames} frames, beyond raw ws`,
      unit: "MB",
      spread: exactly(ours.peak - raw.peak),
      baseline: `raw ws: ${Math.round(raw.peak)} MB`,
      goal: { is: "at most", value: 100, slack: 0.5 }
    },
    {
      row: "8",
      what: `heap that ${frames} more frames leave behind`,
      unit: "MB",
      spread: exactly(ours.late - ours.early),
      baseline: `after ${first}: ${Math.round(ours.early)} MB`,
      goal: { is: "at most", value: 4, slack: 0.5 }
    },
    {
      row: "8",
      what: `the same before a subscriber a thousand times too slow, which heard ${behind.heardBefore} of them`,
      unit: "MB",
      spread: exactly(behind.late - behind.early),
      baseline: `after ${first}: ${Math.round(behind.early)} MB`,
      goal: { is: "at most", value: 4, slack: 0.5 }
    },
    {
      row: "8",
      what: `told to it in the end, each once, of ${frames + first}`,
      unit: "events",
      spread: exactly(behind.told),
      baseline: `in ${behind.seconds.toFixed(1)} s, once it is no longer slow`,
      goal: { is: "at least", value: frames + first, slack: 0 }
    }
  ]
}

export const benchmark: Benchmark = {
  about:
    `${frames} events at full speed over \`ws\` to one subscriber, out of the box, and what that leaves in memory. Then `
    + `the same before one that takes ${slowMillis} ms over each event while the flood lasts: what does not find room in `
    + "its mailbox it has from history when its turn comes.",
  run
}
