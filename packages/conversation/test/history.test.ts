import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as History from "../src/internal/history.ts"

const gone = new ConversationError({ method: "timeline", reason: invalidParameter("page_token", "is invalid") })

/** A history of two pages, whose links the server forgets `losses` times. */
const history = (losses: number) => {
  let left = losses
  let reads = 0
  const page = (hasNext: boolean): Page<ConversationMessage, ConversationError> => {
    const self = Effect.suspend(() => Effect.succeed(page(hasNext)))
    const next = Effect.suspend(() =>
      !hasNext
        ? Effect.succeedNone
        : left-- > 0
        ? Effect.fail(gone)
        : Effect.succeed(Option.some(page(false)))
    )
    return { data: [], malformed: [], hasNext, hasPrev: false, next, prev: Effect.succeedNone, first: self, self }
  }
  const newest = Effect.sync(() => {
    reads++
    return page(true)
  })
  return { newest, reads: () => reads }
}

describe("reading history back", () => {
  it.effect("begins anew when the server does not know its links any more", () =>
    Effect.gen(function*() {
      const { newest, reads } = history(1)
      assert.strictEqual((yield* History.readBack(newest, null, 100)).end, "reached")
      assert.strictEqual(reads(), 2)
    }))

  it.effect("gives up on a server that never knows them", () =>
    Effect.gen(function*() {
      const { newest, reads } = history(100)
      assert.strictEqual(yield* Effect.flip(History.readBack(newest, null, 100)), gone)
      assert.strictEqual(reads(), 3)
    }))
})
