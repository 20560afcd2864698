/**
 * Values to be sent as JSON: copies of them, and a check for content that JSON would silently change or drop.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Result from "effect/Result"

/** How deep a value may be nested, so that traversing and formatting it cannot overflow the stack. */
const maxDepth = 200

/** The snapshot of a value that can't be read because a getter or a proxy threw. */
const unreadable = Symbol("unreadable")

/** Whether an object is a plain one, of any realm: its prototype, if it has one, has no prototype. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const copyOf = (value: unknown, depth: number, copies: Map<object, unknown>): unknown => {
  if (typeof value !== "object" || value === null || depth > maxDepth) return value
  const existing = copies.get(value)
  if (existing !== undefined) return existing
  if (Array.isArray(value)) {
    const array: Array<unknown> = []
    copies.set(value, array)
    for (const item of value) array.push(copyOf(item, depth + 1, copies))
    return array
  }
  if (!isPlain(value)) return value
  const object = {}
  copies.set(value, object)
  for (const [key, inner] of Object.entries(value)) {
    // an assignment to `__proto__` would set the prototype
    Object.defineProperty(object, key, {
      value: copyOf(inner, depth + 1, copies),
      configurable: true,
      enumerable: true,
      writable: true
    })
  }
  return object
}

/**
 * Copies a value deeply: its arrays and plain objects are copied, and everything else is shared with the copy. It never
 * throws; {@link check} refuses the snapshot of a value that can't be read.
 */
export const snapshot = (value: unknown): unknown => {
  try {
    return copyOf(value, 0, new Map())
  } catch {
    return unreadable
  }
}

/**
 * Copies a message to send, with deep copies of `metadata` and `details`, so that later changes to these objects do not
 * affect what is sent. It never throws; values that can't be copied are refused when the message is checked.
 */
export const snapshotMessage = <O extends object>(message: O): O => {
  const copy = { ...message }
  for (const name of ["metadata", "details"]) {
    if (name in copy) Reflect.set(copy, name, snapshot(Reflect.get(copy, name)))
  }
  return copy
}

interface Problem {
  /** The path within the value, such as `.items[2]`. */
  readonly path: string
  readonly message: string
}

const describeInstance = (value: object): string => {
  const constructor: unknown = Reflect.get(value, "constructor")
  const name = typeof constructor === "function" ? constructor.name : ""
  return `must be a plain object, not an instance of ${name === "" ? "a class" : name}` +
    (name === "Date" ? ": use date.toISOString()" : "")
}

/** Returns the problem of a value that is neither an array nor an object; `undefined` if it is valid. */
const primitiveProblem = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : `must be a finite number, not ${value}`
    case "undefined":
      return "must not be undefined in an array: use null"
    case "bigint":
    case "function":
    case "symbol":
      return `must not be a ${typeof value}, which JSON can't represent`
    default:
      return undefined
  }
}

const formatKey = (key: string | number): string => {
  if (typeof key === "number") return `[${key}]`
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** The arrays and objects that were visited. They are `open` while their content is checked. */
type Visited = Map<object, "open" | "done">

const firstProblem = (value: unknown, depth: number, visited: Visited): Problem | undefined => {
  if (typeof value !== "object" || value === null) {
    const message = primitiveProblem(value)
    return message === undefined ? undefined : { path: "", message }
  }
  if (visited.get(value) === "done") return undefined
  if (visited.has(value)) return { path: "", message: "must not contain itself" }
  if (depth > maxDepth) return { path: "", message: `is nested more than ${maxDepth} levels deep` }
  visited.set(value, "open")
  const problemAt = (key: string | number, inner: unknown): Problem | undefined => {
    const problem = firstProblem(inner, depth + 1, visited)
    return problem && { path: formatKey(key) + problem.path, message: problem.message }
  }
  let problem: Problem | undefined
  if (Array.isArray(value)) {
    for (let index = 0; problem === undefined && index < value.length; index++) problem = problemAt(index, value[index])
  } else if (isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) {
      // JSON drops an undefined property, which callers that write `{ tone: maybeTone }` expect
      problem ??= inner === undefined ? undefined : problemAt(key, inner)
    }
  } else problem = { path: "", message: describeInstance(value) }
  visited.set(value, "done")
  return problem
}

/**
 * Checks that a value is an object that JSON represents without loss. `attribute` is the name of the parameter.
 *
 * Fails with `Invalid`, with the path of the first part that JSON can't represent, such as `metadata.items[2]`: a date,
 * a function, a number that is not finite, an instance of a class, a circular reference, or more than 200 levels of
 * nesting. A property that is `undefined` is allowed, since JSON drops it.
 */
export const check = (attribute: string, value: unknown): Result.Result<JsonObject, Invalid> => {
  const refuse = (path: string, message: string) => Result.fail(invalidParameter(attribute + path, message))
  if (value === unreadable) return refuse("", "can't be read")
  if (!isJsonObject(value)) return refuse("", "must be an object")
  try {
    const problem = firstProblem(value, 0, new Map())
    return problem === undefined ? Result.succeed(value) : refuse(problem.path, problem.message)
  } catch {
    return refuse("", "can't be read")
  }
}
