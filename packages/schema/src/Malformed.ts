/**
 * What is reported of a value that does not have the shape the wire promises: where it stands and what is wrong with it,
 * never the value itself.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"

/** A malformed value: `path` as in `data[3].ts`, `""` for the value as a whole. */
export interface MalformedValue {
  /** Where it stands, as in `data[3].ts`; `""` for the value as a whole. */
  readonly path: string
  /** What is wrong with it, without the value itself. */
  readonly message: string
}

/** Reads a value from the wire, or tells what is wrong with it. */
export type Decoder<A> = (input: unknown) => Result.Result<A, MalformedValue>

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

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

const fromIssue = (issue: SchemaIssue.Issue): MalformedValue => {
  const [first] = formatIssue(issue).issues
  const segments = (first?.path ?? []).map((segment) => typeof segment === "object" ? segment.key : segment)
  return { path: formatPath(segments), message: first?.message ?? "unexpected value" }
}

/** The other way round, for schemas that are built on a decoder. */
export const toIssue = (malformed: MalformedValue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer([malformed.path], new SchemaIssue.InvalidValue({ message: malformed.message }))

/** A decoder from a schema; build it once, at module level. */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S): Decoder<S["Type"]> => {
  const decode = SchemaParser.decodeUnknownResult(schema)
  return (input) => Result.mapError(decode(input), fromIssue)
}

/**
 * A decoder for what comes in thousands. `isWire` says by hand what the schema says, of values that the schema would
 * leave as they are: those are taken without another look, and everything else goes through the schema, to be read or
 * reported. So it may say no too often, and must never say yes to what the schema refuses. Keys that nobody knows are left
 * where they are.
 */
export const quickDecoder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  isWire: (input: unknown) => input is S["Type"]
): Decoder<S["Type"]> => {
  const decode = decoder(schema)
  return (input) => isWire(input) ? Result.succeed(input) : decode(input)
}

/** A decoder that does not pass over keys that the schema does not name. */
export const strictDecoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S): Decoder<S["Type"]> => {
  const decode = SchemaParser.decodeUnknownResult(schema, { onExcessProperty: "error" })
  return (input) => Result.mapError(decode(input), fromIssue)
}
