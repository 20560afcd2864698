/**
 * Values to be written as JSON: copied as they are now, and checked for what JSON would silently change or leave out.
 *
 * @since 0.1.0
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Result from "effect/Result"

/** How deep a value may be nested: it is walked, and written, without running out of stack. */
const maxDepth = 200

/** Stands where a getter, or a proxy, threw. */
const unreadable = Symbol("unreadable")

/** An object of keys and values, of whatever realm: nothing is above its prototype. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null)
}

const copyOf = (value: unknown, depth: number, copies: Map<object, unknown>): unknown => {
  if (typeof value !== "object" || value === null || depth > maxDepth) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    const list: Array<unknown> = []
    copies.set(value, list)
    for (const item of value) list.push(copyOf(item, depth + 1, copies))
    return list
  }
  if (!isPlain(value)) return value
  const object = {}
  copies.set(value, object)
  for (const [key, inner] of Object.entries(value)) {
    // not by assignment, for which `__proto__` is no key
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
 * Copies a value, with the arrays and plain objects in it; anything else is shared with the copy. It never throws: the
 * copy of a value that can't be read is refused by {@link check}.
 */
export const snapshot = (value: unknown): unknown => {
  try {
    return copyOf(value, 0, new Map())
  } catch {
    return unreadable
  }
}

/**
 * Copies a message to send, `metadata` and `details` with all that they contain, so that later changes to these objects
 * don't change what is sent. It never throws: what can't be copied is refused when the message is checked.
 */
export const snapshotMessage = <O extends object>(message: O): O => {
  const copy = { ...message }
  for (const name of ["metadata", "details"]) {
    if (name in copy) Reflect.set(copy, name, snapshot(Reflect.get(copy, name)))
  }
  return copy
}

interface Problem {
  /** Where it is, seen from the value: `.items[2]`. */
  readonly path: string
  readonly message: string
}

const adviceFor = (value: object): string => {
  const maker: unknown = Reflect.get(value, "constructor")
  const name = typeof maker === "function" ? maker.name : ""
  return `must be a plain object, not an instance of ${name === "" ? "a class" : name}` +
    (name === "Date" ? ": give date.toISOString()" : "")
}

/** What is wrong with something that is neither a list nor an object. */
const messageFor = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : `must be a finite number, not ${value}`
    case "undefined":
      return "must not be undefined in a list: give null"
    case "bigint":
    case "function":
    case "symbol":
      return `must not be a ${typeof value}, which JSON can't say`
    default:
      return undefined
  }
}

const step = (key: string | number): string => {
  if (typeof key === "number") return `[${key}]`
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** The lists and objects that were met: `open` while what they contain is looked at. */
type Met = Map<object, "open" | "done">

const problemIn = (value: unknown, depth: number, met: Met): Problem | undefined => {
  if (typeof value !== "object" || value === null) {
    const message = messageFor(value)
    return message === undefined ? undefined : { path: "", message }
  }
  if (met.get(value) === "done") return undefined
  if (met.has(value)) return { path: "", message: "must not contain itself" }
  if (depth > maxDepth) return { path: "", message: `is nested more than ${maxDepth} levels deep` }
  met.set(value, "open")
  const within = (key: string | number, inner: unknown): Problem | undefined => {
    const problem = problemIn(inner, depth + 1, met)
    return problem && { path: step(key) + problem.path, message: problem.message }
  }
  let problem: Problem | undefined
  if (Array.isArray(value)) {
    for (let index = 0; problem === undefined && index < value.length; index++) problem = within(index, value[index])
  } else if (isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) {
      // JSON leaves it out, as who writes `{ tone: maybe }` expects
      problem ??= inner === undefined ? undefined : within(key, inner)
    }
  } else problem = { path: "", message: adviceFor(value) }
  met.set(value, "done")
  return problem
}

/**
 * Checks that `value` is an object that JSON can represent as it is. Fails with `Invalid`, with the path of the first
 * part of it that JSON can't represent, such as `metadata.items[2]`: a date, a function, a number that is not finite,
 * an instance of a class, a circular reference, more than 200 levels. A property that is `undefined` is allowed, since
 * JSON leaves it out. `attribute` is the name of the parameter.
 */
export const check = (attribute: string, value: unknown): Result.Result<JsonObject, Invalid> => {
  const refuse = (path: string, message: string) => Result.fail(invalidParameter(attribute + path, message))
  if (value === unreadable) return refuse("", "can't be read")
  if (!isJsonObject(value)) return refuse("", "must be an object")
  try {
    const problem = problemIn(value, 0, new Map())
    return problem === undefined ? Result.succeed(value) : refuse(problem.path, problem.message)
  } catch {
    return refuse("", "can't be read")
  }
}
