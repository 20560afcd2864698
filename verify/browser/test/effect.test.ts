/** The Effect service in a page, over the browser's own `fetch` and `WebSocket`. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { assert, describe, it } from "vitest"
import { admin, open, texts, urls } from "./support.ts"

describe("Conversations.layerFetch in a browser", () => {
  it("sends messages, and receives history and live messages as one sequence through a broken socket", async () => {
    await using world = await open()
    const { addressId } = world
    const program = Effect.gen(function*() {
      const conversations = yield* Conversations.Conversations
      yield* conversations.join({ addressId })
      yield* conversations.sendMessage({ addressId, text: "before" })
      return yield* conversations.timeline({ addressId }).pipe(
        Stream.tap((event) =>
          event._tag === "CaughtUp"
            ? Effect.promise(async () => {
              await admin(({ drop }) => drop({ subscriberId: world.ada.id }))
              await admin(({ seed }) => seed([{ from: world.grace.id, addressId, text: "after" }]))
            })
            : Effect.void
        ),
        Stream.filterMap((event) => event._tag === "Message" ? Result.succeed(event.message) : Result.failVoid),
        Stream.take(2),
        Stream.runCollect
      )
    })
    const messages = await Effect.runPromise(
      Effect.provide(program, Conversations.layerFetch({ token: Redacted.make(world.ada.token), urls }))
    )
    assert.deepStrictEqual(texts(messages), ["before", "after"])
  })
})
