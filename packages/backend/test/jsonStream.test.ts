/** A list that is long is written piece by piece, and is the same as if it were written at once. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inWorld, type World } from "./support.ts"

const texts = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat(1000)}`)

const filled = Effect.fnUntraced(function*({ backend, person, room }: World["Service"]) {
  const [ada, office] = [yield* person("ada"), yield* room("office")]
  yield* backend.seed(texts.map((text) => ({
    subscriberId: ada.id,
    addressId: office,
    content: { text, metadata: {}, details: {} }
  })))
  return ada
})
const textsOf = (messages: ReadonlyArray<{ readonly text: string }>) => messages.map(({ text }) => text)

describe("a long list", () => {
  it.effect("comes whole, with its links", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* filled(world)
      const { body, headers } = yield* world.request("GET", "/api/fabric/messages?page_size=250", ada)
      assert.deepStrictEqual(textsOf(body.data), texts.slice(50).toReversed())
      assert.match(body.links.next, /page_number=1/)
      assert.match(headers.get("content-type") ?? "", /^application\/json/)
      assert.strictEqual(headers.get("access-control-allow-origin"), "*")
      const stored = yield* world.request("GET", "/_sandbox/messages")
      assert.deepStrictEqual(textsOf(stored.body.messages), texts)
    })))
  it.effect("is in the wire log with its beginning", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* filled(world)
      world.backend.wireLog.enable(true)
      yield* world.request("GET", "/api/fabric/messages?page_size=250", ada)
      const [answer] = (yield* world.request("GET", "/_sandbox/log")).body.entries.filter(({ on }: { on: string }) =>
        on === "response"
      )
      assert.match(answer.body, /^{"data":\[{/)
      assert.strictEqual(answer.body.length, 32_769)
      assert.match(answer.body, /…$/)
    })))
  it.effect("can be without an end, and go wrong, like a short one", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* filled(world)
      const match = { on: "http", path: "/api/fabric/messages" } as const
      world.faults.set({
        rules: [
          { match, action: { type: "endless", pages: "itself" }, times: 1 },
          { match, action: { type: "malformed" }, times: 1 }
        ]
      })
      const path = "/api/fabric/messages?page_size=300"
      const endless = yield* world.request("GET", path, ada)
      assert.strictEqual(endless.body.data.length, 300)
      assert.strictEqual(endless.body.links.next, path)
      const { text } = yield* world.request("GET", path, ada)
      assert.match(text, /^{"data":\[{/)
      assert.isAbove(text.length, 100_000)
      assert.throws(() => JSON.parse(text))
    })))
})
