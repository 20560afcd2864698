/**
 * Validates the types of a client's options. An invalid one is reported by its path, before anything is created. The services
 * validate their numbers and durations themselves.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Settings from "@effect-signalwire/runtime/Settings"
import { Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import type { SignalWireOptions } from "../SignalWireOptions.ts"
import { parameterError } from "./options.ts"

interface Rule {
  /** Throws `Invalid` if the value of the option is invalid. */
  readonly check: (path: string, value: unknown) => void
  /** Whether the option must be given when the object around it is. */
  readonly isRequired?: boolean
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const rule = (isValid: (value: unknown) => boolean, message: string): Rule => ({
  check: (path, value) => {
    if (!isValid(value)) throw invalidParameter(path, message)
  }
})

const object = rule(isObject, "must be an object")
const callable = rule((value) => typeof value === "function", "must be a function")
const requiredCallable: Rule = { ...callable, isRequired: true }
const dialects: ReadonlyArray<unknown> = ["auto", "address", "group"]

const rules: Readonly<Record<string, Rule>> = {
  dialect: rule((value) => dialects.includes(value), "must be \"auto\", \"address\" or \"group\""),
  onRefreshToken: callable,
  fetch: callable,
  WebSocket: callable,
  logger: object,
  "logger.warn": requiredCallable,
  "logger.error": requiredCallable,
  sweep: rule((value) => value === false || isObject(value), "must be { min, max } or false"),
  http: object,
  "http.retry": rule(Schedule.isSchedule, "must be an Effect Schedule"),
  subscription: object,
  "subscription.agent": rule((value) => typeof value === "string", "must be a string"),
  "subscription.backoff": rule(isObject, "must be { base, cap } or an Effect Schedule")
}

const propertyOf = (value: unknown, key: string): unknown => isObject(value) ? Reflect.get(value, key) : undefined

const run = (check: Rule["check"], path: string, value: unknown): void => {
  try {
    check(path, value)
  } catch (thrown) {
    throw thrown instanceof Invalid ? new ConversationError({ method: "options", reason: thrown }) : thrown
  }
}

/** Throws for the first invalid option. */
export const validateOptions = (options: object): void => {
  for (const [path, { check, isRequired = false }] of Object.entries(rules)) {
    const keys = path.split(".")
    const value = keys.reduce<unknown>(propertyOf, options)
    const parent = keys.slice(0, -1).reduce<unknown>(propertyOf, options)
    const isAbsent = (value ?? undefined) === undefined && !(isRequired && isObject(parent))
    if (!isAbsent) run(check, path, value)
  }
}

/** Returns the `timeout` of a call, and throws if it is not a duration. */
export const requireTimeout = (timeout: Duration.Input | undefined): Duration.Input | undefined => {
  if (timeout !== undefined) run(Settings.millis, "timeout", timeout)
  return timeout
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
