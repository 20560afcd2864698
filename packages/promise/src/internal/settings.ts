/**
 * The settings of a client, checked before anything is made of them: each that can't be is refused by its path.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { invalid } from "./options.ts"

interface Rule {
  readonly holds: (value: unknown) => boolean
  readonly message: string
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** What may be a duration, if it is well formed: `Duration.fromInput` tells. */
const isDurationInput = (value: unknown): value is Duration.Input =>
  isObject(value) || ["number", "bigint", "string"].includes(typeof value)

const isDuration = (value: unknown): boolean =>
  !Number.isNaN(value) && isDurationInput(value) &&
  Option.exists(Duration.fromInput(value), (parsed) => Duration.toMillis(parsed) >= 0)

/** How long something may take, where the caller said. */
export const requireTimeout = (timeout: Duration.Input | undefined): Duration.Input | undefined => {
  if (timeout === undefined || isDuration(timeout)) return timeout
  throw invalid("timeout", duration.message)
}

const duration: Rule = { holds: isDuration, message: "must be milliseconds, or a string such as \"5 seconds\"" }
const object: Rule = { holds: isObject, message: "must be an object" }
const callable: Rule = { holds: (value) => typeof value === "function", message: "must be a function" }
const count: Rule = {
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  message: "must be a positive integer"
}
const dialects: ReadonlyArray<unknown> = ["auto", "address", "group"]

const rules: Readonly<Record<string, Rule>> = {
  dialect: { holds: (value) => dialects.includes(value), message: "must be \"auto\", \"address\" or \"group\"" },
  onRefreshToken: callable,
  fetch: callable,
  WebSocket: callable,
  logger: object,
  "logger.warn": callable,
  "logger.error": callable,
  refreshTimeout: duration,
  readyTimeout: duration,
  settle: duration,
  sendDeadline: duration,
  sweep: { holds: (value) => value === false || isObject(value), message: "must be { min, max }, or false" },
  "sweep.min": duration,
  "sweep.max": duration,
  http: object,
  "http.timeout": duration,
  "http.deadline": duration,
  "http.retry": { holds: Schedule.isSchedule, message: "must be a Schedule of Effect" },
  subscription: object,
  "subscription.agent": { holds: (value) => typeof value === "string", message: "must be a string" },
  "subscription.connectTimeout": duration,
  "subscription.requestTimeout": duration,
  "subscription.heartbeat": duration,
  "subscription.idleTimeToLive": duration,
  "subscription.capacity": count,
  "subscription.dialsPerMinute": count,
  "subscription.backoff": object,
  "subscription.backoff.base": duration,
  "subscription.backoff.cap": duration,
  "subscription.backoff.resetAfter": duration,
  "subscription.probeTimeout": duration
}

/** What an object that must be whole can't do without. */
const required = new Set([
  "logger.warn",
  "logger.error",
  "sweep.min",
  "sweep.max",
  "subscription.backoff.base",
  "subscription.backoff.cap"
])

const inner = (value: unknown, key: string): unknown => isObject(value) ? Reflect.get(value, key) : undefined

/** Refuses the first setting that can't be. */
export const check = (settings: object): void => {
  for (const [path, { holds, message }] of Object.entries(rules)) {
    const keys = path.split(".")
    const value = keys.reduce<unknown>(inner, settings)
    const isAbsent = (value ?? undefined) === undefined &&
      !(required.has(path) && isObject(keys.slice(0, -1).reduce<unknown>(inner, settings)))
    if (!isAbsent && !holds(value)) throw invalid(path, message)
  }
}
