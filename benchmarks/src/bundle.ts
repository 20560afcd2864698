/** Row 11: what a browser has to load. */
import * as esbuild from "esbuild"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { type Benchmark, exactly, type Figure } from "./harness.ts"

const entry = (name: string): string => join(import.meta.dirname, "bundled", `${name}.ts`)

const withEsbuild = async (file: string): Promise<string> => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    write: false,
    legalComments: "none"
  })
  return outputFiles.map(({ text }) => text).join("")
}

const withRolldown = async (file: string): Promise<string> => {
  await using bundle = await rolldown({ input: file, platform: "browser" })
  const { output } = await bundle.generate({ format: "esm", minify: true, comments: { legal: false } })
  return output.map((part) => part.type === "chunk" ? part.code : "").join("")
}

const bundlers = { esbuild: withEsbuild, rolldown: withRolldown }

/** `limit` is what it may not grow beyond, where the goal is not reached. */
const entries = [
  { name: "whole", what: "the Promise client as a whole", goal: 60, limit: 102 },
  { name: "chat", what: "subscribe and send only", goal: 45, limit: 102 }
]

const kilobytes = (text: string): number => gzipSync(text, { level: 9 }).length / 1000

export const benchmark: Benchmark = {
  about: "The Promise client, Effect included, as browsers load it: bundled, minified, and compressed by gzip.",
  run: async () => {
    const figures: Array<Figure> = []
    for (const { goal, limit, name, what } of entries) {
      for (const [bundler, bundle] of Object.entries(bundlers)) {
        const text = await bundle(entry(name))
        figures.push({
          row: "11",
          what: `${what}, ${bundler}`,
          unit: "kB",
          spread: exactly(kilobytes(text)),
          baseline: `without gzip: ${Math.round(text.length / 1000)} kB`,
          goal: { is: "at most", value: goal, slack: limit / goal - 1 }
        })
      }
    }
    return figures
  }
}
