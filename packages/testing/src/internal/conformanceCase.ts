/**
 * A case of the conformance suite, and helpers that cases share.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Formatter from "effect/Formatter"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestBackend from "../TestBackend.ts"

/** A conformance case failed. The message contains the expected and the actual value. */
export class ConformanceError extends Schema.TaggedError<ConformanceError>(
  "@effect-signalwire/testing/ConformanceError"
)("ConformanceError", { message: Schema.String }) {}

/** A requirement that every backend and every client must fulfil. */
export interface Case {
  /** The title of the test. */
  readonly name: string
  /** Runs the case. Fails with a {@link ConformanceError} if the requirement is not fulfilled. */
  readonly run: Effect.Effect<void, unknown, TestBackend.TestBackend>
}

export const makeCase = (
  name: string,
  run: Effect.Effect<void, unknown, TestBackend.TestBackend | Scope.Scope>
): Case => ({ name, run: Effect.scoped(run).pipe(Effect.timeout("90 seconds")) })

export const expectEqual = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, ConformanceError> =>
  Equal.equals(actual, expected)
    ? Effect.void
    : Effect.fail(
      new ConformanceError({
        message: `${what}: expected ${Formatter.format(expected)}, got ${Formatter.format(actual)}`
      })
    )

export const messageTexts = (messages: Iterable<{ readonly text?: string | null }>) =>
  Array.from(messages, ({ text }) => text)

/** Collects events until one with this text, inclusive. */
export const collectUntil = (events: Stream.Stream<ConversationEvent, unknown>, last: string) =>
  events.pipe(
    Stream.takeUntil(({ text }) => text === last),
    Stream.runCollect,
    Effect.forkScoped({ startImmediately: true })
  )

/** Creates two subscribers and a room, which both join. */
export const meeting = Effect.fnUntraced(function*(options: TestBackend.ParticipantOptions) {
  const ada = yield* TestBackend.participant("ada", options)
  const grace = yield* TestBackend.participant("grace", options)
  const addressId = yield* TestBackend.room("office")
  yield* ada.join({ addressId })
  yield* grace.join({ addressId })
  return { ada, grace, addressId }
})

export const storedMessages = (addressId: string) =>
  Effect.flatMap(TestBackend.TestBackend, ({ admin }) => admin.stored(addressId))
