/** Row 11: the size of the bundle that a browser loads. */
import { gzipSync } from "node:zlib"
import { entry, shareOf, withEsbuild, withRolldown } from "./bundlers.ts"
import { type Benchmark, type Figure, single } from "./harness.ts"

/** `limits` are the largest sizes that the tests allow for each bundler, slightly above those that were measured. */
const entries = [
  { name: "whole", what: "the Promise client as a whole", goal: 60, limits: { esbuild: 67, rolldown: 63.7 } },
  { name: "chat", what: "subscribe and send only", goal: 45, limits: { esbuild: 67, rolldown: 63.7 } }
] as const

const bundlers = [{ name: "esbuild", bundle: withEsbuild }, { name: "rolldown", bundle: withRolldown }] as const

const kilobytes = (text: string): number => gzipSync(text, { level: 9 }).length / 1000

const sizeOf = (what: string, text: string): Figure => ({
  row: "11",
  what,
  unit: "kB",
  spread: single(kilobytes(text)),
  baseline: `without gzip: ${Math.round(text.length / 1000)} kB`
})

export const benchmark: Benchmark = {
  about:
    "The Promise client, Effect included, as browsers load it: bundled, minified, and compressed by gzip. Of Effect it "
    + "contains what it runs on (the runtime, Schedule, Duration, a little of Stream and DateTime), and neither Schema nor "
    + "HttpClient, Socket, Layer, Queue, Config and Metric, nor spans and logs. A page that only subscribes and sends "
    + "loads the same, as the client is one object. Without the methods it does not need (`chat`, `address`, lists, timelines) "
    + "it would load 1.2 kB less, and some 2 kB less if the services underneath were built without them as well: too little "
    + "for a second entry point, and not enough for the second goal. `.ci/run` checks that it does not grow.",
  run: async () => {
    const figures: Array<Figure> = []
    for (const { goal, limits, name, what } of entries) {
      for (const bundler of bundlers) {
        figures.push({
          ...sizeOf(`${what}, ${bundler.name}`, await bundler.bundle(entry(name))),
          goal: { is: "at most", value: goal, tolerance: limits[bundler.name] / goal - 1 }
        })
      }
    }
    return [
      ...figures,
      sizeOf("Effect's share of the whole, rolldown", await shareOf(entry("whole"), /[\\/]effect[\\/]dist[\\/]/))
    ]
  }
}
