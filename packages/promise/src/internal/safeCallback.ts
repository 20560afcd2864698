/** Calls functions of the user, which may throw or return a Promise that rejects. */
import { trimStack } from "./stackTrace.ts"

/** Logs a problem that needs the user's attention. */
export type LogError = (message: string, ...error: ReadonlyArray<unknown>) => void

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/**
 * Wraps a callback of the user: whatever it throws or rejects with is passed to `onError`. If the callback returned a
 * Promise, the wrapper returns one that settles with it and never rejects.
 */
export const safeCallback =
  <Args extends ReadonlyArray<unknown>>(callback: (...args: Args) => unknown, onError: (error: unknown) => void) =>
  (...args: Args): Promise<unknown> | undefined => {
    const fail = (error: unknown) => onError(trimStack(error))
    try {
      const result = callback(...args)
      return isThenable(result) ? Promise.resolve(result).catch(fail) : undefined
    } catch (error) {
      fail(error)
      return undefined
    }
  }
