/**
 * Times of the wire format. Messages have seconds with a fraction, conversations whole milliseconds, and either may be
 * a string. The unit is recognised by the magnitude of the number.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

/** A time of the wire format: a number within the range of `Date`, or such a number as a string. */
export type WireTime = number | string

/** The largest distance from 1970 that a `Date` can represent, in milliseconds. */
export const maxEpochMillis = 8.64e15

/** Whether a number is within the range of `Date`. */
export const isInRange = (value: number): boolean => Math.abs(value) <= maxEpochMillis

/** Whether a value is a time that is written as a number, as nearly all are. */
export const isNumericTime = (value: unknown): value is number => typeof value === "number" && isInRange(value)

/** Whether a string is a time. */
export const isTimeString = (input: string): boolean => /^-?\d+(\.\d+)?$/.test(input) && isInRange(Number(input))

/** Numbers below this are seconds (until the year 5138); others are milliseconds (since March 1973). */
export const millisThreshold = 1e11

/** Converts a time to unix seconds, with the full precision that the server sent. */
export const toEpochSeconds = (time: WireTime): number => {
  const value = Number(time)
  return Math.abs(value) < millisThreshold ? value : value / 1000
}

/** Converts a time to whole unix milliseconds. */
export const toEpochMillis = (time: WireTime): number => {
  const value = Number(time)
  return Math.round(Math.abs(value) < millisThreshold ? value * 1000 : value)
}

/**
 * Converts unix milliseconds to a `DateTime`, as `DateTime.makeUnsafe` does, without loading its parsers of other
 * inputs.
 */
export const dateTimeFromMillis = (epochMillis: number): DateTime.Utc => DateTime.fromDateUnsafe(new Date(epochMillis))

const hasZone = (input: string): boolean => /Z|GMT|[+-]\d\d(:?\d\d)?$|(z|gmt)$/.test(input)

/**
 * Parses a date and time such as `2025-01-02T03:04:05Z`, in UTC if it has no time zone. Returns `null` for any other
 * string.
 */
export const parseDateTime = (input: string): DateTime.Utc | null => {
  const epochMillis = Date.parse(hasZone(input) ? input : `${input}Z`)
  return Number.isNaN(epochMillis) ? null : dateTimeFromMillis(epochMillis)
}
