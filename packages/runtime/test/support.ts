/** Shared by the tests of this package. */
import * as Result from "effect/Result"

/** Returns the error of a failure; throws for a success. */
export const failureOf = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))
