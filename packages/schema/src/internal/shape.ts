/**
 * Hand-written decoders of wire formats. A shape accepts and refuses the same values as its schema in `WireSchemas`, strips
 * the same unknown keys, and reports the same paths and messages, with a fraction of the code that Effect's Schema
 * loads.
 */
import { isUnknown } from "effect/Predicate"
import * as Result from "effect/Result"
import { isJsonObject } from "../JsonObject.ts"
import { type Decoder, type MalformedValue, prefixPath } from "../Malformed.ts"

/** The description of a value: its type, and the constraints within that type. */
export interface Shape<A> {
  /** The type, as named in the message when a value of another type is found. */
  readonly expected: string
  /** Whether a value has the right type, such as string, number or array; its content may still be invalid. */
  readonly isType: (input: unknown) => boolean
  /** Returns the value without unknown keys. */
  readonly stripUnknownKeys: (input: unknown) => unknown
  /** Returns the first problem of the value; `undefined` if it is valid. */
  readonly firstIssue: (input: unknown) => MalformedValue | undefined
  readonly is: (input: unknown) => input is A
}

/** The shape of a key that may be missing. */
interface Optional<A> {
  readonly optional: Shape<A>
}

/** The shape of each key of an object. */
export type Fields<A extends object> = {
  readonly [K in keyof A]-?: {} extends Pick<A, K> ? Optional<Exclude<A[K], undefined>> : Shape<A[K]>
}

const issue = (message: string): MalformedValue => ({ path: "", message })

const make = <A, Type = A>(
  expected: string,
  isType: (input: unknown) => input is Type,
  check: (input: Type) => MalformedValue | undefined = () => undefined,
  strip: (input: Type) => unknown = (input) => input
): Shape<A> => {
  const firstIssue = (input: unknown) => isType(input) ? check(input) : issue(`Expected ${expected}`)
  return {
    expected,
    isType,
    stripUnknownKeys: (input) => isType(input) ? strip(input) : input,
    firstIssue,
    is: (input): input is A => firstIssue(input) === undefined
  }
}

const firstIssueIn = (
  parts: Iterable<readonly [path: string, shape: Shape<unknown>, value: unknown]>
): MalformedValue | undefined => {
  for (const [path, shape, value] of parts) {
    const found = shape.firstIssue(value)
    if (found !== undefined) return prefixPath(path, found)
  }
  return undefined
}

const isString = (input: unknown): input is string => typeof input === "string"
const isNumber = (input: unknown): input is number => typeof input === "number"
const isArray = (input: unknown): input is ReadonlyArray<unknown> => Array.isArray(input)

export const unknown: Shape<unknown> = make("unknown", isUnknown)
export const string: Shape<string> = make("string", isString)
export const boolean: Shape<boolean> = make("boolean", (input) => typeof input === "boolean")
export const object: Shape<{ readonly [key: string]: unknown }> = make("object", isJsonObject)
export const nullValue: Shape<null> = make("null", (input) => input === null)

/** A string that is an id, branded as the type argument. */
export const id = <Id extends string>(): Shape<Id> => make("string", isString)

/** A string that satisfies a predicate; `expected` completes "Expected". */
export const checkedString = (predicate: (value: string) => boolean, expected: string): Shape<string> =>
  make("string", isString, (input) => predicate(input) ? undefined : issue(`Expected ${expected}`))

const checkFinite = (input: number) => Number.isFinite(input) ? undefined : issue("Expected a finite number")

/** A finite number. */
export const number: Shape<number> = make("number", isNumber, checkFinite)

/** A finite number that satisfies a predicate; `expected` completes "Expected". */
export const checkedNumber = (predicate: (value: number) => boolean, expected: string): Shape<number> =>
  make(
    "number",
    isNumber,
    (input) => checkFinite(input) ?? (predicate(input) ? undefined : issue(`Expected ${expected}`))
  )

/** A safe integer. */
export const integer: Shape<number> = make(
  "number",
  isNumber,
  (input) => Number.isSafeInteger(input) ? undefined : issue("Expected an integer")
)

/** One of these strings. */
export const literals = <const A extends string>(...values: ReadonlyArray<A>): Shape<A> => {
  const expected = values.map((value) => JSON.stringify(value)).join(" | ")
  const allowed: ReadonlyArray<string> = values
  return make(expected, isString, (input) => allowed.includes(input) ? undefined : issue(`Expected ${expected}`))
}

/** A value of either shape. The two must differ in their type. */
export const union = <A, B>(left: Shape<A>, right: Shape<B>): Shape<A | B> => {
  const member = (input: unknown): Shape<A | B> => left.isType(input) ? left : right
  return make(
    `${left.expected} | ${right.expected}`,
    (input): input is unknown => left.isType(input) || right.isType(input),
    (input) => member(input).firstIssue(input),
    (input) => member(input).stripUnknownKeys(input)
  )
}

/** A key that may be missing or `null`. */
export const nullish = <A>(shape: Shape<A>): Optional<A | null> => ({ optional: union(shape, nullValue) })

/** A key that may be missing. */
export const optional = <A>(shape: Shape<A>): Optional<A> => ({ optional: shape })

/** An array of values of one shape. */
export const array = <A>(item: Shape<A>): Shape<ReadonlyArray<A>> =>
  make(
    "array",
    isArray,
    (input) => firstIssueIn(input.map((value, index) => [`[${index}]`, item, value])),
    (input) => input.map(item.stripUnknownKeys)
  )

/** An object with values of one shape under any keys. */
export const record = <A>(value: Shape<A>): Shape<{ readonly [key: string]: A }> =>
  make(
    "object",
    isJsonObject,
    (input) => firstIssueIn(Object.entries(input).map(([key, item]) => [key, value, item]))
  )

const isOptional = (field: Optional<unknown> | Shape<unknown>): field is Optional<unknown> => "optional" in field

/** An object with these keys. */
export const struct = <A extends object>(fields: Fields<A>): Shape<A> => {
  const entries = Object.entries<Optional<unknown> | Shape<unknown>>(fields)
  return make(
    "object",
    isJsonObject,
    (input) => {
      for (const [key, field] of entries) {
        const value = input[key]
        if (value === undefined && isOptional(field)) continue
        const found = key in input
          ? (isOptional(field) ? field.optional : field).firstIssue(value)
          : issue("Missing key")
        if (found !== undefined) return prefixPath(key, found)
      }
      return undefined
    },
    (input) =>
      Object.fromEntries(
        entries.flatMap(([key, field]) =>
          key in input ? [[key, (isOptional(field) ? field.optional : field).stripUnknownKeys(input[key])]] : []
        )
      )
  )
}

/** Makes a decoder from a shape. It strips unknown keys, and fails with the first problem. */
export const decoder = <A>(shape: Shape<A>): Decoder<A> => (input) => {
  const stripped = shape.stripUnknownKeys(input)
  return shape.is(stripped)
    ? Result.succeed(stripped)
    : Result.fail(shape.firstIssue(stripped) ?? issue("unexpected value"))
}

/**
 * Makes a decoder for values that arrive by the thousand. A value that `isWire` accepts is returned as it is, with its
 * unknown keys; any other is left to the shape, to be decoded or reported. `isWire` may refuse valid values, but must
 * never accept what the shape refuses.
 */
export const decoderWithFastPath = <A>(shape: Shape<A>, isWire: (input: unknown) => input is A): Decoder<A> => {
  const decode = decoder(shape)
  return (input) => isWire(input) ? Result.succeed(input) : decode(input)
}
