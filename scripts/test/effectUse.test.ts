import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "vitest"
import { type Allowed, checkEffectUse } from "../effectUse.ts"

const root = dirname(dirname(import.meta.dirname))

const modules: Record<string, string> = {
  "http/HttpClient": "/**\n * A client.\n *\n * @stability unstable\n */\nexport const get = 1\n",
  Effect: "/**\n * Effects.\n *\n * @stability stable\n */\n/** @stability stable */\nexport const map = 1\n" +
    "/**\n * Soon.\n *\n * @stability unstable\n * @since 4.1.0\n */\nexport const soon = 2\n",
  Socket: "/** @stability stable */\nexport const key = \"effect/Socket\" // not \"effect/Other\"\n"
}

const check = (text: string, allowed: Partial<Allowed> = {}) =>
  checkEffectUse([{ file: "packages/http/src/A.ts", text }], (module) => modules[module], {
    unstableModules: {},
    repeatedKeys: {},
    ...allowed
  })

describe("the packages", () => {
  it("use only the unstable modules and the keys of the installed Effect that are listed", () => {
    const sources = globSync("packages/*/src/**/*.{ts,tsx}", { cwd: root }).toSorted()
      .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))
    const read = (module: string) => {
      const file = join(root, "packages/schema/node_modules/effect/src", `${module}.ts`)
      return existsSync(file) ? readFileSync(file, "utf8") : undefined
    }
    assert.deepStrictEqual(checkEffectUse(sources, read), [])
    assert.isAbove(sources.length, 300)
  })
})

describe("checkEffectUse", () => {
  it("accepts stable modules, and unstable ones that are listed", () => {
    assert.deepStrictEqual(check("import * as Effect from \"effect/Effect\"\nEffect.map\n"), [])
    assert.deepStrictEqual(
      check("import type { get } from \"effect/http/HttpClient\"", {
        unstableModules: { http: ["http/HttpClient"] }
      }),
      []
    )
  })

  it("reports an unstable module that is not listed for the package", () => {
    const [problem = ""] = check("import type { get } from \"effect/http/HttpClient\"", {
      unstableModules: { conversation: [] }
    })
    assert.include(problem, "effect/http/HttpClient is unstable")
  })

  it("reports an unstable export of a stable module", () => {
    for (
      const text of ["import * as E from \"effect/Effect\"\nE.soon", "import { map, soon } from \"effect/Effect\""]
    ) {
      const [problem = ""] = check(text)
      assert.include(problem, "soon of effect/Effect is unstable")
    }
  })

  it("reports a module that Effect no longer has", () => {
    const [problem = ""] = check("import * as Gone from \"effect/Gone\"")
    assert.include(problem, "no module Gone")
  })

  it("reports a list that is longer than needed", () => {
    const [module = ""] = check("", { unstableModules: { http: ["http/HttpClient"] } })
    assert.include(module, "remove it")
    const [key = ""] = check("", { repeatedKeys: { "effect/Socket": "Socket" } })
    assert.include(key, "remove it")
  })

  it("accepts a listed key that Effect has, and reports any other", () => {
    const repeatedKeys = { "effect/Socket": "Socket", "effect/Other": "Socket" }
    assert.deepStrictEqual(check("const key = \"effect/Socket\"", { repeatedKeys: { "effect/Socket": "Socket" } }), [])
    const [unlisted = ""] = check("const key = \"~effect/Socket\"")
    assert.include(unlisted, "repeats the key ~effect/Socket")
    const [changed = ""] = check("const keys = [\"effect/Socket\", \"effect/Other\"]", { repeatedKeys })
    assert.include(changed, "effect/Socket has no key effect/Other")
  })
})
