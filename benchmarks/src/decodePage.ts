/** Row 1: decoding a page of history into domain values. */
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import * as Page from "@effect-signalwire/schema/Page"
import * as Result from "effect/Result"
import { alternate, baseline, type Benchmark, type Figure, ratioOf } from "./harness.ts"
import { historyPage } from "./wire.ts"

const size = 1000

/** Measures the decoder that this process allows; `atMost` is its goal. */
export const measure = async (what: string, atMost: number): Promise<ReadonlyArray<Figure>> => {
  const text = historyPage(size)
  const decode = () => Page.decode(JSON.parse(text), ConversationMessage.decode)
  const page = Result.getOrThrow(decode())
  if (page.items.length !== size || page.malformed.length > 0) throw new Error("the page was not decoded")
  const times = await alternate({ parse: (): unknown => JSON.parse(text), decode })
  return [{
    row: "1",
    what,
    unit: "x",
    spread: ratioOf(times.decode, times.parse),
    baseline: baseline("JSON.parse", times.parse),
    goal: { is: "at most", value: atMost, tolerance: 0.2 }
  }]
}

export const benchmark: Benchmark = {
  about: `Decoding a page of ${size} messages into domain values, against \`JSON.parse\` of the same string.`,
  run: () => measure(`history page of ${size} messages`, 1.25)
}
