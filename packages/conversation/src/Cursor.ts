/**
 * A durable position in a sequence of messages: a process that restarts continues there.
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
import type { Snapshot, Standing } from "./internal/merge.ts"

/** A place where one sequence's position is saved. It takes less than 16 kB, whatever the traffic is. */
export interface Cursor {
  /**
   * Reads the position; none when it was never saved. Fails with the retryable `StorageUnavailable` when the store
   * can't be read for the moment, and with `UnreadableCursor` when what it holds is not a position.
   */
  readonly load: Effect.Effect<Option.Option<Standing>, ConversationError>
  /** Saves the position. Fails with the retryable `StorageUnavailable` when the store can't be written. */
  readonly save: (snapshot: Snapshot) => Effect.Effect<void, ConversationError>
}

/** How a cursor is read. */
export interface Options {
  /**
   * What to do when the saved cursor can't be read because half of it was written, it was overwritten, or another
   * version of this package wrote it. With `fail` the subscription fails with `UnreadableCursor` before it begins. With
   * `restart` a warning is logged and the subscription begins as if nothing was saved, so what was stored while no
   * process ran is skipped.
   * @default "fail"
   */
  readonly onUnreadable?: "fail" | "restart" | undefined
}

const Saved = Schema.fromJsonString(Checkpoint.Checkpoint)
const decode = Schema.decodeUnknownEffect(Saved)
const encode = Schema.encodeEffect(Saved)

const unavailable = (method: string) => (cause: KeyValueStore.KeyValueStoreError) =>
  new ConversationError({ method, reason: new Reason.StorageUnavailable({ detail: cause.message }), cause })

/** Makes a cursor under `name` in the `KeyValueStore` of the context. Use a name for one sequence only. */
export const make = (
  name: string,
  { onUnreadable = "fail" }: Options = {}
): Effect.Effect<Cursor, never, KeyValueStore.KeyValueStore> =>
  Effect.map(KeyValueStore.KeyValueStore, (whole) => {
    const store = KeyValueStore.prefix(whole, "effect-signalwire/cursor/")
    const unreadable = (cause: unknown) =>
      new ConversationError({
        method: "Cursor.load",
        reason: new Reason.UnreadableCursor({ detail: `"${name}" is not what this version saves` }),
        cause
      })
    const understand = (text: string): Effect.Effect<Option.Option<Standing>, ConversationError> =>
      decode(text).pipe(
        Effect.map((checkpoint) => Option.some(Checkpoint.read(checkpoint))),
        Effect.mapError(unreadable),
        Effect.catch((error) =>
          onUnreadable === "fail" ? Effect.fail(error) : Effect.as(
            Instrumentation.effect.warn("the saved cursor can't be read, and its sequence begins anew", [
              error.reason.message
            ]),
            Option.none()
          )
        )
      )
    return {
      load: store.get(name).pipe(
        Effect.mapError(unavailable("Cursor.load")),
        Effect.flatMap((text) => text === undefined ? Effect.succeedNone : understand(text))
      ),
      save: (snapshot) =>
        encode(Checkpoint.write(snapshot)).pipe(
          // what a merge knows can always be written
          Effect.orDie,
          Effect.flatMap((text) => store.set(name, text)),
          Effect.mapError(unavailable("Cursor.save"))
        )
    }
  })
