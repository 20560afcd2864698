import type { Equivalent } from "../Equivalent.ts"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "Endpoint.ts",
    source: "/^[\\da-f]*:[\\da-f]*:[\\da-f:.]*$/i",
    replacement: "/[\\da-f]*:[\\da-f]*:[\\da-f:.]*$/i",
    reason:
      "A host with two colons is not valid without brackets, and one that is no address is not valid in them either."
  },
  {
    file: "Endpoint.ts",
    source: "/^[\\da-f]*:[\\da-f]*:[\\da-f:.]*$/i",
    replacement: "/^[\\da-f]*:[\\da-f]*:[\\da-f:.]*/i",
    reason:
      "A host with two colons is not valid without brackets, and one that is no address is not valid in them either."
  },
  {
    file: "Json.ts",
    source: "default: return undefined",
    replacement: "default:",
    reason: "A function that returns nothing returns undefined."
  },
  {
    file: "Json.ts",
    source: "\"open\"",
    replacement: "\"\"",
    line: "visited.set(value, \"open\")",
    reason: "What is not done is open, whatever the word."
  },
  {
    file: "RetryAfter.ts",
    source: "reason._tag === \"RateLimited\"",
    replacement: "true",
    reason: "No other reason has retryAfterMillis; this narrows the type."
  },
  {
    file: "RetryAfter.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    line: "const value = retryAfter?.trim() ?? \"\"",
    reason: "Neither text is a number or a date."
  },
  {
    file: "RetryAfter.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    line: "const serverTime = Date.parse(date ?? \"\")",
    reason: "Neither text is a date."
  },
  ...[
    ["typeof value === \"object\" && value !== null", "typeof value === \"object\" || value !== null"],
    [
      "(typeof value === \"object\" && value !== null) || [\"number\", \"bigint\", \"string\"].includes(typeof value)",
      "true"
    ],
    ["typeof value === \"object\"", "true"],
    ["value !== null", "true"]
  ].map(([source = "", replacement = ""]) => ({
    file: "Settings.ts",
    source,
    replacement,
    reason: "Reading the duration throws for any other value, which is refused too; this narrows the type."
  })),
  {
    file: "Settings.ts",
    source: "typeof value === \"number\"",
    replacement: "true",
    reason: "Only a number is a safe integer; this narrows the type."
  },
  ...[
    ["items.length === 0", "false"],
    ["this.items.length === 0", "false"],
    ["items.length > 0", "items.length >= 0"],
    ["items.length > 0", "true"]
  ].map(([source = "", replacement = ""]) => ({
    file: "SingleConsumerQueue.ts",
    source,
    replacement,
    reason: "The result is the same; this saves an array or a wake-up."
  })),
  {
    file: "Token.ts",
    source: "typeof token === \"string\"",
    replacement: "true",
    reason: "Any other token has a problem; this narrows the type."
  },
  {
    file: "Token.ts",
    source: "inputIndex + length < input.length",
    replacement: "inputIndex + length <= input.length",
    reason: "There is nothing to cut off after the end."
  },
  {
    file: "Url.ts",
    source: "{ return undefined }",
    replacement: "{}",
    reason: "A function that returns nothing returns undefined."
  },
  {
    file: "internal/effectInstrumentation.ts",
    source: "\"metadata\"",
    replacement: "\"\"",
    reason: "Only whether the metadata is valid is used, not the message."
  },
  {
    file: "internal/effectSessionObserver.ts",
    source: "!isTraced(fiber)",
    replacement: "false",
    reason: "No exporter receives a span without a tracer that exports; not making it saves time."
  },
  {
    file: "internal/effectSessionObserver.ts",
    source: "exportedSpan(fiber)?.event",
    replacement: "exportedSpan(fiber).event",
    reason: "The exception is ignored like one of a tracer; this saves making it."
  },
  {
    file: "internal/tokenRefresher.ts",
    source: "\"refresh\"",
    replacement: "\"\"",
    reason: "There is only one key, whatever its name."
  },
  {
    file: "internal/tokenRefresher.ts",
    source: "wait > 0",
    replacement: "wait >= 0",
    reason: "A wait of 0 takes no time; leaving it out saves a timer."
  },
  {
    file: "internal/tokenRefresher.ts",
    source: "wait > 0",
    replacement: "true",
    reason: "A wait of 0 takes no time; leaving it out saves a timer."
  }
]
