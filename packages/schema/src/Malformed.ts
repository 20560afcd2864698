/**
 * What is reported of a value that does not have the shape the wire promises: where it stands and what is wrong with it,
 * never the value itself.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/** A malformed value: `path` as in `data[3].ts`, `""` for the value as a whole. */
export interface MalformedValue {
  /** Where it stands, as in `data[3].ts`; `""` for the value as a whole. */
  readonly path: string
  /** What is wrong with it, without the value itself. */
  readonly message: string
}

/** Reads a value from the wire, or tells what is wrong with it. */
export type Decoder<A> = (input: unknown) => Result.Result<A, MalformedValue>

const join = (outer: string, inner: string): string =>
  outer === "" || inner === "" || inner.startsWith("[") ? outer + inner : `${outer}.${inner}`

/** Writes a path as JavaScript would: `data[3].ts`. */
export const formatPath = (segments: ReadonlyArray<PropertyKey>): string =>
  segments.reduce<string>(
    (path, segment) => join(path, typeof segment === "number" ? `[${segment}]` : String(segment)),
    ""
  )

/** Places a malformed value inside the value that holds it. */
export const within = (outer: string, malformed: MalformedValue): MalformedValue => ({
  path: join(outer, malformed.path),
  message: malformed.message
})

/** The value of a JSON text. */
export const parseJson = (text: string): Result.Result<unknown, MalformedValue> => {
  try {
    const value: unknown = JSON.parse(text)
    return Result.succeed(value)
  } catch {
    return Result.fail({ path: "", message: "not JSON" })
  }
}
