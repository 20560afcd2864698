/**
 * Writes each package's `src/index.ts`: one namespace export for every public module that is part of the stable API. The
 * others, marked in their first comment, are imported by their path only. With `--check` it writes nothing
 * and fails when a file is not up to date.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

const root = dirname(import.meta.dirname)
const check = process.argv.includes("--check")
// packages for plain TypeScript export names, not namespaces
const handwritten = new Set(["packages/promise/src", "packages/react/src"])
const stale: Array<string> = []
const isUnstable = (file: string) =>
  readFileSync(file, "utf8").split("*/", 1)[0]?.includes("not part of the stable API")

for (const directory of globSync("packages/*/src", { cwd: root }).toSorted()) {
  if (handwritten.has(directory)) continue
  const modules = globSync("*.ts", { cwd: join(root, directory) })
    .map((file) => basename(file, ".ts"))
    .filter((name) => /^[A-Z]/.test(name) && !isUnstable(join(root, directory, `${name}.ts`)))
    // as the formatter sorts them
    .toSorted((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1)
  const content = modules.map((name) => `export * as ${name} from "./${name}.ts"\n`).join("")
  const file = join(root, directory, "index.ts")
  if (existsSync(file) && readFileSync(file, "utf8") === content) continue
  if (check) stale.push(join(directory, "index.ts"))
  else writeFileSync(file, content)
}

if (stale.length > 0) {
  console.error(`not up to date, run "pnpm generate": ${stale.join(", ")}`)
  process.exitCode = 1
}
