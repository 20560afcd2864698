/** Row 6: a timeline of a million messages, some of them late, and some repeated. */
import * as Telemetry from "@effect-signalwire/runtime/Instrumentation"
import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { AddressId, ConversationId, MessageId } from "@effect-signalwire/schema/Ids"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ConnectionMonitor } from "../../packages/conversation/src/internal/connectionMonitor.ts"
import { HistoryReader } from "../../packages/conversation/src/internal/historyReader.ts"
import * as LiveSequence from "../../packages/conversation/src/internal/liveSequence.ts"
import * as MetricsRecorder from "../../packages/conversation/src/internal/metricsRecorder.ts"
import { Reconciler } from "../../packages/conversation/src/internal/reconciler.ts"
import { Retrier } from "../../packages/conversation/src/internal/retrier.ts"
import { idle } from "../../packages/subscription/src/ConnectionState.ts"
import * as Fanout from "../../packages/subscription/src/internal/fanout.ts"
import * as Signal from "../../packages/subscription/src/Signal.ts"
import { Subscription } from "../../packages/subscription/src/Subscription.ts"
import { type Benchmark, single, spreadOf } from "./harness.ts"

const total = 1_000_000
const parts = 10
/** About as many messages as one read of a socket returns. */
const batch = 80
/** How many messages the consumer keeps. */
const windowSize = 1000

const conversation = ConversationId.make("b0000001-4f3a-4c1b-9d2e-000000001eef")
const address = AddressId.make(conversation)

const eventOf = (n: number): ConversationEvent =>
  new ConversationEvent({
    id: MessageId.make(`a${n.toString(16).padStart(7, "0")}-4f3a-4c1b-9d2e-6f0c4f1f7a3d`),
    conversationId: conversation,
    groupId: null,
    userId: null,
    addressId: address,
    fromAddressId: address,
    // every fiftieth is three seconds late
    epochSeconds: 1_700_000_000 + n / 100 - (n % 50 === 48 ? 3 : 0),
    type: "message",
    subtype: "chat",
    kind: null,
    text: "hello",
    metadata: {},
    details: {},
    clientId: null
  }, { hidden: false, conversationName: "The lobby", userName: "Ada Lovelace" })

/** The number of the message that the n-th one repeats: every twentieth repeats one of the last two thousand. */
const repeatedBy = (n: number): number | undefined => {
  const before = n - 20 * (1 + n % 97) + 1
  return n % 20 === 19 && before >= 0 ? before : undefined
}

const isBefore = (a: ConversationEvent, b: ConversationEvent): boolean =>
  a.epochSeconds < b.epochSeconds || (a.epochSeconds === b.epochSeconds && a.id < b.id)

/** The newest messages in order, as a program keeps them for display. */
const makeWindow = () => {
  const window: Array<ConversationEvent> = []
  return {
    window,
    add: (event: ConversationEvent) => {
      let index = window.length
      for (
        let before = window[index - 1];
        before !== undefined && isBefore(event, before);
        before = window[index - 1]
      ) {
        index--
      }
      if (index === window.length) window.push(event)
      else window.splice(index, 0, event)
      if (window.length >= 2 * windowSize) window.splice(0, window.length - windowSize)
    }
  }
}

interface Part {
  readonly perSecond: number
  readonly heapMegabytes: number
}

