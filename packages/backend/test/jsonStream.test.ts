/** A long list is streamed in chunks, with the same result as if it were written at once. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type TestBackend, withBackend } from "./support.ts"

const texts = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat(1000)}`)

const seedMessages = Effect.fnUntraced(function*({ backend, addSubscriber, addRoom }: TestBackend["Service"]) {
  const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
  yield* backend.seed(texts.map((text) => ({
    subscriberId: ada.id,
    addressId: office,
    content: { text, metadata: {}, details: {} }
  })))
  return ada
})
const textsOf = (messages: ReadonlyArray<{ readonly text: string }>) => messages.map(({ text }) => text)

describe("a long list", () => {
  it.effect("is complete, with its links", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* seedMessages(test)
      const { body, headers } = yield* test.request("GET", "/api/fabric/messages?page_size=250", ada)
      assert.deepStrictEqual(textsOf(body.data), texts.slice(50).toReversed())
      assert.match(body.links.next, /page_number=1/)
      assert.match(headers.get("content-type") ?? "", /^application\/json/)
      assert.strictEqual(headers.get("access-control-allow-origin"), "*")
      const stored = yield* test.request("GET", "/_sandbox/messages")
      assert.deepStrictEqual(textsOf(stored.body.messages), texts)
    })))
  it.effect("is in the wire log with its first part", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* seedMessages(test)
      test.backend.wireLog.enable(true)
      yield* test.request("GET", "/api/fabric/messages?page_size=250", ada)
      const [response] = (yield* test.request("GET", "/_sandbox/log")).body.entries.filter(({ on }: { on: string }) =>
        on === "response"
      )
      assert.match(response.body, /^{"data":\[{/)
      assert.strictEqual(response.body.length, 32_769)
      assert.match(response.body, /…$/)
    })))
  it.effect("is subject to the faults endless and malformed, like a short one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* seedMessages(test)
      const match = { on: "http", path: "/api/fabric/messages" } as const
      test.faults.set({
        rules: [
          { match, action: { type: "endless", pages: "itself" }, times: 1 },
          { match, action: { type: "malformed" }, times: 1 }
        ]
      })
      const path = "/api/fabric/messages?page_size=300"
      const endless = yield* test.request("GET", path, ada)
      assert.strictEqual(endless.body.data.length, 300)
      assert.strictEqual(endless.body.links.next, path)
      const { text } = yield* test.request("GET", path, ada)
      assert.match(text, /^{"data":\[{/)
      assert.isAbove(text.length, 100_000)
      assert.throws(() => JSON.parse(text))
    })))
})
