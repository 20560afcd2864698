/**
 * The code blocks in `docs/*.md`, by their first line:
 *
 * - `// file: NAME.ts` is a copy of `src/docs/NAME.ts`, which is compiled here. `pnpm check:packages` runs it, and
 *   compares its output with a `txt` block after it.
 * - `// example: PATH` is a copy of the example or test at that path of this workspace, which other tests run.
 * - `// before: NAME.ts` is a copy of `verify/conformance/src/migrating/NAME.ts`, which is compiled against
 *   SignalWire's own clients. They have aliases there, because there are two versions of one of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8")

/** The package names of SignalWire's own clients, by their alias in this repository. */
const vendorPackages = {
  "vendor-address": "@signalwire/js",
  "vendor-group": "@signalwire/client",
  "vendor-v4": "@signalwire/js"
}

interface CodeBlock {
  readonly document: string
  readonly kind: "file" | "before"
  readonly name: string
  readonly text: string
}

const codeBlocks: ReadonlyArray<CodeBlock> = globSync("docs/*.md", { cwd: root }).toSorted().flatMap((document) => {
  const blocks = Array.from(read(document).matchAll(/^```\w*\n([^]*?)^```$/gm), ([, text = ""]) => text)
  return blocks.flatMap((text): ReadonlyArray<CodeBlock> => {
    const [, kind, name] = /^\/\/ (file|before): ([\w.-]+\.ts)\n/.exec(text) ?? []
    return (kind === "file" || kind === "before") && name !== undefined ? [{ document, kind, name, text }] : []
  })
})

const sources = { file: "examples/src/docs", before: "verify/conformance/src/migrating" }

/** Reads a source file as the documents show it. */
const readAsShown = (path: string): string =>
  Object.entries(vendorPackages).reduce(
    (text, [alias, name]) => text.replace(`from "${alias}"`, `from "${name}"`),
    read(path)
  )

describe("the code blocks of docs/", () => {
  it("are copies of the examples", () => {
    const examples = globSync("docs/*.md", { cwd: root }).flatMap((document) =>
      Array.from(
        read(document).matchAll(/^```tsx?\n\/\/ example: (.*)\n([^]*?)^```$/gm),
        ([, path = "", text = ""]) => ({ path, text })
      )
    )
    assert.isAbove(examples.length, 0)
    for (const { path, text } of examples) assert.strictEqual(text, read(`examples/${path}`), path)
  })

  it.each(codeBlocks)("are copies of compiled code: $kind $name", ({ kind, name, text }) => {
    assert.strictEqual(text, readAsShown(`${sources[kind]}/${name}`))
  })

  it.each(["file", "before"] as const)("contain every source file: %s", (kind) => {
    assert.sameMembers(
      codeBlocks.filter((block) => block.kind === kind).map(({ name }) => name),
      globSync("*.ts", { cwd: `${root}/${sources[kind]}` }).map((file) => basename(file))
    )
  })

  it("differ only in the import where the document states that", () => {
    const withoutImport = (path: string) => read(path).replace(/^\/\/ .*\n/, "").replace(/^import .*\n/m, "")
    assert.strictEqual(
      withoutImport("verify/conformance/src/migrating/from-address.ts"),
      withoutImport("examples/src/docs/from-address.ts")
    )
  })
})
