/**
 * The dialects of the wire. `address` is what the published documentation describes: a conversation is named by the
 * address of the other side. `group` names it by a group id that only `join` can tell.
 *
 * @since 0.1.0
 */
import { isJsonObject } from "./JsonObject.ts"

/** What a client speaks to a server. */
export type Dialect = "address" | "group"

/** What a server writes: one dialect, or the keys of both at once. */
export type WireForm = Dialect | "all"

/** Whether objects written in this form carry the keys of that dialect. */
export const carries = (form: WireForm, dialect: Dialect): boolean => form === "all" || form === dialect

/**
 * Which dialect an object on the wire belongs to; `undefined` when it does not tell.
 * An object with the keys of both is read as `address`, which needs no join before it can be used.
 */
export const detect = (value: unknown): Dialect | undefined => {
  if (!isJsonObject(value)) return undefined
  if (tells(value["conversation_id"]) || tells(value["address_id"])) return "address"
  return tells(value["group_id"]) ? detect(value["table"]) ?? "group" : detect(value["table"])
}

const tells = (id: unknown): boolean => id !== undefined && id !== null
