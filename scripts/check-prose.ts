/**
 * Checks the language of documents, comments, messages, titles of tests, and names: reports the phrases and words of
 * `proseRules.ts`, each with what to write instead. Text in backticks and in examples that are not TypeScript is left out.
 *
 * `node scripts/check-prose.ts [FOLDER ...]` checks only these folders; `--summary` prints only the count of each folder.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { checkMarkdown, checkTypeScript } from "./prose.ts"

const root = dirname(import.meta.dirname)
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { summary: { type: "boolean", default: false } }
})

/** Generated files, and the files whose subject is the rules themselves. */
const isLeftOut = (file: string): boolean =>
  file.endsWith("CHANGELOG.md") || file === "scripts/proseRules.ts" || file === "scripts/test/prose.test.ts"

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", "*.md", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8"
}).split("\n").filter((file) =>
  file !== "" && existsSync(join(root, file)) && !isLeftOut(file) &&
  (positionals.length === 0 || positionals.some((folder) => file.startsWith(folder)))
)

/** The package or folder of a file, such as `packages/http`. */
const folderOf = (file: string): string => {
  const [first = "", second = "", ...rest] = file.split("/")
  if (second === "") return "."
  return rest.length > 0 && ["examples", "packages", "verify"].includes(first) ? `${first}/${second}` : first
}

const counts = new Map<string, number>()
for (const file of files) {
  const source = readFileSync(join(root, file), "utf8")
  const problems = file.endsWith(".md") ? checkMarkdown(source) : checkTypeScript(file, source)
  for (const { found, instead, line } of problems) {
    if (!values.summary) console.error(`${file}:${line}: "${found}": write ${instead}`)
    counts.set(folderOf(file), (counts.get(folderOf(file)) ?? 0) + 1)
  }
}

const sum = [...counts.values()].reduce((total, count) => total + count, 0)
if (values.summary) {
  for (const folder of [...counts.keys()].toSorted()) console.log(`${folder}: ${counts.get(folder)}`)
}
console.log(`prose: ${files.length} files, ${sum} problems`)
process.exitCode = sum > 0 ? 1 : 0
