/** Validates the options of a client. An invalid one is reported by its path, before anything is created. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { SignalWireOptions } from "../SignalWireOptions.ts"
import { parameterError } from "./options.ts"

interface Rule {
  readonly isValid: (value: unknown) => boolean
  readonly message: string
  /** Whether the option must be given when the object around it is. */
  readonly isRequired?: boolean
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Whether a value has a type that `Duration.fromInput` accepts; it may still be malformed. */
const isDurationInput = (value: unknown): value is Duration.Input =>
  isObject(value) || ["number", "bigint", "string"].includes(typeof value)

const isDuration = (value: unknown): value is Duration.Input =>
  !Number.isNaN(value) && isDurationInput(value) &&
  Option.exists(Duration.fromInput(value), (parsed) => Duration.toMillis(parsed) >= 0)

const duration: Rule = {
  isValid: isDuration,
  message: "must be a number of milliseconds, or a string such as \"5 seconds\""
}
const positiveDuration: Rule = {
  isValid: (value) => isDuration(value) && !Duration.isZero(Duration.fromInputUnsafe(value)),
  message: `${duration.message}, longer than 0`
}
const object: Rule = { isValid: isObject, message: "must be an object" }
const callable: Rule = { isValid: (value) => typeof value === "function", message: "must be a function" }
const requiredDuration: Rule = { ...duration, isRequired: true }
const requiredCallable: Rule = { ...callable, isRequired: true }
const positiveInteger: Rule = {
  isValid: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  message: "must be a positive integer"
}
const dialects: ReadonlyArray<unknown> = ["auto", "address", "group"]

const rules: Readonly<Record<string, Rule>> = {
  dialect: { isValid: (value) => dialects.includes(value), message: "must be \"auto\", \"address\" or \"group\"" },
  onRefreshToken: callable,
  fetch: callable,
  WebSocket: callable,
  logger: object,
  "logger.warn": requiredCallable,
  "logger.error": requiredCallable,
  refreshTimeout: duration,
  readyTimeout: duration,
  settle: duration,
  sendDeadline: duration,
  sweep: { isValid: (value) => value === false || isObject(value), message: "must be { min, max } or false" },
  "sweep.min": requiredDuration,
  "sweep.max": requiredDuration,
  http: object,
  "http.timeout": duration,
  "http.deadline": duration,
  "http.retry": { isValid: Schedule.isSchedule, message: "must be an Effect Schedule" },
  subscription: object,
  "subscription.agent": { isValid: (value) => typeof value === "string", message: "must be a string" },
  "subscription.connectTimeout": duration,
  "subscription.requestTimeout": duration,
  "subscription.heartbeat": positiveDuration,
  "subscription.idleTimeToLive": duration,
  "subscription.capacity": positiveInteger,
  "subscription.dialsPerMinute": positiveInteger,
  "subscription.backoff": { isValid: isObject, message: "must be { base, cap } or an Effect Schedule" },
  "subscription.backoff.base": requiredDuration,
  "subscription.backoff.cap": requiredDuration,
  "subscription.backoff.resetAfter": duration,
  "subscription.probeTimeout": duration
}

const propertyOf = (value: unknown, key: string): unknown => isObject(value) ? Reflect.get(value, key) : undefined

/** Throws for the first invalid option. */
export const validateOptions = (options: object): void => {
  for (const [path, { isRequired = false, isValid, message }] of Object.entries(rules)) {
    const keys = path.split(".")
    const value = keys.reduce<unknown>(propertyOf, options)
    const parent = keys.slice(0, -1).reduce<unknown>(propertyOf, options)
    const isAbsent = (value ?? undefined) === undefined &&
      !(isRequired && isObject(parent) && !Schedule.isSchedule(parent))
    if (!isAbsent && !isValid(value)) throw parameterError(path, message)
  }
}

/** Returns the `timeout` of a call, and throws if it is not a duration. */
export const requireTimeout = (timeout: Duration.Input | undefined): Duration.Input | undefined => {
  if (timeout === undefined || isDuration(timeout)) return timeout
  throw parameterError("timeout", duration.message)
}

/** Returns the `host` option, and throws if it is not a string. */
export const requireHost = (host: unknown): string | undefined => {
  if (host === undefined || typeof host === "string") return host
  throw parameterError("host", "must be a host name")
}

/** Returns the `urls` option, and throws unless it has both URLs. */
export const requireUrls = (urls: SignalWireOptions["urls"]): SignalWireOptions["urls"] => {
  if (
    urls === undefined || (typeof urls === "object" && typeof urls.http === "string" && typeof urls.ws === "string")
  ) {
    return urls
  }
  throw parameterError("urls", "must be an object with the strings http and ws")
}
