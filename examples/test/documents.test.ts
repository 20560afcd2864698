/**
 * The code in `docs/`: a block that begins with `// file: NAME.ts` is `src/docs/NAME.ts`, which is compiled, and run here
 * with nothing but a token of a sandbox; the `txt` block after it, if there is one, has lines that it prints. One that
 * begins with `// example: PATH` is the example or test at that path in this workspace, which the other tests run. One that
 * begins with `// before: NAME.ts` is `verify/conformance/src/migrating/NAME.ts`, which is compiled against SignalWire's own
 * clients; they go by other names there, as there are two versions of one of them.
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, beforeEach, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)

const root = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8")

/** What the vendor's clients are called here, and what they are called. */
const vendors = {
  "vendor-address": "@signalwire/js",
  "vendor-group": "@signalwire/client",
  "vendor-v4": "@signalwire/js"
}

interface Shown {
  readonly document: string
  readonly kind: "file" | "before"
  readonly name: string
  readonly text: string
  /** Lines that it prints. */
  readonly prints: ReadonlyArray<string>
}

const shown: ReadonlyArray<Shown> = globSync("docs/*.md", { cwd: root }).toSorted().flatMap((document) => {
  const blocks = Array.from(
    read(document).matchAll(/^```(\w*)\n([^]*?)^```$/gm),
    ([, language = "", text = ""]) => ({ language, text })
  )
  return blocks.flatMap(({ text }, index): ReadonlyArray<Shown> => {
    const [, kind, name] = /^\/\/ (file|before): ([\w.-]+\.ts)\n/.exec(text) ?? []
    if ((kind !== "file" && kind !== "before") || name === undefined) return []
    const next = blocks[index + 1]
    const prints = next?.language === "txt" ? next.text.trimEnd().split("\n") : []
    return [{ document, kind, name, text, prints }]
  })
})

const sources = { file: "examples/src/docs", before: "verify/conformance/src/migrating" }

/** A source as a document shows it. */
const asShown = (path: string): string =>
  Object.entries(vendors).reduce((text, [here, there]) => text.replace(`from "${here}"`, `from "${there}"`), read(path))

describe("the documents", () => {
  it("show the examples as they are", () => {
    const examples = globSync("docs/*.md", { cwd: root }).flatMap((document) =>
      Array.from(
        read(document).matchAll(/^```tsx?\n\/\/ example: (.*)\n([^]*?)^```$/gm),
        ([, path = "", text = ""]) => ({ path, text })
      )
    )
    assert.isAbove(examples.length, 0)
    for (const { path, text } of examples) assert.strictEqual(text, read(`examples/${path}`), path)
  })

  it.each(shown)("show the code that is compiled: $kind $name", ({ kind, name, text }) => {
    assert.strictEqual(text, asShown(`${sources[kind]}/${name}`))
  })

  it.each(["file", "before"] as const)("show all of it: %s", (kind) => {
    assert.sameMembers(
      shown.filter((block) => block.kind === kind).map(({ name }) => name),
      globSync("*.ts", { cwd: `${root}/${sources[kind]}` }).map((file) => basename(file))
    )
  })

  it("keep their word that the import is all that changes", () => {
    const withoutImport = (path: string) => read(path).replace(/^\/\/ .*\n/, "").replace(/^import .*\n/m, "")
    assert.strictEqual(
      withoutImport("verify/conformance/src/migrating/from-address.ts"),
      withoutImport("examples/src/docs/from-address.ts")
    )
  })

  describe("their programs", () => {
    let sandbox: SandboxProcess.SandboxProcess

    // one each: what a program prints depends on what is there
    beforeEach(async () => {
      sandbox = await SandboxProcess.start()
      return () => sandbox[Symbol.asyncDispose]()
    })

    it.each(shown.filter(({ kind }) => kind === "file"))(
      "run with nothing but a token: $name",
      async ({ name, prints }) => {
        const [ada] = sandbox.info.subscribers
        const { stderr, stdout } = await run(process.execPath, [`${root}/${sources.file}/${name}`], {
          env: { PATH: process.env["PATH"], SIGNALWIRE_TOKEN: ada?.token ?? "" },
          timeout: 110_000
        })
        assert.includeMembers(stdout.split("\n"), [...prints])
        assert.strictEqual(stderr, "")
      }
    )
  })
})
