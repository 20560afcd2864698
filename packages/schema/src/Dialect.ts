/**
 * The wire dialects. In the `address` dialect, which the published documentation describes, a conversation is
 * identified by the address of the other side. In the `group` dialect it is identified by a group id that only `join`
 * returns.
 *
 * @since 0.1.0
 */
import { isJsonObject } from "./JsonObject.ts"

/** The wire dialect that a client uses with a server. */
export type Dialect = "address" | "group"

/** The form in which a server writes objects: one dialect, or `all` for the keys of both at once. */
export type WireForm = Dialect | "all"

/** Whether objects in this form have the keys of that dialect. */
export const includes = (form: WireForm, dialect: Dialect): boolean => form === "all" || form === dialect

/**
 * Detects the dialect of an object from the wire; returns `undefined` if it has no key that identifies the dialect.
 * An object with the keys of both counts as `address`, since that dialect works without a join.
 */
export const detect = (value: unknown): Dialect | undefined => {
  if (!isJsonObject(value)) return undefined
  if (isPresent(value["conversation_id"]) || isPresent(value["address_id"])) return "address"
  return isPresent(value["group_id"]) ? detect(value["table"]) ?? "group" : detect(value["table"])
}

const isPresent = (id: unknown): boolean => id !== undefined && id !== null
