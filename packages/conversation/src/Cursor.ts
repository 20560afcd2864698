/**
 * A `Cursor` is the saved position of a subscription or timeline: a process that restarts continues there, and misses
 * nothing that was stored meanwhile.
 *
 * Use a cursor in one process at a time: two of them would both receive every message. A process that ends uses it until
 * its stream has ended, which an `Outbox` of the same client can delay while its store is not available.
 *
 * ```ts
 * import { Conversations } from "@effect-signalwire/conversation/Conversations"
 * import * as Cursor from "@effect-signalwire/conversation/Cursor"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * // requires a KeyValueStore
 * export const bot = Effect.scoped(Effect.gen(function*() {
 *   const { subscription } = yield* Conversations
 *   const events = yield* subscription({ cursor: yield* Cursor.make("bot") })
 *   yield* Stream.runForEach(events, ({ text }) => Effect.log(text))
 * }))
 * ```
 *
 * @since 0.1.0
 */
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import { ConversationError } from "./ConversationError.ts"
import * as Checkpoint from "./internal/checkpoint.ts"
import type { MergeState, ResumePoint } from "./internal/merge.ts"

/** Loads and saves the position of one subscription or timeline. It takes less than 16 kB, whatever the traffic is. */
export interface Cursor {
  /**
   * Loads the saved position; `None` when there is none. Fails with `StorageUnavailable`, which is retryable, when the
   * store can't be read, and with `UnreadableCursor` when its value is not a position.
   */
  readonly load: Effect.Effect<Option.Option<ResumePoint>, ConversationError>
  /** Saves the position. Fails with `StorageUnavailable`, which is retryable, when the store can't be written. */
  readonly save: (state: MergeState) => Effect.Effect<void, ConversationError>
}

/** Options of a cursor. */
export interface Options {
  /**
   * What to do when the saved value can't be read, because it was partly written, overwritten, or written by another
   * version of this package. With `fail` the subscription fails with `UnreadableCursor` before it starts. With
   * `restart` a warning is logged, and the subscription starts as if nothing was saved: messages that were stored while
   * no process ran are skipped.
   * @default "fail"
   */
  readonly onUnreadable?: "fail" | "restart" | undefined
}

const Saved = Schema.fromJsonString(Checkpoint.Checkpoint)
const decode = Schema.decodeUnknownEffect(Saved)
const encode = Schema.encodeEffect(Saved)

const unavailable = (method: string) => (cause: KeyValueStore.KeyValueStoreError) =>
  new ConversationError({ method, reason: new Reason.StorageUnavailable({ detail: cause.message }), cause })

/**
 * Makes a cursor in the `KeyValueStore` of the context. `name` is its key; use it for one subscription or timeline
 * only.
 */
export const make = (
  name: string,
  { onUnreadable = "fail" }: Options = {}
): Effect.Effect<Cursor, never, KeyValueStore.KeyValueStore> =>
  Effect.gen(function*() {
    const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, "effect-signalwire/cursor/")
    const instrumentation = yield* Instrumentation.orEffect
    const unreadable = (cause: unknown) =>
      new ConversationError({
        method: "Cursor.load",
        reason: new Reason.UnreadableCursor({ detail: `the value of "${name}" is not a position of this version` }),
        cause
      })
    const parse = (value: string): Effect.Effect<Option.Option<ResumePoint>, ConversationError> =>
      decode(value).pipe(
        Effect.map((checkpoint) => Option.some(Checkpoint.toResumePoint(checkpoint))),
        Effect.mapError(unreadable),
        Effect.catch((error) =>
          onUnreadable === "fail" ? Effect.fail(error) : Effect.as(
            instrumentation.warn("the saved cursor can't be read and is ignored", [error.reason.message]),
            Option.none()
          )
        )
      )
    return {
      load: store.get(name).pipe(
        Effect.mapError(unavailable("Cursor.load")),
        Effect.flatMap((value) => value === undefined ? Effect.succeedNone : parse(value))
      ),
      save: (state) =>
        encode(Checkpoint.fromState(state)).pipe(
          // every state can be encoded
          Effect.orDie,
          Effect.flatMap((value) => store.set(name, value)),
          Effect.mapError(unavailable("Cursor.save"))
        )
    }
  })
