import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationId, MessageId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Fanout, type Subscriber } from "../src/internal/fanout.ts"
import * as Signal from "../src/Signal.ts"

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

  it.effect("emits nothing to a subscriber whose scope has closed", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const scope = yield* Scope.make()
      const subscriber = yield* Scope.provide(fanout.subscribe, scope)
      yield* Scope.close(scope, Exit.void)
      fanout.emit([event("1")])
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(collect(subscriber))))
    }))
})
