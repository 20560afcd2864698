import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { Fields } from "@effect-signalwire/schema/ConversationMessage"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { setImmediate } from "node:timers/promises"
import * as Echoes from "../src/internal/echoes.ts"
import { collectGarbage } from "./collectGarbage.ts"
import { message } from "./support.ts"

const clientId = Branded.clientId("mine")

/** An event of a message to the room, as the session pushes it. */
const pushed = (fields: Partial<Fields> = {}) =>
  Signal.event(
    ConversationEvent.fromMessage(message("m", 1, { clientId, addressId: Branded.addressId("room"), ...fields }))
  )

/** Waits for the echo of a message, and says which was received so far. */
const listen = Effect.fnUntraced(function*(echoes: Echoes.Echoes, addressId: string) {
  const listening = yield* Effect.forkChild(
    echoes.listenDuring({ addressId, clientId }, (echo) => Deferred.await(echo)),
    { startImmediately: true }
  )
  return { listening, received: Effect.as(Effect.yieldNow, listening).pipe(Effect.map((fiber) => fiber.pollUnsafe())) }
})

describe("Echoes", () => {
  it.effect("P4.1: receives the echo of a message among other signals, with what a response would say", () =>
    Effect.gen(function*() {
      const echoes = Echoes.make()
      const { listening } = yield* listen(echoes, "room")
      echoes.onSignals([
        Signal.overflow,
        Signal.malformed({ path: "", message: "not JSON" }),
        pushed({ clientId: null, groupId: Branded.groupId("of another client") }),
        pushed({ clientId: Branded.clientId("other"), groupId: Branded.groupId("of another message") }),
        pushed({ groupId: Branded.groupId("g") }),
        pushed({ groupId: Branded.groupId("pushed again") })
      ])
      const expected: SendReceipt = { conversationId: Branded.conversationId("c"), groupId: Branded.groupId("g") }
      assert.deepStrictEqual(yield* Fiber.join(listening), expected)
    }))

  it.effect("P4.5: keeps messages to two addresses apart that have the same client id", () =>
    Effect.gen(function*() {
      const echoes = Echoes.make()
      const room = yield* listen(echoes, "room")
      const ada = yield* listen(echoes, "ada")
      // which of both it is can't be known
      echoes.onSignals([pushed({ addressId: null })])
      assert.deepStrictEqual([yield* room.received, yield* ada.received], [undefined, undefined])
      echoes.onSignals([pushed()])
      yield* Fiber.join(room.listening)
      assert.isUndefined(yield* ada.received)
      echoes.onSignals([pushed({ addressId: null })])
      yield* Fiber.join(ada.listening)
    }))

  it.effect("P7.3: keeps nothing of a message that is not expected any more", () =>
    Effect.gen(function*() {
      const echoes = Echoes.make()
      const kept: Array<WeakRef<Echoes.Echo>> = []
      yield* echoes.listenDuring({ addressId: "room", clientId }, (echo) =>
        Effect.sync(() => void kept.push(new WeakRef(echo))))
      // weak references are not cleared within the task that made them
      yield* Effect.promise(() =>
        setImmediate()
      )
      collectGarbage()
      assert.deepStrictEqual(kept.map((echo) => echo.deref()), [undefined])
      echoes.onSignals([pushed()])
    }))
})
