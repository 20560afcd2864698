/** Invalid options, as programs without types may pass them. */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Socket from "effect/socket/Socket"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"
import { catchInvalid } from "../src/internal/invalidOptions.ts"
import * as Outbox from "../src/Outbox.ts"

const webSockets = Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("no session is expected"))

const layerWith = (options: object) =>
  Conversations.layerBareFetch({ urls: { http: "https://example.com", ws: "wss://example.com" }, ...options }).pipe(
    Layer.provide([Credentials.layer({ token: Redacted.make("token") }), webSockets])
  )

/** The names of the options that a layer is refused for. */
const refused = <A, E extends ConversationError>(layer: Layer.Layer<A, E>) =>
  Effect.scoped(Layer.build(layer)).pipe(
    Effect.flip,
    Effect.map(({ reason }) =>
      reason._tag === "Invalid" ? reason.errors.map(({ attribute }) => attribute) : [reason._tag]
    )
  )

describe("an invalid option", () => {
  it.effect.each(
    [
      [{ settle: "soon" }, ["settle"]],
      [{ settle: -1 }, ["settle"]],
      [{ overlap: Number.NaN }, ["overlap"]],
      [{ cursorInterval: true }, ["cursorInterval"]],
      [{ readyTimeout: [1], sendDeadline: "1 fortnight" }, ["sendDeadline"]],
      [{ sweep: { min: "often", max: "1 second" } }, ["sweep.min"]],
      [{ sweep: { min: 1, max: 0 } }, ["sweep.max"]],
      [{ http: { timeout: -1 } }, ["http.timeout"]],
      [{ subscription: { heartbeat: 0 } }, ["subscription.heartbeat"]],
      [{ memory: 0 }, ["memory"]],
      [{ readyTimeout: -1 }, ["readyTimeout"]],
      [{ recoveryLimit: 0 }, ["recoveryLimit"]],
      [{ sendCapacity: Number.NaN, recoveryLimit: "many" }, ["sendCapacity"]]
    ] as const
  )("is refused by name: %o", ([options, names]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* refused(layerWith(options)), [...names])
    }))

  it.effect("is told apart from a defect, which stays as it is", () =>
    Effect.gen(function*() {
      const defect = new Error("a mistake in the program")
      const exit = yield* Effect.exit(catchInvalid("layer")(Effect.die(defect)))
      assert.deepStrictEqual(exit, Exit.die(defect))
    }))

  it.effect("of an outbox is refused by name", () =>
    Effect.gen(function*() {
      const untyped: object = { settle: "soon" }
      const outbox = Outbox.layer({ ...untyped }).pipe(
        Layer.provide(layerWith({})),
        Layer.provide(PersistedQueue.layer),
        Layer.provide(PersistedQueue.layerStoreMemory)
      )
      assert.deepStrictEqual(yield* refused(outbox), ["settle"])
    }))
})
