import { assert, describe, it } from "vitest"
import { DocumentChecker } from "../documents.ts"

const files = {
  "packages/http/src/internal/retry.ts":
    "/**\n * Retries, see {@link retry}.\n *\n * | Event | State   |\n * | ----- | ------- |\n * | `A`   | {@link B} |\n */\n",
  "packages/http/README.md": "# HTTP\n\n## Pages\n",
  "docs/other.md": "# Other\n\n## What it does, and `why`\n"
}

/** The problems of a document in `docs/`. */
const problemsOf = (markdown: string): ReadonlyArray<readonly [line: number, message: string]> => {
  const contents: Readonly<Record<string, string>> = { ...files, "docs/page.md": markdown }
  return new DocumentChecker(Object.keys(contents), (path) => contents[path] ?? assert.fail(`${path} is not a file`))
    .check("docs/page.md")
    .map(({ line, message }) => [line, message])
}

describe("DocumentChecker", () => {
  it.each([
    "packages/http/src/internal/retry.ts",
    "http/src/internal/retry.ts",
    "retry.ts",
    "packages/http/src",
    "docs/"
  ])("accepts a path that exists, and the end of one: %s", (path) => {
    assert.deepStrictEqual(problemsOf(`Retries are in \`${path}\`.`), [])
  })

  it.each(["http/src/retry.ts", "packages/https/src", "etry.ts", "docs/no.md"])(
    "reports a path that does not exist: %s",
    (path) => {
      assert.deepStrictEqual(problemsOf(`# Page\n\nRetries are in \`${path}\`.`), [[3, `there is no ${path}`]])
    }
  )

  it.each([
    "effect/Stream",
    "/api/fabric/messages",
    "a b.ts",
    "NAME.ts",
    ".ts",
    "docs/api",
    "packages/schema/node_modules/effect/AGENTS.md"
  ])(
    "does not treat other code as a path: %s",
    (code) => {
      assert.deepStrictEqual(problemsOf(`It uses \`${code}\`.`), [])
    }
  )

  it("does not read code blocks", () => {
    assert.deepStrictEqual(problemsOf("```ts\n// `no.ts`, [no](no.md)\n```\n"), [])
  })

  it.each([
    "other.md",
    "other.md#other",
    "other.md#what-it-does-and-why",
    "#page",
    "../packages/http",
    "../packages/http#pages",
    "https://a.b/c"
  ])(
    "accepts a link that leads somewhere: %s",
    (link) => {
      assert.deepStrictEqual(problemsOf(`# Page\n\nSee [this](${link}).`), [])
    }
  )

  it.each(["no.md", "other.md#no", "#no", "../http", "../packages/http#no"])(
    "reports a link that is broken: %s",
    (link) => {
      assert.deepStrictEqual(problemsOf(`# Page\n\nSee [this](${link}).`), [[3, `the link ${link} is broken`]])
    }
  )

  const copied = "<!-- copied from packages/http/src/internal/retry.ts -->\n\n"
  const table = "| Event | State |\n| --- | --- |\n| `A` | `B` |\n"

  it("accepts a table that the comments of the module have", () => {
    assert.deepStrictEqual(problemsOf(copied + table), [])
  })

  it.each([
    ["differs from that of the module", copied + table.replace("`A`", "`C`")],
    ["is copied from no module", `${copied.replace("retry", "no")}${table}`]
  ])("reports a table that %s", (_, markdown) => {
    const [problem, ...others] = problemsOf(markdown)
    assert.match(problem?.[1] ?? "", /does not have what is copied from it$/)
    assert.deepStrictEqual(others, [])
  })
})
