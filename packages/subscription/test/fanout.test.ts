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
const collect = (attachment: Subscriber) => Stream.runCollect(streamOf(attachment))

describe("the fan-out", () => {
  it.effect("hands every signal to every subscriber", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const subscribers = yield* Effect.all([fanout.attach, fanout.attach])
      fanout.emit([event("1"), event("2")])
      fanout.end()
      for (const subscriber of subscribers) {
        assert.deepStrictEqual((yield* collect(subscriber)).map(label), ["1", "2"])
      }
    }))

  it.effect("hands over what waits for a subscriber, and has room again", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const asking = yield* fanout.attach
      const other = yield* fanout.attach
      for (const id of ["1", "2", "3"]) fanout.emit([event(id)])
      assert.deepStrictEqual((yield* asking.waiting).map(label), ["1", "2", "Discontinuity"])
      assert.deepStrictEqual(yield* asking.waiting, [])
      fanout.emit([event("4")])
      fanout.end()
      assert.deepStrictEqual((yield* collect(asking)).map(label), ["4"])
      assert.deepStrictEqual((yield* collect(other)).map(label), ["1", "2", "Discontinuity"])
    }))

  it.effect("P5.1: sends a subscriber that fell behind to history, and not its neighbour", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(2)
      const slow = yield* fanout.attach
      const quick: Array<string> = []
      yield* Stream.runForEach(
        streamOf(yield* fanout.attach),
        (signal) => Effect.sync(() => quick.push(label(signal)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      for (const id of ["1", "2", "3", "4"]) {
        fanout.emit([event(id)])
        yield* Effect.yieldNow
        yield* Effect.yieldNow
      }
      fanout.end()
      assert.deepStrictEqual((yield* collect(slow)).map(label), ["1", "2", "Discontinuity"])
      assert.deepStrictEqual(quick, ["1", "2", "3", "4"])
    }))

  it.effect("hears live signals again once the lapse was taken", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(1)
      const subscriber = yield* fanout.attach
      fanout.emit([event("1"), event("2")])
      const heard: Array<string> = []
      const reading = yield* Stream.runForEach(
        streamOf(subscriber),
        (signal) => Effect.sync(() => heard.push(label(signal)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      yield* Effect.yieldNow
      fanout.emit([event("3")])
      fanout.end()
      yield* Fiber.join(reading)
      assert.deepStrictEqual(heard, ["1", "Discontinuity", "3"])
    }))

  it.effect("hands nothing to a subscriber whose scope has closed", () =>
    Effect.gen(function*() {
      const fanout = new Fanout(10)
      const scope = yield* Scope.make()
      const subscriber = yield* Scope.provide(fanout.attach, scope)
      yield* Scope.close(scope, Exit.void)
      fanout.emit([event("1")])
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(collect(subscriber))))
    }))
})
