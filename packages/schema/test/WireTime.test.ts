import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { vi } from "vitest"

const decode = decoder(WireSchemas.WireTime)

it.each([
  [1735790645.4561234, 1735790645.4561234],
  ["1735790645.4561234", 1735790645.4561234],
  [1735790645456, 1735790645.456],
  ["1735790645456", 1735790645.456],
  [99_999_999_999, 99_999_999_999],
  [100_000_000_000, 100_000_000],
  [-99_999_999_999, -99_999_999_999],
  [-100_000_000_000, -100_000_000],
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

it.each([
  ["2025-01-02T03:04:05", "2025-01-02T03:04:05Z"],
  ["2025-01-02 03:04:05.678", "2025-01-02 03:04:05.678Z"],
  ["gmt 2025", "gmt 2025Z"],
  ["2025-01-02T03:04:05z", "2025-01-02T03:04:05z"],
  ["2025-01-02T03:04:05Z", "2025-01-02T03:04:05Z"],
  ["2025-01-02T03:04:05+05", "2025-01-02T03:04:05+05"],
  ["2025-01-02T03:04:05+0530", "2025-01-02T03:04:05+0530"],
  ["2025-01-02T03:04:05-05:30", "2025-01-02T03:04:05-05:30"],
  ["2 Jan 2025 03:04 gmt", "2 Jan 2025 03:04 gmt"],
  ["Thu, 02 Jan 2025 03:04:05 GMT+1", "Thu, 02 Jan 2025 03:04:05 GMT+1"]
])("reads %j as UTC if it has no zone, whatever the zone of the machine is", (input, parsed) => {
  const parse = vi.spyOn(Date, "parse")
  WireTime.parseDateTime(input)
  assert.deepStrictEqual(parse.mock.calls, [[parsed]])
  parse.mockRestore()
})

it.each([
  [true, 0],
  [true, -8.64e15],
  [true, 8.64e15],
  [false, 8.65e15],
  [false, Number.NaN],
  [false, "0"],
  [false, null]
])("recognises a time that is written as a number: %s for %j", (expected, value) => {
  assert.strictEqual(WireTime.isNumericTime(value), expected)
})
