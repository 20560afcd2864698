/**
 * Where a backend keeps what must outlive it. The backend serves everything from memory and asks the store only to make
 * a change durable before it is applied and answered, so every store shares the same queries and rules.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Change } from "./Records.ts"

/** The store could not read or write. */
export class StorageError extends Schema.TaggedError<StorageError>("@effect-signalwire/backend/StorageError")(
  "StorageError",
  { message: Schema.String, cause: Schema.optionalKey(Schema.Defect()) }
) {}

/** What a store offers. */
export interface Service {
  /** Everything that was committed, in an order in which it can be applied. Read once, when the backend starts. */
  readonly load: Effect.Effect<ReadonlyArray<Change>, StorageError>
  /** Makes all of the changes durable, or none of them. */
  readonly commit: (changes: ReadonlyArray<Change>) => Effect.Effect<void, StorageError>
}

/** The store of a backend. */
export class Storage extends Context.Service<Storage, Service>()("@effect-signalwire/backend/Storage") {}

/** Keeps nothing: the backend's own memory is all there is. */
export const layerMemory: Layer.Layer<Storage> = Layer.succeed(Storage, {
  load: Effect.succeed([]),
  commit: () => Effect.void
})
