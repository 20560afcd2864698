import * as Result from "effect/Result"

/** Parses JSON; fails with `undefined` where it is invalid. */
export const parseJson = (text: string): Result.Result<unknown, undefined> => {
  try {
    const value: unknown = JSON.parse(text)
    return Result.succeed(value)
  } catch {
    return Result.fail(undefined)
  }
}
