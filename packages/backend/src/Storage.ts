/**
 * The storage of a backend. The backend serves everything from memory; the storage only makes changes durable, before they are
 * applied and responded to. So all storages share the same queries and rules.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Change } from "./Records.ts"

/** The storage could not be read or written. */
export class StorageError extends Schema.TaggedError<StorageError>("@effect-signalwire/backend/StorageError")(
  "StorageError",
  { message: Schema.String, cause: Schema.optionalKey(Schema.Defect()) }
) {}

/** A durable log of changes. */
export interface Service {
  /** Loads all committed changes, in an order in which they can be applied. Called once, when the backend starts. */
  readonly load: Effect.Effect<ReadonlyArray<Change>, StorageError>
  /** Makes changes durable, all or none. */
  readonly commit: (changes: ReadonlyArray<Change>) => Effect.Effect<void, StorageError>
}

/** The storage of a backend. */
export class Storage extends Context.Service<Storage, Service>()("@effect-signalwire/backend/Storage") {}

/** Provides a storage that keeps nothing: the state is lost with the backend. */
export const layerMemory: Layer.Layer<Storage> = Layer.succeed(Storage, {
  load: Effect.succeed([]),
  commit: () => Effect.void
})
