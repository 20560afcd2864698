/** Describes active fault rules. */
import type { ActiveRule } from "./admin/models.ts"
import { shortName } from "./formatting.ts"

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined

const describeMatch = (match: ActiveRule["match"]): string => {
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

const describeAction = (action: ActiveRule["action"]): string => {
  const type = textOf(action["type"]) ?? "?"
  const detail = textOf(action["status"]) ?? textOf(action["code"])
  const millis = textOf(action["millis"])
  return `${type === "loseAnswer" ? "lose the response" : type}${detail === undefined ? "" : ` ${detail}`}${
    millis === undefined ? "" : ` by ${millis} ms`
  }`
}

/** Describes the action and the match of a rule. `names` are the names of subscribers by id. */
export const describeRule = ({ action, match }: ActiveRule, names: ReadonlyMap<string, string>): string => {
  const id = textOf(match["subscriberId"])
  return `${describeAction(action)}: ${describeMatch(match)}${
    id === undefined ? "" : `, for ${shortName(names.get(id) ?? id)}`
  }`
}

/** Describes how long or how often a rule is still active. */
export const remaining = ({ forMillis, times }: ActiveRule): string => {
  const limits = [
    ...(times === null ? [] : [times === 1 ? "once" : `${times} times`]),
    ...(forMillis === null ? [] : [`${Math.ceil(forMillis / 1000)} s left`])
  ]
  return limits.length === 0 ? "until cleared" : limits.join(", ")
}
