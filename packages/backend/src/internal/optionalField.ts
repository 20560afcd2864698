import * as Schema from "effect/Schema"

/** A field that may be missing or `null`. */
export const optionalField = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
