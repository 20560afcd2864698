/** The clients as scripts for a page, which set the global `SignalWire`. Each is compiled once per thread. */
import { buildSync } from "esbuild"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { Script } from "node:vm"
import type { Generation } from "./messages.ts"

const require = createRequire(import.meta.url)

/** A bundle that a vendor has published for browsers. */
const published = (path: string) => {
  const filename = fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))
  return new Script(readFileSync(filename, "utf8"), { filename })
}

/** Our client, bundled as an application would do it. */
const bundled = () => {
  const { outputFiles } = buildSync({
    entryPoints: [require.resolve("@effect-signalwire/promise")],
    bundle: true,
    format: "iife",
    globalName: "SignalWire",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    write: false
  })
  return new Script(outputFiles.map(({ text }) => text).join(""), { filename: "ours.js" })
}

const compile: Record<Generation, () => Script> = {
  address: () => published("vendor-address/dist/index.umd.js"),
  group: () => published("vendor-group/dist/index.umd.js"),
  v4: () => published("vendor-v4/dist/browser.umd.js"),
  ours: bundled
}

const compiled = new Map<Generation, Script>()

export const clientScript = (generation: Generation): Script => {
  const script = compiled.get(generation) ?? compile[generation]()
  compiled.set(generation, script)
  return script
}
