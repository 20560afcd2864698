/**
 * Free-form objects on the wire, such as `metadata` and `details`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** An object of JSON values. */
export const JsonObject = Schema.Record(Schema.String, Schema.Unknown)
export type JsonObject = typeof JsonObject.Type

/** Whether it is an object of keys and values: no list, no `null`. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A key that a dialect may leave out or write as `null`. */
export const maybe = <S extends Schema.Constraint>(schema: S): Schema.optionalKey<Schema.NullOr<S>> =>
  Schema.optionalKey(Schema.NullOr(schema))

/** Whether it is a text, or what {@link maybe} allows in its stead. */
export const isMaybeText = (value: unknown): value is string | null | undefined =>
  typeof value === "string" || value === null || value === undefined

/** Whether it is an object of keys and values, or what {@link maybe} allows in its stead. */
export const isMaybeObject = (value: unknown): value is JsonObject | null | undefined =>
  value === null || value === undefined || isJsonObject(value)
