/**
 * Where a sequence stood, kept outside of the process: one that restarts goes on there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"

/** Where a sequence stood: the last message it yielded, and the ids that a re-read from there brings again. */
export const Standing = Schema.Struct({
  /** The furthest message; `null` while there was none. Unix seconds. */
  frontier: Schema.NullOr(Schema.Struct({ epochSeconds: Schema.Finite, id: Schema.String })),
  /** Up to where what was heard agreed with history. Unix seconds. */
  verified: Schema.NullOr(Schema.Finite),
  /** What stands at this time or before is forgotten; `null` while nothing is. Unix seconds. */
  floor: Schema.NullOr(Schema.Finite),
  ids: Schema.Array(Schema.Tuple([Schema.String, Schema.Finite]))
})
export type Standing = typeof Standing.Type

/** A place for one sequence's standing. */
export interface Cursor {
  /** Where it stood; none when it never was saved. */
  readonly load: Effect.Effect<Option.Option<Standing>, KeyValueStore.KeyValueStoreError | Schema.SchemaError>
  /** Keeps where it stands. */
  readonly save: (standing: Standing) => Effect.Effect<void, KeyValueStore.KeyValueStoreError | Schema.SchemaError>
}

/** A cursor under `name` in the `KeyValueStore`. Use one name for one sequence. */
export const make = (name: string): Effect.Effect<Cursor, never, KeyValueStore.KeyValueStore> =>
  Effect.map(KeyValueStore.KeyValueStore, (store) => {
    const cursors = KeyValueStore.toSchemaStore(KeyValueStore.prefix(store, "effect-signalwire/cursor/"), Standing)
    return { load: cursors.get(name), save: (standing) => cursors.set(name, standing) }
  })
