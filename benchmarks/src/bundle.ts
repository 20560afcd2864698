/** Row 11: what a browser has to load. */
import { gzipSync } from "node:zlib"
import { entry, shareOf, withEsbuild, withRolldown } from "./bundlers.ts"
import { type Benchmark, exactly, type Figure } from "./harness.ts"

/** `limit` is what it may not grow beyond, where the goal is not reached. */
const entries = [
  { name: "whole", what: "the Promise client as a whole", goal: 60, limit: 64 },
  { name: "chat", what: "subscribe and send only", goal: 45, limit: 64 }
] as const

const bundlers = [{ name: "esbuild", bundle: withEsbuild }, { name: "rolldown", bundle: withRolldown }]

const kilobytes = (text: string): number => gzipSync(text, { level: 9 }).length / 1000

const sizeOf = (what: string, text: string): Figure => ({
  row: "11",
  what,
  unit: "kB",
  spread: exactly(kilobytes(text)),
  baseline: `without gzip: ${Math.round(text.length / 1000)} kB`
})

export const benchmark: Benchmark = {
  about:
    "The Promise client, Effect included, as browsers load it: bundled, minified, and compressed by gzip. It loads of "
    + "Effect what it runs on (the runtime, Stream, Queue, Schedule, DateTime), and neither Schema nor HttpClient, Socket, "
    + "Config and Metric. Who only subscribes and sends loads the same, as the client is one object, and needs all that "
    + "keeps a subscription whole; without its `chat` and `address` it would be smaller by less than 1 kB. So the second goal "
    + "is not reached, and the first not by every bundler. What is guarded is that it does not grow.",
  run: async () => {
    const figures: Array<Figure> = []
    for (const { goal, limit, name, what } of entries) {
      for (const bundler of bundlers) {
        figures.push({
          ...sizeOf(`${what}, ${bundler.name}`, await bundler.bundle(entry(name))),
          goal: { is: "at most", value: goal, slack: limit / goal - 1 }
        })
      }
    }
    return [
      ...figures,
      sizeOf("of the whole, Effect itself, rolldown", await shareOf(entry("whole"), /[\\/]effect[\\/]dist[\\/]/))
    ]
  }
}