const cpuSeconds = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Delivers messages through a timeline; returns the speed of each tenth, and the heap after it. */
const deliver = (count: number): Effect.Effect<ReadonlyArray<Part>> =>
  Effect.gen(function*() {
    const fanout = new Fanout.Fanout(4096)
    const subscription = Subscription.of({
      subscribe: fanout.subscribe,
      signals: Stream.never,
      events: Stream.never,
      ready: Effect.void,
      reconnect: Effect.void,
      awaitWake: Effect.never,
      sessionCount: Effect.succeed(1),
      connection: { current: Effect.succeed(idle), changes: Stream.never }
    })
    const telemetry = Telemetry.effect
    const monitor = new ConnectionMonitor(idle)
    const items = yield* LiveSequence.open({
      method: "timeline",
      subscription,
      monitor,
      reader: new HistoryReader({
        subscription,
        monitor,
        instrumentation: telemetry,
        lifetime: new Lifetime(),
        retrier: new Retrier(subscription),
        pollMillis: 15_000
      }),
      reconciler: new Reconciler(
        { minMillis: 15_000, maxMillis: 300_000, whileConnected: false, graceMillis: 5000 },
        idle,
        monitor,
        telemetry,
        yield* Effect.context()
      ),
      history: {
        key: "timeline",
        method: "timeline",
        newest: Effect.die(new Error("nothing is missing, and history was read"))
      },
      isIncluded: (event) => event.addressId === address,
      awaitReady: Effect.void,
      start: () => Effect.succeed({ slice: { end: "reached", messages: [] }, isEmitted: true }),
      cursor: undefined,
      metrics: MetricsRecorder.make(undefined),
      instrumentation: telemetry,
      tuning: { overlapSeconds: 30, memory: 8192, recoveryLimit: 10_000, isReconciled: false, cursorMillis: 1000 }
    })
    const { add, window } = makeWindow()
    const seen = { messages: 0, late: 0 }
    const read = Effect.map(items, (batch) => {
      for (const item of batch) {
        if (item._tag !== "Message" || !(item.message instanceof ConversationEvent)) continue
        seen.messages++
        if (item.late) seen.late++
        add(item.message)
      }
    })
    yield* Effect.forkScoped(Effect.forever(read, { disableYield: true }))
    const measured: Array<Part> = []
    let repeated = 0
    for (let part = 0; part < parts; part++) {
      let busy = 0
      const last = count * (part + 1) / parts
      for (let n = count * part / parts; n < last;) {
        const signals: Array<Signal.Signal> = []
        for (; n < last && signals.length < batch; n++) {
          const before = repeatedBy(n)
          if (before !== undefined) repeated++
          signals.push(Signal.event(eventOf(before ?? n)))
        }
        const began = cpuSeconds()
        fanout.emit(signals)
        yield* Effect.yieldNow
        busy += cpuSeconds() - began
      }
      globalThis.gc?.()
      measured.push({
        perSecond: count / parts / busy,
        heapMegabytes: process.memoryUsage().heapUsed / 1e6
      })
    }
    if (seen.messages !== count - repeated || seen.late < count / 60) {
      throw new Error(`${seen.messages} messages were delivered, ${seen.late} of them late`)
    }
    if (window.some((event, index) => index > 0 && isBefore(event, window[index - 1] ?? event))) {
      throw new Error("the window is not in order")
    }
    return measured
  }).pipe(Effect.scoped, Effect.orDie)

export const benchmark: Benchmark = {
  about: "A million live messages through a timeline, in batches of 80; every fiftieth is late, and every twentieth "
    + "repeated. The consumer keeps the newest thousand in order. A tenth is a hundred thousand messages; the heap is measured "
    + "after a garbage collection.",
  run: async () => {
    // warm-up, so that the first tenth runs compiled code
    await Effect.runPromise(deliver(300_000))
    const tenths = await Effect.runPromise(deliver(total))
    const [first, last] = [tenths[0], tenths.at(-1)]
    if (first === undefined || last === undefined) throw new Error("nothing was measured")
    return [
      {
        row: "6",
        what: "messages through a timeline",
        unit: "messages/s",
        spread: spreadOf(tenths.map(({ perSecond }) => perSecond)),
        goal: { is: "at least", value: 200_000 }
      },
      {
        row: "6",
        what: "speed of the last tenth, relative to the first",
        unit: "x",
        spread: single(last.perSecond / first.perSecond),
        goal: { is: "at least", value: 0.85, tolerance: 0.15 }
      },
      {
        row: "6",
        what: "heap that 900,000 more messages add",
        unit: "MB",
        spread: single(last.heapMegabytes - first.heapMegabytes),
        baseline: `with the window, after 100,000: ${first.heapMegabytes.toFixed(1)} MB`,
        goal: { is: "at most", value: 4, tolerance: 0.25 }
      }
    ]
  }
}
