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

/** Returns a duration in milliseconds. Throws `Invalid`, which names the option, if it is malformed or negative. */
export const millis = (name: string, input: Duration.Input): number => {
  const value = Number.isNaN(input) ? Number.NaN : readOr(() => Duration.toMillis(input), Number.NaN)
  if (value >= 0) return value
  throw invalidParameter(name, "must be a number of milliseconds, or a string such as \"5 seconds\"")
}

/** {@link millis} of a duration that must be longer than 0. */
export const positiveMillis = (name: string, input: Duration.Input): number => {
  const value = millis(name, input)
  if (value > 0) return value
  throw invalidParameter(name, "must be longer than 0")
}

/** Returns a number. Throws `Invalid`, which names the option, unless it is a positive integer. */
export const count = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw invalidParameter(name, "must be a positive integer")
}
