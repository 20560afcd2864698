/** Row 11: what a browser has to load. */
import { gzipSync } from "node:zlib"
import { entry, shareOf, withEsbuild, withRolldown } from "./bundlers.ts"
import { type Benchmark, exactly, type Figure } from "./harness.ts"

/** `limits` are what it may not grow beyond by each bundler, wherever the goal is: just above what is measured. */
const entries = [
  { name: "whole", what: "the Promise client as a whole", goal: 60, limits: { esbuild: 67.2, rolldown: 63.9 } },
  { name: "chat", what: "subscribe and send only", goal: 45, limits: { esbuild: 67.2, rolldown: 63.9 } }
] as const

const bundlers = [{ name: "esbuild", bundle: withEsbuild }, { name: "rolldown", bundle: withRolldown }] as const

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
    + "Effect what it runs on (the runtime, Schedule, Duration, a little of Stream and DateTime), and neither Schema nor "
    + "HttpClient, Socket, Layer, Queue, Config and Metric, nor what spans and logs are made of. Who only subscribes and sends "
    + "loads the same, as the client is one object. Without the faces it does not need (`chat`, `address`, lists, timelines) "
    + "it would load 1.2 kB less, and some 2 kB less if the services underneath were built without them as well: too little "
    + "for another way in, and not enough for the second goal. What is guarded is that it does not grow.",
  run: async () => {
    const figures: Array<Figure> = []
    for (const { goal, limits, name, what } of entries) {
      for (const bundler of bundlers) {
        figures.push({
          ...sizeOf(`${what}, ${bundler.name}`, await bundler.bundle(entry(name))),
          goal: { is: "at most", value: goal, slack: limits[bundler.name] / goal - 1 }
        })
      }
    }
    return [
      ...figures,
      sizeOf("of the whole, Effect itself, rolldown", await shareOf(entry("whole"), /[\\/]effect[\\/]dist[\\/]/))
    ]
  }
}
