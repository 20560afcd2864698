/**
 * The reserved key of `metadata` and `details` that carries a message's client id. It is added when a message is sent
 * and removed when one is decoded, so that callers see exactly the objects they passed.
 *
 * @since 0.1.0
 */
import * as Branded from "./Branded.ts"
import type { ClientId } from "./Ids.ts"
import type { JsonObject } from "./JsonObject.ts"

/** The reserved key that carries the client id. */
export const key = "effect_signalwire_id"

/** Returns a copy of `object` with the client id added under the reserved key. */
export const put = (object: JsonObject | undefined, clientId: ClientId): JsonObject => ({ ...object, [key]: clientId })

/** Returns the client id that an object carries, or `null` if it carries none. */
export const get = (object: JsonObject): ClientId | null => {
  const value = object[key]
  return typeof value === "string" ? Branded.clientId(value) : null
}

/** Returns the object without its client id; the same object if it carries none. */
export const strip = (object: JsonObject): JsonObject => {
  if (get(object) === null) return object
  const { [key]: _, ...rest } = object
  return rest
}
