/**
 * Decodes JSON without a schema library, which would be a quarter of the page's size. Errors contain the expected type and the
 * path; unknown keys are removed.
 */

/** Decodes a value, or throws an error. `path` is the path of the value, for the error message. */
export type Decoder<A> = (value: unknown, path: string) => A

/** The sandbox returned a value of an unexpected type. */
class DecodingError extends Error {
  override readonly name = "DecodingError"
}

const fail = (path: string, expected: string): never => {
  throw new DecodingError(`The sandbox returned an unexpected response: expected ${expected} at ${path}`)
}

export const string: Decoder<string> = (value, path) => typeof value === "string" ? value : fail(path, "a string")

export const number: Decoder<number> = (value, path) => typeof value === "number" ? value : fail(path, "a number")

export const boolean: Decoder<boolean> = (value, path) => typeof value === "boolean" ? value : fail(path, "a boolean")

export const unknown: Decoder<unknown> = (value) => value

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An object with any keys. */
export const record: Decoder<Readonly<Record<string, unknown>>> = (value, path) =>
  isRecord(value) ? value : fail(path, "an object")

/** Returns a function that decodes the fields of an object. */
export const fieldsOf = (value: unknown, path: string) => {
  const fields = record(value, path)
  return <A>(key: string, decode: Decoder<A>): A => decode(fields[key], `${path}.${key}`)
}

/** Decodes one of these strings. */
export const oneOf = <const A extends string>(...allowed: ReadonlyArray<A>): Decoder<A> => (value, path) =>
  allowed.find((one) => one === value) ?? fail(path, allowed.join(" or "))

/** Decodes a value that may be `null` or missing. */
export const nullable = <A>(decode: Decoder<A>): Decoder<A | null> => (value, path) =>
  value === null || value === undefined ? null : decode(value, path)

export const list = <A>(decode: Decoder<A>): Decoder<ReadonlyArray<A>> => (value, path) =>
  Array.isArray(value) ? value.map((item, index) => decode(item, `${path}[${index}]`)) : fail(path, "an array")

/** Parses and decodes JSON. */
export const json = <A>(text: string, decode: Decoder<A>, path: string): A => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    fail(path, "JSON")
  }
  return decode(value, path)
}
