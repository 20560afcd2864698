/**
 * What a value on the wire has to be, told by hand: it is read and refused as its schema in `Wire` does it, without keys
 * that nobody knows, and with the same path and words where something is wrong, by a fraction of the code.
 */
import { isUnknown } from "effect/Predicate"
import * as Result from "effect/Result"
import { isJsonObject } from "../JsonObject.ts"
import { type Decoder, type MalformedValue, within } from "../Malformed.ts"

/** What a value has to be. */
export interface Shape<A> {
  /** What is said to be expected where something of another kind stands. */
  readonly expected: string
  /** Whether it is a text, a number, a list, as it has to be: whatever may be wrong inside it. */
  readonly isKind: (input: unknown) => boolean
  /** It without the keys that nobody knows. */
  readonly known: (input: unknown) => unknown
  /** The first thing that is wrong with it. */
  readonly problemOf: (input: unknown) => MalformedValue | undefined
  readonly is: (input: unknown) => input is A
}

/** A key that may be missing, and what it has to be where it is not. */
interface Optional<A> {
  readonly optional: Shape<A>
}

/** What each key of an object has to be. */
export type Fields<A extends object> = {
  readonly [K in keyof A]-?: {} extends Pick<A, K> ? Optional<Exclude<A[K], undefined>> : Shape<A[K]>
}

const wrong = (message: string): MalformedValue => ({ path: "", message })

/** A kind of value, what may be wrong with one of that kind, and what is known of it. */
const make = <A, Kind = A>(
  expected: string,
  isKind: (input: unknown) => input is Kind,
  flawOf: (input: Kind) => MalformedValue | undefined = () => undefined,
  knownOf: (input: Kind) => unknown = (input) => input
): Shape<A> => {
  const problemOf = (input: unknown) => isKind(input) ? flawOf(input) : wrong(`Expected ${expected}`)
  return {
    expected,
    isKind,
    known: (input) => isKind(input) ? knownOf(input) : input,
    problemOf,
    is: (input): input is A => problemOf(input) === undefined
  }
}

/** The first thing that is wrong with any part. */
const firstFlaw = (
  parts: Iterable<readonly [path: string, shape: Shape<unknown>, value: unknown]>
): MalformedValue | undefined => {
  for (const [path, shape, value] of parts) {
    const problem = shape.problemOf(value)
    if (problem !== undefined) return within(path, problem)
  }
  return undefined
}

const isText = (input: unknown): input is string => typeof input === "string"
const isNumber = (input: unknown): input is number => typeof input === "number"
const isList = (input: unknown): input is ReadonlyArray<unknown> => Array.isArray(input)

export const anything: Shape<unknown> = make("anything", isUnknown)
export const text: Shape<string> = make("string", isText)
export const truth: Shape<boolean> = make("boolean", (input) => typeof input === "boolean")
export const object: Shape<{ readonly [key: string]: unknown }> = make("object", isJsonObject)
export const nothing: Shape<null> = make("null", (input) => input === null)

/** A text that is an id: of which kind is told by where it stands. */
export const id = <Id extends string>(): Shape<Id> => make("string", isText)

/** A text, with what it must satisfy; `expected` completes "Expected". */
export const textWhere = (holds: (text: string) => boolean, expected: string): Shape<string> =>
  make("string", isText, (input) => holds(input) ? undefined : wrong(`Expected ${expected}`))

const finite = (input: number) => Number.isFinite(input) ? undefined : wrong("Expected a finite number")

export const number: Shape<number> = make("number", isNumber, finite)

/** A number, with what it must satisfy. */
export const numberWhere = (holds: (value: number) => boolean, expected: string): Shape<number> =>
  make("number", isNumber, (input) => finite(input) ?? (holds(input) ? undefined : wrong(`Expected ${expected}`)))

export const integer: Shape<number> = make(
  "number",
  isNumber,
  (input) => Number.isSafeInteger(input) ? undefined : wrong("Expected an integer")
)

/** One of these texts. */
export const oneOf = <const A extends string>(...texts: ReadonlyArray<A>): Shape<A> => {
  const expected = texts.map((text) => JSON.stringify(text)).join(" | ")
  const allowed: ReadonlyArray<string> = texts
  return make(expected, isText, (input) => allowed.includes(input) ? undefined : wrong(`Expected ${expected}`))
}

/** Either of two kinds of value. */
export const either = <A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> => {
  const fitting = (input: unknown): Shape<A | B> => one.isKind(input) ? one : other
  return make(
    `${one.expected} | ${other.expected}`,
    (input): input is unknown => one.isKind(input) || other.isKind(input),
    (input) => fitting(input).problemOf(input),
    (input) => fitting(input).known(input)
  )
}

/** A key that a dialect may leave out or write as `null`. */
export const maybe = <A>(shape: Shape<A>): Optional<A | null> => ({ optional: either(shape, nothing) })

/** A key that may be left out. */
export const optional = <A>(shape: Shape<A>): Optional<A> => ({ optional: shape })

/** A list of such values. */
export const list = <A>(item: Shape<A>): Shape<ReadonlyArray<A>> =>
  make(
    "array",
    isList,
    (input) => firstFlaw(input.map((value, index) => [`[${index}]`, item, value])),
    (input) => input.map(item.known)
  )

/** An object of such values under any keys. */
export const record = <A>(value: Shape<A>): Shape<{ readonly [key: string]: A }> =>
  make("object", isJsonObject, (input) => firstFlaw(Object.entries(input).map(([key, item]) => [key, value, item])))

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
        const problem = key in input
          ? (isOptional(field) ? field.optional : field).problemOf(value)
          : wrong("Missing key")
        if (problem !== undefined) return within(key, problem)
      }
      return undefined
    },
    (input) =>
      Object.fromEntries(
        entries.flatMap(([key, field]) =>
          key in input ? [[key, (isOptional(field) ? field.optional : field).known(input[key])]] : []
        )
      )
  )
}

/** Reads values of a shape, or tells what is wrong with them. */
export const decoder = <A>(shape: Shape<A>): Decoder<A> => (input) => {
  const known = shape.known(input)
  return shape.is(known) ? Result.succeed(known) : Result.fail(shape.problemOf(known) ?? wrong("unexpected value"))
}

/**
 * A decoder for what comes in thousands. `isWire` says in one expression what the shape says: what it accepts is taken
 * without another look, with the keys that nobody knows, and everything else is left to the shape, to be read or reported.
 * So it may say no too often, and must never say yes to what the shape refuses.
 */
export const quickDecoder = <A>(shape: Shape<A>, isWire: (input: unknown) => input is A): Decoder<A> => {
  const decode = decoder(shape)
  return (input) => isWire(input) ? Result.succeed(input) : decode(input)
}
