/** What the tests of this package share. */
import * as Result from "effect/Result"

/** The failure of a result that must have one. */
export const failureOf = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))
