/**
 * Free-form JSON objects, such as `metadata` and `details`.
 *
 * @since 0.1.0
 */

/** An object of JSON values under any keys. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether a value is an object, and neither an array nor `null`. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether a value is a string, `null` or `undefined`. */
export const isNullishString = (value: unknown): value is string | null | undefined =>
  typeof value === "string" || value === null || value === undefined

/** Whether a value is an object (and not an array), `null` or `undefined`. */
export const isNullishObject = (value: unknown): value is JsonObject | null | undefined =>
  value === null || value === undefined || isJsonObject(value)
