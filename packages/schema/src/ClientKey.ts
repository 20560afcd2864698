/**
 * Where a client's own id of a message travels: under one reserved key of `metadata` and `details`. It is written when
 * a message is sent and taken out again when one is read, so that callers see exactly the objects they gave.
 *
 * @since 0.1.0
 */
import * as Branded from "./Branded.ts"
import type { ClientId } from "./Ids.ts"
import type { JsonObject } from "./JsonObject.ts"

/** The reserved key. */
export const key = "effect_signalwire_id"

/** The object with the client id in it. */
export const put = (object: JsonObject | undefined, clientId: ClientId): JsonObject => ({ ...object, [key]: clientId })

/** The client id an object carries, if it carries one. */
export const get = (object: JsonObject): ClientId | null => {
  const value = object[key]
  return typeof value === "string" ? Branded.clientId(value) : null
}

/** The object as the caller gave it; the same object when it carries no client id. */
export const strip = (object: JsonObject): JsonObject => {
  if (get(object) === null) return object
  const { [key]: _, ...rest } = object
  return rest
}
