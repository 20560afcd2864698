import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationId, MessageId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Fanout, type Subscriber } from "../src/internal/fanout.ts"
import * as Signal from "../src/Signal.ts"
import { SubscriptionError } from "../src/SubscriptionError.ts"

const event = (id: string): Signal.Signal =>
  Signal.event(
    new ConversationEvent({
      id: MessageId.make(id),
      conversationId: ConversationId.make("c"),
      groupId: null,
      userId: null,
      addressId: null,
      fromAddressId: null,
      epochSeconds: 1,
      type: "message",
      subtype: "chat",
      kind: null,
      text: id,
      metadata: {},
      details: {},
      clientId: null
    }, { hidden: false, conversationName: null, userName: null })
  )

const label = (signal: Signal.Signal) => signal._tag === "Event" ? signal.event.id : signal._tag

const streamOf = ({ signals }: Subscriber) => Stream.fromPull(Effect.succeed(signals))
const collect = (subscriber: Subscriber) => Stream.runCollect(streamOf(subscriber))

describe("Fanout", () => {
  it.effect("emits every signal to every subscriber", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const subscribers = yield* Effect.all([fanout.subscribe, fanout.subscribe])
      fanout.emit([event("1"), event("2")])
      fanout.end()
      for (const subscriber of subscribers) {
        assert.deepStrictEqual((yield* collect(subscriber)).map(label), ["1", "2"])
      }
    }))

  it.effect("returns the buffered signals of a subscriber, and buffers again", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const draining = yield* fanout.subscribe
      const other = yield* fanout.subscribe
      for (const id of ["1", "2", "3"]) fanout.emit([event(id)])
      assert.deepStrictEqual((yield* draining.takeBuffered).map(label), ["1", "2", "Discontinuity"])
      assert.deepStrictEqual(yield* draining.takeBuffered, [])
      fanout.emit([event("4")])
      fanout.end()
      assert.deepStrictEqual((yield* collect(draining)).map(label), ["4"])
      assert.deepStrictEqual((yield* collect(other)).map(label), ["1", "2", "Discontinuity"])
    }))

  it.effect("P5.1: emits a discontinuity to a subscriber that falls behind, and not to the others", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const slow = yield* fanout.subscribe
      const received: Array<string> = []
      yield* Stream.runForEach(
        streamOf(yield* fanout.subscribe),
        (signal) => Effect.sync(() => received.push(label(signal)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      for (const id of ["1", "2", "3", "4"]) {
        fanout.emit([event(id)])
        yield* Effect.yieldNow
        yield* Effect.yieldNow
      }
      fanout.end()
      assert.deepStrictEqual((yield* collect(slow)).map(label), ["1", "2", "Discontinuity"])
      assert.deepStrictEqual(received, ["1", "2", "3", "4"])
    }))

  it.effect("P5.1: emits as much of a batch as there is space for, and then a discontinuity", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(3)
      const subscriber = yield* fanout.subscribe
      fanout.emit([event("1")])
      fanout.emit([event("2"), event("3"), event("4")])
      fanout.emit([event("5")])
      const taken = yield* subscriber.takeBuffered
      assert.deepStrictEqual(taken.map(label), ["1", "2", "3", "Discontinuity"])
      assert.deepStrictEqual(taken.at(-1), Signal.overflow)
      fanout.emit([event("6"), event("7"), event("8")])
      assert.deepStrictEqual((yield* subscriber.takeBuffered).map(label), ["6", "7", "8"])
    }))

  it.effect("appends a discontinuity that a subscriber requests, for that subscriber alone", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const subscriber = yield* fanout.subscribe
      const other = yield* fanout.subscribe
      fanout.emit([event("1")])
      yield* subscriber.requestDiscontinuity
      const taken = yield* subscriber.takeBuffered
      assert.deepStrictEqual(taken.map(label), ["1", "Discontinuity"])
      assert.deepStrictEqual(taken.at(-1), Signal.requested)
      assert.deepStrictEqual((yield* other.takeBuffered).map(label), ["1"])
    }))

  it.effect("passes every batch to its observers before subscribers receive it, until their scope closes", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const subscriber = yield* fanout.subscribe
      const log: Array<string> = []
      yield* Effect.scoped(Effect.gen(function*() {
        yield* fanout.observe((signals) => log.push(signals.map(label).join()))
        yield* Stream.runForEach(streamOf(subscriber), (signal) => Effect.sync(() => log.push(`got ${label(signal)}`)))
          .pipe(Effect.forkScoped({ startImmediately: true }))
        fanout.emit([event("1"), event("2"), event("3")])
        yield* Effect.yieldNow
      }))
      fanout.emit([event("4")])
      assert.deepStrictEqual(log, ["1,2,3", "got 1", "got 2", "got Discontinuity"])
    }))

  it.effect("fails all subscribers with an error, after what they have buffered", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const subscriber = yield* fanout.subscribe
      fanout.emit([event("1")])
      const error = new SubscriptionError({ method: "subscribe", reason: new Reason.Closed() })
      fanout.end(error)
      assert.deepStrictEqual((yield* subscriber.signals).map(label), ["1"])
      assert.strictEqual(yield* Effect.flip(subscriber.signals), error)
    }))

  it.effect("emits signals again once the subscriber has taken the discontinuity", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(1)
      const subscriber = yield* fanout.subscribe
      fanout.emit([event("1"), event("2")])
      const received: Array<string> = []
      const reading = yield* Stream.runForEach(
        streamOf(subscriber),
        (signal) => Effect.sync(() => received.push(label(signal)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      yield* Effect.yieldNow
      fanout.emit([event("3")])
      fanout.end()
      yield* Fiber.join(reading)
      assert.deepStrictEqual(received, ["1", "Discontinuity", "3"])
    }))

  it.effect("continues to emit to the others when a subscriber leaves", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const scope = yield* Scope.make()
      const before = yield* fanout.subscribe
      yield* Scope.provide(fanout.subscribe, scope)
      const after = yield* fanout.subscribe
      yield* Scope.close(scope, Exit.void)
      fanout.emit([event("1")])
      assert.deepStrictEqual((yield* before.takeBuffered).map(label), ["1"])
      assert.deepStrictEqual((yield* after.takeBuffered).map(label), ["1"])
    }))

  it.effect("emits nothing to a subscriber whose scope has closed", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const scope = yield* Scope.make()
      const subscriber = yield* Scope.provide(fanout.subscribe, scope)
      fanout.emit([event("0")])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* subscriber.takeBuffered, [])
      fanout.emit([event("1")])
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(collect(subscriber))))
    }))
})
