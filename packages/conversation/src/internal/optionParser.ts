/**
 * Parses options that programs without types, or with values from elsewhere, may get wrong. All problems are collected,
 * so that one failure names every invalid option.
 */
import { type FieldError, Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { ConversationError } from "../ConversationError.ts"

export class OptionParser {
  private readonly errors: Array<FieldError> = []

  /** The milliseconds of a duration, which is at least `min`, or of `fallback` when there is none. */
  millis(name: string, value: Duration.Input | undefined, fallback: Duration.Input, min = 0): number {
    const millis = Option.map(Duration.fromInput(value ?? fallback), Duration.toMillis)
    if (!Number.isNaN(value) && Option.isSome(millis) && millis.value >= min) return millis.value
    this.refuse(name, `must be a duration of at least ${min} ms, such as 500 (milliseconds) or "5 seconds"`)
    return min
  }

  /** A number of at least 1. */
  count(name: string, value: number): number {
    if (typeof value !== "number" || !(value >= 1)) this.refuse(name, "must be a number, and at least 1")
    return value
  }

  /** Adds a problem. */
  refuse(name: string, message: string): void {
    this.errors.push(...invalidParameter(name, message).errors)
  }

  /** The failure of `method` when an option is invalid. */
  failure(method: string): ConversationError | undefined {
    const { errors } = this
    return errors.length === 0 ? undefined : new ConversationError({ method, reason: new Invalid({ errors }) })
  }
}
