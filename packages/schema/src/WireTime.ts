/**
 * Times as the wire writes them. Messages carry float seconds, conversations integer milliseconds, and either may come
 * as text; which unit is meant is told by magnitude.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

/** A time on the wire: a number that a date can name, or one written as text. */
export type WireTime = number | string

/** The last moment that a date can name, either way from 1970. */
export const lastMillis = 8.64e15

/** Whether a date can name it. */
export const isInRange = (value: number): boolean => Math.abs(value) <= lastMillis

/** Whether it is a time written as a number, as nearly all are. */
export const isNumericTime = (value: unknown): value is number => typeof value === "number" && isInRange(value)

/** Whether it is a time written as text. */
export const isTimeText = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text) && isInRange(Number(text))

/** Below this a number is seconds (until the year 5138), from it on milliseconds (since March 1973). */
const firstMillis = 1e11

/** Unix seconds, with whatever precision the server gave. */
export const toEpochSeconds = (time: WireTime): number => {
  const value = typeof time === "number" ? time : Number(time)
  return Math.abs(value) < firstMillis ? value : value / 1000
}

/** Unix milliseconds, whole. */
export const toEpochMillis = (time: WireTime): number => {
  const value = typeof time === "number" ? time : Number(time)
  return Math.round(Math.abs(value) < firstMillis ? value * 1000 : value)
}

/** The moment of unix milliseconds: what `DateTime.makeUnsafe` answers for them, without loading what reads other forms. */
export const moment = (epochMillis: number): DateTime.Utc => DateTime.fromDateUnsafe(new Date(epochMillis))

const hasZone = (text: string): boolean => /Z|GMT|[+-]\d\d(:?\d\d)?$|(z|gmt)$/.test(text)

/** The moment that a text such as `2025-01-02T03:04:05Z` names, in UTC where it names no zone; `null` for any other text. */
export const parseMoment = (text: string): DateTime.Utc | null => {
  const epochMillis = Date.parse(hasZone(text) ? text : `${text}Z`)
  return Number.isNaN(epochMillis) ? null : moment(epochMillis)
}
