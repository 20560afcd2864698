import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

const decode = decoder(WireSchemas.WireTime)

it.each([
  [1735790645.4561234, 1735790645.4561234],
  ["1735790645.4561234", 1735790645.4561234],
  [1735790645456, 1735790645.456],
  ["1735790645456", 1735790645.456],
  [99_999_999_999, 99_999_999_999],
  [100_000_000_000, 100_000_000],
  [0, 0],
  [-1.5, -1.5]
])("converts %j to %d seconds", (time, seconds) => {
  assert.strictEqual(WireTime.toEpochSeconds(time), seconds)
})

it.each([[1708192187729, 1708192187729], ["1708192187729", 1708192187729], [1708192187.6779745, 1708192187678]])(
  "converts %j to %d milliseconds",
  (time, millis) => {
    assert.strictEqual(WireTime.toEpochMillis(time), millis)
  }
)

it.each([
  "",
  "yesterday",
  "1e9",
  "0x10",
  "2025-01-02",
  "1.",
  ".5",
  " 1",
  NaN,
  Infinity,
  8.65e15,
  "8650000000000000",
  true
])(
  "refuses %j as a time",
  (time) => {
    assert.isTrue(Result.isFailure(decode(time)))
  }
)

it.each([
  "2025-01-02T03:04:05Z",
  "2025-01-02T03:04:05.678z",
  "2025-01-02T03:04:05",
  "2025-01-02 03:04:05.678",
  "2025-01-02T03:04:05+05:30",
  "2025-01-02T03:04:05-0800",
  "2025-01-02",
  "Thu, 02 Jan 2025 03:04:05 GMT",
  "last week",
  ""
])("parses %j as DateTime does", (input) => {
  assert.deepStrictEqual(WireTime.parseDateTime(input), Option.getOrNull(DateTime.make(input)))
})

it.each([0, -1, 1735790645456, 1735790645456.9, WireTime.maxEpochMillis])(
  "converts %d unix milliseconds as DateTime does",
  (epochMillis) => {
    assert.deepStrictEqual(WireTime.dateTimeFromMillis(epochMillis), DateTime.makeUnsafe(epochMillis))
  }
)
