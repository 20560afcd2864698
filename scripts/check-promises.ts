/**
 * Checks that every promise in `docs/promises.md` has a test, and that tests name only promises that exist.
 *
 * A promise is a list item or a table row that begins with its id in bold:
 *
 *     - **P1.2** Nothing is yielded twice.
 *     | **P1.2** | Nothing is yielded twice. |
 *
 * A test names the promises it keeps in a string, usually its title: `it("P1.2: yields a repeated message once", …)`.
 * Test files are those under a `test` folder, the `tabs` of `verify/browser`, and the conformance suites of
 * `packages/testing/src`.
 *
 * Fails for a promise that no test names, unless its line contains `(planned)`; for an id that a test names and the
 * document does not contain; for an id that is defined twice; and for a planned promise that a test names already.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { tokenize } from "./source.ts"

const root = dirname(import.meta.dirname)
const document = "docs/promises.md"
const problems: Array<string> = []

const promises = new Map<string, { readonly line: number; readonly planned: boolean }>()
const text = existsSync(join(root, document)) ? readFileSync(join(root, document), "utf8") : ""
for (const [index, line] of text.split("\n").entries()) {
  const id = /^\s*(?:[-*]|\d+\.|\|)\s*\*\*(P\d+\.\d+)\*\*/.exec(line)?.[1]
  if (id === undefined) continue
  if (promises.has(id)) problems.push(`${document}:${index + 1}: ${id} is defined twice`)
  promises.set(id, { line: index + 1, planned: line.includes("(planned)") })
}
if (promises.size === 0) problems.push(`${document}: no promise found`)

const named = new Map<string, string>()
for (
  const file of globSync(
    "{{packages/*,examples,verify/*}/test/**,verify/browser/tabs/**,packages/testing/src/**}/*.ts",
    { cwd: root }
  ).toSorted()
) {
  for (const token of tokenize(readFileSync(join(root, file), "utf8"))) {
    if (token.type !== "string") continue
    for (const [id] of token.text.matchAll(/\bP\d+\.\d+\b/g)) if (!named.has(id)) named.set(id, file)
  }
}

for (const [id, { line, planned }] of promises) {
  const file = named.get(id)
  if (file === undefined && !planned) problems.push(`${document}:${line}: no test names ${id}`)
  if (file !== undefined && planned) problems.push(`${document}:${line}: ${id} is planned, but ${file} names it`)
}
for (const [id, file] of named) {
  if (!promises.has(id)) problems.push(`${file}: names ${id}, which ${document} does not have`)
}

for (const problem of problems) console.error(problem)
const planned = [...promises.values()].filter((promise) => promise.planned).length
console.log(`promises: ${promises.size - planned} kept, ${planned} planned, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
