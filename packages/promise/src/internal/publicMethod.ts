/**
 * Wrappers around public methods. A `ConversationError` that leaves a method names that method, and its stack trace
 * begins where the user called it, without the frames of Effect and of these packages.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { framesOf, isInternalFrame, setFrames, trimStack } from "./stackTrace.ts"

/**
 * An error that was created where a public method was called. Its stack is only formatted if the call fails. It has a message,
 * because some tools write an empty one as `Error: ` in front of the frames, which is not what `String` returns.
 */
type CallSite = Error

/** The error that the caller receives. Errors that are not a `ConversationError` are passed on unchanged. */
const toCallerError = (error: unknown, method: string, callSite: CallSite): unknown => {
  if (!(error instanceof ConversationError)) return error
  const { reason, stored } = error
  const cause = trimStack(error.cause)
  setFrames(reason, [])
  const callerError = new ConversationError({
    method,
    reason,
    ...(stored === undefined ? undefined : { stored }),
    ...(cause === undefined ? undefined : { cause })
  })
  // the first frame is the wrapper in this file
  setFrames(callerError, framesOf(callSite).slice(1).filter((line) => !isInternalFrame(line)))
  return callerError
}

/** Turns a failure into the error that the caller of the method receives. */
export type MapError = (error: unknown) => unknown

/** Wraps a method that returns a Promise. */
export const asyncMethod = <Args extends ReadonlyArray<unknown>, A>(
  name: string,
  body: (mapError: MapError, ...args: Args) => Promise<A>
) =>
(...args: Args): Promise<A> => {
  const callSite = new Error(name)
  const mapError: MapError = (error) => toCallerError(error, name, callSite)
  return body(mapError, ...args).catch((error: unknown) => {
    throw mapError(error)
  })
}

/** Wraps a synchronous method. */
export const syncMethod =
  <Args extends ReadonlyArray<unknown>, A>(name: string, body: (...args: Args) => A) => (...args: Args): A => {
    const callSite = new Error(name)
    try {
      return body(...args)
    } catch (error) {
      throw toCallerError(error, name, callSite)
    }
  }

/** Evaluates at once, and returns a function that returns the result, or throws what was thrown. */
const evaluateNow = <A>(evaluate: () => A): () => A => {
  try {
    const value = evaluate()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

const mapIteratorErrors = <A>(
  callSite: CallSite,
  name: string,
  items: AsyncIterator<A, unknown>
): AsyncIterator<A, unknown> => {
  const mapErrors = <B>(step: Promise<B>): Promise<B> =>
    step.catch((error: unknown) => {
      throw toCallerError(error, name, callSite)
    })
  return {
    next: () => mapErrors(items.next()),
    return: (value) => mapErrors(items.return?.(value) ?? Promise.resolve({ done: true, value })),
    // the error is the caller's own, and is returned unchanged
    throw: (error: unknown) => items.throw?.(error) ?? Promise.reject(error)
  }
}

/**
 * Wraps a method that returns an async iterable. Its arguments are read when it is called; an invalid one fails the
 * iteration.
 */
export const iterableMethod = <Args extends ReadonlyArray<unknown>, A>(
  name: string,
  body: (mapError: MapError, ...args: Args) => () => AsyncIterator<A, undefined>
) =>
(...args: Args): AsyncIterable<A> => {
  const callSite = new Error(name)
  const mapError: MapError = (error) => toCallerError(error, name, callSite)
  const makeIterator = evaluateNow(() => body(mapError, ...args))
  return {
    [Symbol.asyncIterator]: () => {
      try {
        return makeIterator()()
      } catch (error) {
        throw mapError(error)
      }
    }
  }
}

/** Wraps the `Symbol.asyncIterator` method of a public object. */
export const iteratorMethod = <A>(name: string, body: () => AsyncIterator<A, unknown>) => (): AsyncIterator<A> =>
  mapIteratorErrors(new Error(name), name, body())
