/** The defaults of options: what their doc comments say is what the sources say. */
import * as Settings from "@effect-signalwire/runtime/Settings"
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"

/** The value of a literal in a doc comment or in code, with durations in milliseconds. */
const valueOf = (literal: string): unknown => {
  const text = /^"(\d+ \w+)"$/.exec(literal)?.[1]
  if (text !== undefined) return Settings.millis("default", text)
  if (/^[\d_ *]+$/.test(literal)) {
    return literal.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "")), 1)
  }
  return literal
}

/** A string, a number or a product of numbers, a boolean, an array or the name of a constant. */
const literal = "\"[^\"]*\"|\\d[\\d_]*(?: \\* \\d+)*|true|false|\\[[^\\]]*\\]|[a-z]\\w*Millis"

/** The defaults of an option in code: `option ?? default`, `option = default` or, in a record of them, `option: 1`. */
const defaultsIn = (source: string, option: string): ReadonlyArray<unknown> =>
  Array.from(
    source.matchAll(
      new RegExp(`(?<!const )\\b${option}(?: \\?\\? | = |: (?=[\\d_]+[, ]))(${literal})(?=[,)}\\n ])`, "g")
    ),
    ([, found = ""]) => {
      const [, constant] = new RegExp(`const ${found} = (\\d[\\d_]*)\\n`).exec(source) ?? []
      return valueOf(constant ?? found)
    }
  ).filter((value) => value !== "false")

/** Options whose default is that of something else, and ones that are simply not set. */
const hasNoDefaultInCode = ([option, documented]: readonly [string, unknown]): boolean =>
  option === "agent" || documented === "false"

/** The options with a literal as their documented default, and that default. */
const documentedDefaults = (source: string): ReadonlyArray<readonly [option: string, documented: unknown]> =>
  Array.from(
    source.matchAll(/@default ([^\n]*?)\s*(?:\n\s*)?\*\/\s*readonly (\w+)\?:/g),
    ([, documented = "", option = ""]): ReadonlyArray<readonly [string, unknown]> =>
      documented.startsWith("{")
        ? Array.from(documented.matchAll(/(\w+): ("[^"]*")/g), ([, key = "", value = ""]) => [key, valueOf(value)])
        : [[option, valueOf(documented)]]
  ).flat().filter(([, documented]) => new RegExp(`^(?:${literal})$`).test(String(documented)))

describe("the documented defaults of all options", () => {
  it.each(
    [
      ["runtime/src/Credentials.ts", 2],
      ["subscription/src/internal/options.ts", 12],
      ["conversation/src/Outbox.ts", 2],
      ["conversation/src/internal/conversationsOptions.ts", 13],
      ["react/src/useTimeline.ts", 3],
      ["backend/src/internal/options.ts", 13],
      ["sandbox/src/internal/options.ts", 8]
    ] as const
  )("in %s are those in the code", (file, count) => {
    const [folder = ""] = file.split("/src/")
    const sources = globSync("src/**/*.ts", { cwd: `${import.meta.dirname}/../../${folder}` })
      .map((path) =>
        readFileSync(`${import.meta.dirname}/../../${folder}/${path}`, "utf8").replaceAll(/^ *\/?\*.*$/gm, "")
      )
      .join("\n")
    const documented = documentedDefaults(readFileSync(`${import.meta.dirname}/../../${file}`, "utf8"))
    assert.deepStrictEqual(
      documented.map(([option]) => [option, Array.from(new Set(defaultsIn(sources, option)))]),
      documented.map((each) => [each[0], hasNoDefaultInCode(each) ? [] : [each[1]]])
    )
    assert.strictEqual(documented.length, count)
  })
})
