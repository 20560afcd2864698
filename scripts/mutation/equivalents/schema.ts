import type { Equivalent } from "../Equivalent.ts"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "ConversationEvent.ts",
    source: "(value: unknown): boolean => typeof value === \"boolean\" || value === null || value === undefined",
    replacement: "() => undefined",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "value === undefined",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "typeof value === \"boolean\" || value === null",
    replacement: "typeof value === \"boolean\" && value === null",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "typeof value === \"boolean\" || value === null || value === undefined",
    replacement: "(typeof value === \"boolean\" || value === null) && value === undefined",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "value === null",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "\"boolean\"",
    replacement: "\"\"",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "typeof value === \"boolean\" || value === null || value === undefined",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "typeof value === \"boolean\" || value === null",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source: "typeof value === \"boolean\"",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source:
      "(input: unknown): input is Wire => isJsonObject(input) && isNullishBoolean(input[\"hidden\"]) && isNullishString(input[\"conversation_name\"]) && isNullishString(input[\"user_name\"]) && Message.isWire(input)",
    replacement: "() => undefined",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "ConversationEvent.ts",
    source:
      "isJsonObject(input) && isNullishBoolean(input[\"hidden\"]) && isNullishString(input[\"conversation_name\"]) && isNullishString(input[\"user_name\"]) && Message.isWire(input)",
    replacement: "false",
    reason: "The fast path is a shortcut: what it does not accept, the shape decodes to the same event."
  },
  {
    file: "Ids.ts",
    source: "\"SubscriberId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "Ids.ts",
    source: "\"GroupId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "Ids.ts",
    source: "\"AddressId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "Ids.ts",
    source: "\"ClientId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "Ids.ts",
    source: "\"ConversationId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "Ids.ts",
    source: "\"MessageId\"",
    replacement: "\"\"",
    reason: "Brands exist in types only, which tests of types check."
  },
  {
    file: "SchemaDecoder.ts",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    reason: "The formatter returns at least one issue, and a path whose segments are plain keys."
  },
  {
    file: "SchemaDecoder.ts",
    source: "typeof segment === \"object\"",
    replacement: "false",
    reason: "The formatter returns at least one issue, and a path whose segments are plain keys."
  },
  {
    file: "SchemaDecoder.ts",
    source: "first?.path",
    replacement: "first.path",
    reason: "The formatter returns at least one issue, and a path whose segments are plain keys."
  },
  {
    file: "SchemaDecoder.ts",
    source: "\"object\"",
    replacement: "\"\"",
    reason: "The formatter returns at least one issue, and a path whose segments are plain keys."
  },
  {
    file: "SchemaDecoder.ts",
    source: "first?.message",
    replacement: "first.message",
    reason: "The formatter returns at least one issue."
  },
  {
    file: "SendMessage.ts",
    source: "conversation === null",
    replacement: "false",
    reason: "At run time a brand changes nothing, null included."
  },
  {
    file: "SendMessage.ts",
    source: "group === null",
    replacement: "false",
    reason: "At run time a brand changes nothing, null included."
  },
  {
    file: "TaggedError.ts",
    source: "throw new TypeError(`${tag} is not an Error`)",
    replacement: ";",
    reason: "The base class is an Error: this narrows the type of Reflect.construct."
  },
  {
    file: "Token.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    line:
      "decodeBase64Url(token.split(\".\", 1)[0] ?? \"\").pipe(Result.flatMap(parseJson), Result.flatMap(decodeHeaderFields))",
    reason: "Splitting a string returns at least one part."
  },
  {
    file: "internal/shape.ts",
    source: "\"unknown\"",
    replacement: "\"\"",
    reason: "Every value is of this shape, so no message names it."
  },
  {
    file: "internal/expressible.ts",
    source: "(value) => value",
    replacement: "() => undefined",
    reason: "An Arbitrary is made by decoding only."
  },
  {
    file: "internal/expressible.ts",
    source: "Math.abs(millis) < millisThreshold",
    replacement: "Math.abs(millis) <= millisThreshold",
    reason: "A time at the threshold is milliseconds, moved or not."
  },
  {
    file: "internal/expressible.ts",
    source: "millis + 2 * millisThreshold",
    replacement: "millis - 2 * millisThreshold",
    reason: "Moved in either direction, the time is milliseconds."
  },
  {
    file: "Address.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    line: "createdAt: parseDateTime(wire.created_at ?? \"\")",
    reason: "Neither text is a time."
  },
  {
    file: "Conversation.ts",
    source: "DateTime.toEpochMillis(time) > DateTime.toEpochMillis(lastMessageAt)",
    replacement: "DateTime.toEpochMillis(time) >= DateTime.toEpochMillis(lastMessageAt)",
    reason: "Of two equal times, either may be kept."
  }
]
