/**
 * Validation of numbers and durations in options, whose types can't exclude all invalid values.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Duration from "effect/Duration"
import { readOr } from "./Thrown.ts"

const isInput = (value: unknown): value is Duration.Input =>
  (typeof value === "object" && value !== null) || ["number", "bigint", "string"].includes(typeof value)

/** Returns a duration in milliseconds. Throws `Invalid`, which names the option, if it is malformed or negative. */
export const millis = (name: string, value: unknown): number => {
  const parsed = isInput(value) && !Number.isNaN(value) ? readOr(() => Duration.toMillis(value), -1) : -1
  if (parsed >= 0) return parsed
  throw invalidParameter(name, "must be a number of milliseconds, or a string such as \"5 seconds\"")
}

/** {@link millis} of a duration that must be longer than 0. */
export const positiveMillis = (name: string, value: unknown): number => {
  const parsed = millis(name, value)
  if (parsed > 0) return parsed
  throw invalidParameter(name, "must be longer than 0")
}

/** Returns a number. Throws `Invalid`, which names the option, unless it is a positive integer. */
export const count = (name: string, value: unknown): number => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value
  throw invalidParameter(name, "must be a positive integer")
}
