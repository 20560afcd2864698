/** Active fault rules in words. */
import type { ActiveRule } from "./admin/models.ts"
import { shortName } from "./words.ts"

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined

const whereOf = (match: ActiveRule["match"]): string => {
  switch (match["on"]) {
    case "http":
      return `${textOf(match["method"]) ?? "every"} request${
        match["path"] === undefined ? "" : ` to ${textOf(match["path"])}`
      }`
    case "connect":
      return "every new socket"
    default:
      return `frames ${match["direction"] === "in" ? "from" : "to"} clients${
        match["eventType"] === undefined ? "" : ` (${textOf(match["eventType"])})`
      }${match["method"] === undefined ? "" : ` (${textOf(match["method"])})`}`
  }
}

const actionOf = (action: ActiveRule["action"]): string => {
  const type = textOf(action["type"]) ?? "?"
  const detail = textOf(action["status"]) ?? textOf(action["code"])
  const millis = textOf(action["millis"])
  return `${type === "loseAnswer" ? "lose the response" : type}${detail === undefined ? "" : ` ${detail}`}${
    millis === undefined ? "" : ` by ${millis} ms`
  }`
}

/** What a rule does, where, and to whom; `names` are those of subscribers, by their ids. */
export const describe = ({ action, match }: ActiveRule, names: ReadonlyMap<string, string>): string => {
  const id = textOf(match["subscriberId"])
  return `${actionOf(action)}: ${whereOf(match)}${id === undefined ? "" : `, for ${shortName(names.get(id) ?? id)}`}`
}

/** What is left of a rule. */
export const remaining = ({ forMillis, times }: ActiveRule): string => {
  const limits = [
    ...(times === null ? [] : [times === 1 ? "once" : `${times} times`]),
    ...(forMillis === null ? [] : [`${Math.ceil(forMillis / 1000)} s left`])
  ]
  return limits.length === 0 ? "until cleared" : limits.join(", ")
}
