import { assert, describe, it } from "vitest"
import { checkArchitecture } from "../architecture.ts"

const check = (files: Record<string, string>, reasons: Record<string, string> = {}) =>
  checkArchitecture(Object.entries(files).map(([file, text]) => ({ file: `packages/${file}`, text })), reasons)

describe("checkArchitecture", () => {
  it("accepts imports from packages below", () => {
    assert.deepStrictEqual(
      check({
        "http/src/Pages.ts": "import type { Page } from \"@effect-signalwire/schema/Page\"\n",
        "schema/src/Page.ts": "import * as Schema from \"effect/Schema\"\nimport { a } from \"./internal/a.ts\"\n",
        "schema/src/internal/a.ts": "export const a = 1\n"
      }),
      []
    )
  })

  it("reports an import from a package above", () => {
    const [problem = ""] = check({ "schema/src/A.ts": "export { b } from \"@effect-signalwire/http/B\"" })
    assert.include(problem, "schema must not depend on http")
  })

  it("reports an import of the server's packages by the client's", () => {
    const [problem = ""] = check({ "promise/src/A.ts": "import * as B from \"@effect-signalwire/backend/B\"" })
    assert.include(problem, "promise must not depend on backend")
  })

  it("reports a relative import out of the package", () => {
    const [problem = ""] = check({ "http/src/A.ts": "import { b } from \"../../schema/src/B.ts\"" })
    assert.include(problem, "outside of its package")
  })

  it("reports a package without a layer", () => {
    const [problem = ""] = check({ "unknown/src/A.ts": "export {}" })
    assert.include(problem, "no layer")
  })

  it("reports a cycle of type imports, with its path", () => {
    assert.deepStrictEqual(
      check({
        "http/src/A.ts": "import type { B } from \"./internal/b.ts\"",
        "http/src/internal/b.ts": "import type { C } from \"@effect-signalwire/http/C\"",
        "http/src/C.ts": "import { type A } from \"./A.ts\"\n// from \"./D.ts\"",
        "http/src/D.ts": "import { type A } from \"./A.ts\""
      }),
      [
        "import cycle of 3 modules: packages/http/src/A.ts -> packages/http/src/internal/b.ts -> packages/http/src/C.ts"
        + " -> packages/http/src/A.ts"
      ]
    )
  })

  it("reports a module that imports itself by an inline import", () => {
    assert.lengthOf(check({ "http/src/A.ts": "export type B = import(\"./A.ts\").C" }), 1)
  })

  it("reports what runs in schema", () => {
    const [problem = ""] = check({ "schema/src/A.ts": "import type * as Clock from \"effect/Clock\"" })
    assert.include(problem, "schema contains only data")
  })

  it("reports a long module without a reason, and a reason without a long module", () => {
    const long = "\n".repeat(301)
    assert.lengthOf(check({ "http/src/A.ts": long }), 1)
    assert.lengthOf(check({ "http/src/A.ts": long }, { "packages/http/src/A.ts": "one table" }), 0)
    assert.lengthOf(check({ "http/src/A.ts": "" }, { "packages/http/src/A.ts": "one table" }), 1)
  })
})
