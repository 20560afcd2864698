/**
 * Reads JSON whose shape is known, without a schema library, which would be a quarter of the page. What is expected and
 * where, is in the error's message; keys that are not asked for are left out.
 */

/** Reads a value, or throws an error that says what is wrong with it. `path` is where the value is, for the message. */
export type Decoder<A> = (value: unknown, path: string) => A

/** A value that has another shape than this page expects of its sandbox. */
class DecodingError extends Error {
  override readonly name = "DecodingError"
}

const fail = (path: string, expected: string): never => {
  throw new DecodingError(`expected ${expected} at ${path}`)
}

export const text: Decoder<string> = (value, path) => typeof value === "string" ? value : fail(path, "a string")

export const number: Decoder<number> = (value, path) => typeof value === "number" ? value : fail(path, "a number")

export const truth: Decoder<boolean> = (value, path) => typeof value === "boolean" ? value : fail(path, "a boolean")

export const anything: Decoder<unknown> = (value) => value

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An object with any keys. */
export const record: Decoder<Readonly<Record<string, unknown>>> = (value, path) =>
  isRecord(value) ? value : fail(path, "an object")

/** One of these strings. */
export const oneOf = <const A extends string>(...allowed: ReadonlyArray<A>): Decoder<A> => (value, path) =>
  allowed.find((one) => one === value) ?? fail(path, allowed.join(" or "))

/** `null` for a value that is `null` or missing. */
export const nullable = <A>(decode: Decoder<A>): Decoder<A | null> => (value, path) =>
  value === null || value === undefined ? null : decode(value, path)

export const list = <A>(decode: Decoder<A>): Decoder<ReadonlyArray<A>> => (value, path) =>
  Array.isArray(value) ? value.map((item, index) => decode(item, `${path}[${index}]`)) : fail(path, "an array")
