/**
 * Failures as the caller of a method sees them: named after what was called, with the caller's own lines as the stack,
 * and without the machinery in between.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"

/** Where a public method was called: an error made there, whose stack is only written out when a call fails. */
type Site = Error

/** Lines of a stack that belong to the machinery: Effect's own, and those of these packages. */
const isMachinery = (line: string): boolean =>
  /[\\/]effect[\\/](?:dist|src)[\\/]|[\\/]node_modules[\\/]@effect-signalwire[\\/]|~effect|FiberImpl/.test(line)

/** A stack as its lines without the message in front, which not every engine writes. */
const framesOf = (error: Error): ReadonlyArray<string> => {
  const head = String(error)
  const stack = error.stack ?? ""
  const frames = stack.startsWith(head) ? stack.slice(head.length) : stack
  return frames.split("\n").filter((line) => line.trim() !== "")
}

const setStack = (error: Error, frames: ReadonlyArray<string>): void => {
  // frozen errors keep what they have
  Reflect.defineProperty(error, "stack", {
    value: [String(error), ...frames].join("\n"),
    configurable: true,
    writable: true
  })
}

const stripMachinery = (error: unknown): void => {
  const seen = new Set<unknown>()
  for (let inner = error; inner instanceof Error && !seen.has(inner); inner = inner.cause) {
    seen.add(inner)
    const frames = framesOf(inner)
    const kept = frames.filter((line) => !isMachinery(line))
    if (kept.length < frames.length) setStack(inner, kept)
  }
}

/**
 * The same error, without the machinery's lines in its stack and in those of its causes. It may be anybody's: one that
 * throws when it is looked at stays as it is.
 */
export const withoutMachinery = (error: unknown): unknown => {
  try {
    stripMachinery(error)
  } catch {
    // its stack is no text, or its properties throw
  }
  return error
}

/** What a call at `site` failed with, for whoever made it. What is no failure of ours is passed on as it is. */
const present = (error: unknown, method: string, site: Site): unknown => {
  if (!(error instanceof ConversationError)) return error
  const { reason, stored } = error
  const cause = withoutMachinery(error.cause)
  setStack(reason, [])
  const presented = new ConversationError({
    method,
    reason,
    ...(stored === undefined ? undefined : { stored }),
    ...(cause === undefined ? undefined : { cause })
  })
  // the first line is this package's own
  setStack(presented, framesOf(site).slice(1).filter((line) => !isMachinery(line)))
  return presented
}

/** Turns what a call failed with into what its caller sees. */
export type Present = (error: unknown) => unknown

/** A public method that answers a Promise. */
export const method = <Args extends ReadonlyArray<unknown>, A>(
  name: string,
  body: (present: Present, ...args: Args) => Promise<A>
) =>
(...args: Args): Promise<A> => {
  const site = new Error()
  const shown: Present = (error) => present(error, name, site)
  return body(shown, ...args).catch((error: unknown) => {
    throw shown(error)
  })
}

/** A public method that answers at once. */
export const immediate =
  <Args extends ReadonlyArray<unknown>, A>(name: string, body: (...args: Args) => A) => (...args: Args): A => {
    const site = new Error()
    try {
      return body(...args)
    } catch (error) {
      throw present(error, name, site)
    }
  }

/** What something answers now, or throws, whenever that is asked for. */
const result = <A>(evaluate: () => A): () => A => {
  try {
    const value = evaluate()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

const iteratorAt = <A>(site: Site, name: string, items: AsyncIterator<A, unknown>): AsyncIterator<A, unknown> => {
  const shown = <B>(step: Promise<B>): Promise<B> =>
    step.catch((error: unknown) => {
      throw present(error, name, site)
    })
  return {
    next: () => shown(items.next()),
    return: (value) => shown(items.return?.(value) ?? Promise.resolve({ done: true, value })),
    // what the caller throws into it comes back as it is
    throw: (error: unknown) => items.throw?.(error) ?? Promise.reject(error)
  }
}

/**
 * A public method that answers something to iterate. Its arguments are looked at when it is called, and a bad one shows
 * when it is iterated.
 */
export const iterable = <Args extends ReadonlyArray<unknown>, A>(
  name: string,
  body: (present: Present, ...args: Args) => () => AsyncIterator<A, undefined>
) =>
(...args: Args): AsyncIterable<A> => {
  const site = new Error()
  const shown: Present = (error) => present(error, name, site)
  const begin = result(() => body(shown, ...args))
  return {
    [Symbol.asyncIterator]: () => {
      try {
        return begin()()
      } catch (error) {
        throw shown(error)
      }
    }
  }
}

/** The `Symbol.asyncIterator` of something public. */
export const iterator = <A>(name: string, body: () => AsyncIterator<A, unknown>) => (): AsyncIterator<A> =>
  iteratorAt(new Error(), name, body())
