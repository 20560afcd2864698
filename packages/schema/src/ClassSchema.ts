/**
 * Schemas of classes that are not schema classes, such as the models and errors of this SDK: their modules need not
 * load Effect's Schema.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** The description of a class. */
export interface Description<Fields extends Schema.Struct.Fields, A> {
  /** The name of the schema: in error messages, and of its component in an OpenAPI document. */
  readonly identifier: string
  /** The class. */
  readonly model: abstract new(...args: never) => A
  /** The schemas of all its fields. */
  readonly fields: Fields
  /** Makes an instance of the class from its fields. */
  readonly make: (fields: Schema.Struct<Fields>["Type"]) => A
}

/**
 * Makes the schema of a class. Its values are instances of the class. It has an identifier, a codec for JSON (see
 * `Schema.toCodecJson`), an `Arbitrary` and an equivalence, all of which are derived from the schemas of the fields.
 *
 * @category constructors
 */
export const make = <const Fields extends Schema.Struct.Fields, A extends Schema.Struct<Fields>["Type"]>(
  { fields, identifier, make, model }: Description<Fields, A>
): Schema.declare<A, Schema.Struct<Fields>["Iso"]> => {
  const struct = Schema.Struct(fields).annotate({ identifier })
  return Schema.declare((input): input is A => input instanceof model, {
    identifier,
    expected: identifier,
    toCodec: () =>
      Schema.link<A>()(struct, {
        decode: SchemaGetter.transform(make),
        encode: SchemaGetter.transform((value) => value)
      }),
    toEquivalence: () => Schema.toEquivalence(struct)
  })
}

/**
 * {@link make} for a class with a `_tag`, which is also the identifier, and whose constructor takes all its fields.
 *
 * @category constructors
 */
export const makeTagged = <
  const Fields extends Schema.Struct.Fields & { readonly _tag: Schema.tag<string> },
  A extends Schema.Struct<Fields>["Type"]
>(
  model: new(fields: Schema.Struct<Fields>["Type"]) => A,
  fields: Fields
): Schema.declare<A, Schema.Struct<Fields>["Iso"]> =>
  make({ identifier: fields._tag.schema.literal, model, fields, make: (fields) => new model(fields) })
