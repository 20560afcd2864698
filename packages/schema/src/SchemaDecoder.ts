/**
 * Decoders made from schemas. They report malformed values in the same way as the hand-written decoders.
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

/** Converts the report of a malformed value to a schema issue, for schemas that are built on a decoder. */
export const toIssue = (malformed: MalformedValue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer([malformed.path], new SchemaIssue.InvalidValue({ message: malformed.message }))

/** Makes a decoder from a schema. Unknown keys are removed. Make it once, at module level. */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S): Decoder<S["Type"]> => {
  const decode = SchemaParser.decodeUnknownResult(schema)
  return (input) => Result.mapError(decode(input), fromIssue)
}

/** Makes a decoder from a schema that fails for unknown keys. Make it once, at module level. */
export const strictDecoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S): Decoder<S["Type"]> => {
  const decode = SchemaParser.decodeUnknownResult(schema, { onExcessProperty: "error" })
  return (input) => Result.mapError(decode(input), fromIssue)
}
