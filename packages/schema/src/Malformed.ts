/**
 * Reports of values that do not conform to the wire format: the path of the value and the problem, never the value
 * itself.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/** The report of a malformed value. */
export interface MalformedValue {
  /** The path of the malformed part, such as `data[3].ts`; `""` for the value as a whole. */
  readonly path: string
  /** The problem, without the value itself. */
  readonly message: string
}

/** Decodes a value from the wire; fails with the first problem. */
export type Decoder<A> = (input: unknown) => Result.Result<A, MalformedValue>

const join = (outer: string, inner: string): string =>
  outer === "" || inner === "" || inner.startsWith("[") ? outer + inner : `${outer}.${inner}`

/** Formats a path in JavaScript's notation, such as `data[3].ts`. */
export const formatPath = (segments: ReadonlyArray<PropertyKey>): string =>
  segments.reduce<string>(
    (path, segment) => join(path, typeof segment === "number" ? `[${segment}]` : String(segment)),
    ""
  )

/** Prefixes the path of a malformed value with `outer`, the path of the value that contains it. */
export const prefixPath = (outer: string, malformed: MalformedValue): MalformedValue => ({
  path: join(outer, malformed.path),
  message: malformed.message
})

/** Parses JSON. */
export const parseJson = (text: string): Result.Result<unknown, MalformedValue> => {
  try {
    const value: unknown = JSON.parse(text)
    return Result.succeed(value)
  } catch {
    return Result.fail({ path: "", message: "not JSON" })
  }
}
