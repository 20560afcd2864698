/**
 * Decoders from schemas, which tell what is malformed as the ones that are written by hand do.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { type Decoder, formatPath, type MalformedValue } from "./Malformed.ts"

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

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

/** A decoder that does not pass over keys that the schema does not name. */
export const strictDecoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S): Decoder<S["Type"]> => {
  const decode = SchemaParser.decodeUnknownResult(schema, { onExcessProperty: "error" })
  return (input) => Result.mapError(decode(input), fromIssue)
}
