/**
 * Checks the doc comments of what the packages export: every export and every member of an exported interface has one,
 * and every `ts` example in one compiles as it stands. Checks the documents too: every path that they name exists, every
 * link leads somewhere, and every table that is copied from a module is the module's.
 *
 * The sources are read line by line, in the format that dprint produces, since TypeScript 7 has no JavaScript API.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { DocumentChecker } from "./documents.ts"

const root = dirname(import.meta.dirname)
const problems: Array<string> = []
let documented = 0

const read = (file: string): ReadonlyArray<string> => readFileSync(join(root, file), "utf8").split("\n")

/** The name that a line exports, if any. */
const exported = (line: string): string | undefined =>
  /^export (?:declare )?(?:abstract )?(?:const|class|interface|type|function) (\w+)/.exec(line)?.[1]

/** The name of the interface member that begins on a line, if any. */
const member = (line: string): string | undefined => /^ {2}(?:readonly )?(\w+|\[[^\]]+\])\??[:(<]/.exec(line)?.[1]

const isDocumented = (lines: ReadonlyArray<string>, index: number): boolean =>
  lines[index - 1]?.trimEnd().endsWith("*/") === true

/** Checks the exports of a module; of an internal module, only the names in `only`. */
const checkModule = (file: string, only?: ReadonlySet<string>): void => {
  const lines = read(file)
  const seen = new Set<string>()
  /** The interface that contains the current line. */
  let inside: string | undefined
  for (const [index, line] of lines.entries()) {
    const name = exported(line)
    if (name !== undefined) {
      // `export type X = typeof X.Type` is the type of the schema above it
      const isTypeOfSchema = seen.has(name)
      seen.add(name)
      const isPublic = only === undefined || only.has(name)
      inside = isPublic && line.startsWith("export interface") && !line.endsWith("}") ? name : undefined
      if (!isPublic || isTypeOfSchema) continue
      if (isDocumented(lines, index)) documented++
      else problems.push(`${file}:${index + 1}: ${name} has no doc comment`)
      continue
    }
    if (line === "}") inside = undefined
    const field = inside === undefined ? undefined : member(line)
    if (field === undefined) continue
    if (isDocumented(lines, index)) documented++
    else problems.push(`${file}:${index + 1}: ${inside}.${field} has no doc comment`)
  }
}

/** The names that a module re-exports from internal modules, by file. */
const reExported = (file: string): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    Array.from(
      readFileSync(join(root, file), "utf8").matchAll(/^export (?:type )?\{([^}]+)\} from "\.\/(internal\/[^"]+)"/gm),
      ([, names = "", path = ""]) =>
        [join(dirname(file), path), new Set(names.split(",").map((name) => name.replace("type ", "").trim()))] as const
    )
  )

for (const directory of globSync("packages/*/src", { cwd: root }).toSorted()) {
  const modules = globSync("*.ts", { cwd: join(root, directory) }).map((file) => join(directory, file)).toSorted()
  for (const file of modules) {
    // programs are run, not imported
    if (/^[A-Z]/.test(basename(file))) checkModule(file)
    for (const [internal, names] of reExported(file)) checkModule(internal, names)
  }
}

/** The `ts` examples in the doc comments of a file, each with the line it begins on. */
const examplesOf = (file: string): ReadonlyArray<readonly [line: number, code: string]> => {
  const found: Array<readonly [number, string]> = []
  let code: Array<string> | undefined
  for (const [index, line] of read(file).entries()) {
    const comment = /^\s*\* ?(.*)$/.exec(line)?.[1]
    if (comment === undefined) continue
    if (code === undefined) {
      if (comment === "```ts") code = []
    } else if (comment === "```") {
      found.push([index - code.length, code.join("\n")])
      code = undefined
    } else code.push(comment)
  }
  return found
}

// inside the packages, where their own names and dependencies can be resolved
const scratch = ".doc-examples"
const written = new Map<string, string>()
try {
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: root }).toSorted()) {
    for (const [line, code] of examplesOf(file)) {
      const folder = join(file.split("/").slice(0, 2).join("/"), scratch)
      const path = join(folder, `${basename(file, ".ts")}-${line}.ts`)
      mkdirSync(join(root, folder), { recursive: true })
      writeFileSync(join(root, path), `${code}\nexport {}\n`)
      written.set(path, `${file}:${line}`)
    }
  }
  const project = join(root, `packages/${scratch}.json`)
  writeFileSync(
    project,
    JSON.stringify({
      extends: "../tsconfig.base.json",
      files: [...written.keys()].map((path) => join(root, path)),
      compilerOptions: {
        noEmit: true,
        composite: false,
        incremental: false,
        rootDir: "..",
        types: ["node"],
        typeRoots: ["../node_modules/@types"],
        noUnusedLocals: false
      }
    })
  )
  const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", project], {
    cwd: root,
    encoding: "utf8"
  })
  if (status !== 0) {
    let output = stdout
    for (const [path, place] of written) output = output.replaceAll(path, `${place} (example)`)
    problems.push(output.trim())
  }
} finally {
  for (const folder of globSync(`packages/*/${scratch}`, { cwd: root })) {
    rmSync(join(root, folder), { recursive: true, force: true })
  }
  rmSync(join(root, `packages/${scratch}.json`), { force: true })
}

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n").filter((file) => file !== "" && existsSync(join(root, file)))
const checker = new DocumentChecker(files, (file) => readFileSync(join(root, file), "utf8"))
const documents = files.filter((file) =>
  file.endsWith(".md") && basename(file) !== "CHANGELOG.md" && !file.startsWith(".changeset/")
)
for (const document of documents) {
  for (const { line, message } of checker.check(document)) problems.push(`${document}:${line}: ${message}`)
}

for (const problem of problems) console.error(problem)
console.log(
  `docs: ${documented} documented, ${written.size} examples, ${documents.length} documents, ${problems.length} problems`
)
process.exitCode = problems.length > 0 ? 1 : 0
