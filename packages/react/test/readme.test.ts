import { readFileSync } from "node:fs"
import { assert, it } from "vitest"

const read = (path: string): string => readFileSync(`${import.meta.dirname}/${path}`, "utf8")

it.each([["../../../README.md", "root"], ["../README.md", "package"]])(
  "%s shows the compiled example",
  (readme, name) => {
    assert.include(read(readme), `\`\`\`tsx\n${read(`readme/${name}.tsx`)}\`\`\`\n`)
  }
)
