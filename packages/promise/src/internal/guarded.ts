/** Calling what the user gave: functions that may throw, or return a Promise that rejects. */
import { withoutMachinery } from "./caller.ts"

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/**
 * Calls what the user gave. What it throws or rejects with is its own affair, and reported; it returns what settles
 * with a Promise, and never rejects.
 */
export const guarded =
  <Args extends ReadonlyArray<unknown>>(call: (...args: Args) => unknown, onFailure: (error: unknown) => void) =>
  (...args: Args): Promise<unknown> | undefined => {
    const fail = (error: unknown) => onFailure(withoutMachinery(error))
    try {
      const result = call(...args)
      return isThenable(result) ? Promise.resolve(result).catch(fail) : undefined
    } catch (error) {
      fail(error)
      return undefined
    }
  }
