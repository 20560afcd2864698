import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Socket from "effect/socket/Socket"
import * as TestClock from "effect/testing/TestClock"
import * as Conversations from "../src/Conversations.ts"
import * as Outbox from "../src/Outbox.ts"

describe("the outbox", () => {
  it.effect("P4.1: looks for what timed out as long as it may arrive, also after history could not be read", () =>
    Effect.gen(function*() {
      let posts = 0
      let reads = 0
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "POST") {
            posts++
            return Effect.never
          }
          // history can't be read at first, and then has nothing
          const [status, body] = reads++ === 0 ? [403, {}] : [200, { data: [], links: {} }]
          return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body, { status })))
        })
      )
      const outbox = yield* Layer.build(
        Outbox.layer({ settle: "5 seconds" }).pipe(
          Layer.provide(Conversations.layer({
            token: Redacted.make("token"),
            urls: { http: "https://example.com", ws: "wss://example.com" },
            dialect: "address",
            http: { timeout: "10 seconds" }
          })),
          Layer.provide([
            Layer.succeed(HttpClient.HttpClient, http),
            Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("nobody listens")),
            PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))
          ])
        )
      )
      const { enqueue } = yield* Effect.provideContext(Outbox.Outbox, outbox)
      yield* enqueue({ addressId: "00000000-0000-4000-8000-000000000001", text: "hello" })
      // it times out after 10 seconds, and may arrive in the 20 that follow
      for (let second = 0; second < 28; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(reads, 2)
      assert.strictEqual(posts, 1)
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(posts, 1)
    }))
})
