/**
 * Free-form objects on the wire, such as `metadata` and `details`.
 *
 * @since 0.1.0
 */

/** An object of JSON values. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether it is an object of keys and values: no list, no `null`. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether it is a text, or as good as absent. */
export const isNullishString = (value: unknown): value is string | null | undefined =>
  typeof value === "string" || value === null || value === undefined

/** Whether it is an object of keys and values, or as good as absent. */
export const isNullishObject = (value: unknown): value is JsonObject | null | undefined =>
  value === null || value === undefined || isJsonObject(value)
