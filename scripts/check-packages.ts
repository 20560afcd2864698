/**
 * Checks what would be published: packs every package, checks the tarballs with publint and attw, installs them into an
 * empty project, type-checks a consumer of every module with an old and a new TypeScript, runs it, and runs the examples
 * of the READMEs and of `docs/` against the packed sandbox. The consumer is checked with the lowest version of Effect
 * that the packages accept, and with the newest that is published; the examples only with the newest.
 *
 * An example is a fenced `ts` block that begins with a line `// file: NAME.ts`; a `txt` block after it has lines that the
 * example prints. Each runs against a sandbox of its own, because its output depends on the stored messages. Its
 * environment comes from the sandbox's ready line: `SIGNALWIRE_HTTP_URL`, `SIGNALWIRE_WS_URL`, `SIGNALWIRE_TOKEN` (the first subscriber's),
 * `SIGNALWIRE_OTHER_TOKEN` (the second's) and `SIGNALWIRE_ADDRESS_ID` (the first room's). Blocks with the same file
 * name are joined into one file, in order.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { commonRange, lowestAndNewest } from "./effectVersions.ts"

const root = dirname(import.meta.dirname)
const bin = join(root, "node_modules/.bin")
const work = mkdtempSync(join(tmpdir(), "check-packages-"))
const consumer = join(work, "consumer")
const examples = join(consumer, "examples")

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const readJson = (file: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"))
  if (!isRecord(value)) throw new Error(`${file} is not an object`)
  return value
}

/** The string at a path of keys and indexes; empty when there is none. */
const textAt = (value: unknown, ...path: ReadonlyArray<string>): string => {
  const found = path.reduce<unknown>((inner, key) => isRecord(inner) ? inner[key] : undefined, value)
  return typeof found === "string" ? found : ""
}

const step = (title: string): void => console.log(`\n- ${title}`)

const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}
): { readonly stdout: string; readonly stderr: string } => {
  const { signal, status, stderr, stdout } = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    encoding: "utf8",
    timeout: 300_000
  })
  if (status === 0) return { stdout, stderr }
  console.error(stdout, stderr)
  throw new Error(`${[basename(command), ...args].join(" ")} ended with ${status ?? signal}`)
}

interface Package {
  readonly name: string
  readonly directory: string
  readonly tarball: string
  /** The range of Effect that it accepts. */
  readonly effectRange: string
  /** The module specifiers that can be imported, such as `@scope/name` and `@scope/name/Module`. */
  readonly modules: ReadonlyArray<string>
}

const packages: ReadonlyArray<Package> = globSync("packages/*/package.json", { cwd: root }).toSorted()
  .map((file) => ({ directory: join(root, dirname(file)), manifest: readJson(join(root, file)) }))
  .filter(({ manifest }) => manifest["private"] !== true)
  .map(({ directory, manifest }) => {
    const name = textAt(manifest, "name")
    const modules = globSync("[A-Z]*.ts", { cwd: join(directory, "src") }).toSorted()
    return {
      name,
      directory,
      effectRange: textAt(manifest, "peerDependencies", "effect"),
      tarball: join(work, `${name.replace("@", "").replace("/", "-")}-${textAt(manifest, "version")}.tgz`),
      modules: [name, ...modules.map((file) => `${name}/${basename(file, ".ts")}`)]
    }
  })

const pack = (): void => {
  step(`pack ${packages.length} packages`)
  for (const { directory } of packages) {
    // `tsc -b` does not delete the output of deleted sources
    for (const output of ["dist", ".tsbuildinfo"]) rmSync(join(directory, output), { recursive: true, force: true })
  }
  run(join(bin, "tsc"), ["-b", "tsconfig.build.json"])
  run(join(bin, "pnpm"), ["--filter", "@effect-signalwire-internal/sandbox-page", "run", "build:page"])
  run(join(bin, "pnpm"), ["--filter", "@effect-signalwire/sandbox", "run", "build:program"])
  for (const { directory } of packages) {
    run(join(bin, "pnpm"), ["pack", "--pack-destination", work], { cwd: directory })
  }
}

const inspect = (): void => {
  step("publint and attw")
  for (const { tarball } of packages) {
    run(join(bin, "publint"), [tarball, "--strict"])
    run(join(bin, "attw"), [tarball, "--profile", "esm-only"])
  }
}

/** The versions of Effect to check with, the newest last. */
const effectVersions = (): ReadonlyArray<string> => {
  const range = commonRange(packages.map(({ effectRange }) => effectRange))
  const published: unknown = JSON.parse(
    run("npm", ["view", `effect@${range}`, "version", "--json", "--loglevel=error"], { cwd: work }).stdout
  )
  const versions = lowestAndNewest(range, published)
  step(
    versions.length === 1
      ? `effect ${versions.join()} is both the lowest and the newest version of ${range}: check it once`
      : `effect ${versions.join(" and ")} are the lowest and the newest version of ${range}`
  )
  return versions
}

const install = (effect: string): void => {
  step(`install the tarballs into an empty project with effect ${effect}`)
  rmSync(consumer, { recursive: true, force: true })
  mkdirSync(examples, { recursive: true })
  const dependencies = {
    effect,
    ...Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`])),
    "@types/node": "^24.0.0",
    "typescript-5": "npm:typescript@5.9.3",
    "typescript-7": "npm:typescript@7.0.2"
  }
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: consumer })
  const installed = globSync("node_modules/**/effect/package.json", { cwd: consumer })
    .filter((file) => /(?:^|\/)node_modules\/effect\/package\.json$/.test(file))
    .map((file) => textAt(readJson(join(consumer, file)), "version"))
  if (installed.join() !== effect) throw new Error(`installed effect ${installed.join(" and ")} instead of ${effect}`)
}

const compilerOptions =
  "--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck --erasableSyntaxOnly " +
  "--allowImportingTsExtensions --target es2023 --lib es2023,esnext.disposable,dom,dom.iterable --types node"

/** Type-checks files of the consumer and everything that they import. */
const typeCheck = (typescript: string, resolution: "nodenext" | "bundler", files: ReadonlyArray<string>): void => {
  const compiler = join(consumer, "node_modules", typescript, "bin/tsc")
  const module = ["--module", resolution === "nodenext" ? "nodenext" : "esnext", "--moduleResolution", resolution]
  run(process.execPath, [compiler, ...compilerOptions.split(" "), ...module, ...files], { cwd: consumer })
}

const consume = (effect: string): void => {
  const modules = packages.flatMap((one) => one.modules)
  step(`type-check and run a consumer of ${modules.length} modules with effect ${effect}`)
  writeFileSync(
    join(consumer, "consumer.ts"),
    [
      ...modules.map((name, index) => `import * as m${index} from "${name}"`),
      `const modules: ReadonlyArray<object> = [${modules.map((_, index) => `m${index}`).join(", ")}]`,
      `console.log(modules.reduce((sum, module) => sum + Object.keys(module).length, 0), "exports")`
    ].join("\n")
  )
  for (const typescript of ["typescript-5", "typescript-7"]) {
    for (const resolution of ["nodenext", "bundler"] as const) {
      const from = performance.now()
      typeCheck(typescript, resolution, ["consumer.ts"])
      console.log(`  ${typescript}, ${resolution}: ${((performance.now() - from) / 1000).toFixed(1)} s`)
    }
  }
  run(process.execPath, ["consumer.ts"], { cwd: consumer })
}

/** An example of the documents. */
interface Example {
  readonly source: string
  /** Lines that it prints. */
  readonly prints: ReadonlyArray<string>
}

/** The examples of all documents, by their file names. */
const readExamples = (): ReadonlyMap<string, Example> => {
  const found = new Map<string, Example>()
  for (const document of globSync("{README.md,docs/*.md,packages/*/README.md}", { cwd: root }).toSorted()) {
    const blocks = readFileSync(join(root, document), "utf8")
      .matchAll(/^```ts\b[^\n]*\n([^]*?)^```\n(?:\n```txt\n([^]*?)^```)?/gm)
    for (const [, body = "", output = ""] of blocks) {
      const name = /^\/\/ file: ([\w-]+\.ts)\s*\n/.exec(body)?.[1]
      if (name === undefined) continue
      const { prints, source } = found.get(name) ?? { prints: [], source: "" }
      found.set(name, {
        source: source + body,
        prints: [...prints, ...output.split("\n").filter((line) => line !== "")]
      })
    }
  }
  return found
}

/** Starts the packed sandbox; resolves with its process and its ready line. */
const startSandbox = (): Promise<readonly [ChildProcess, unknown]> => {
  const program = join(consumer, "node_modules/.bin/effect-signalwire-sandbox")
  const sandbox = spawn(program, ["--port", "0", "--data", ":memory:", "--json"], {
    cwd: consumer,
    stdio: ["ignore", "pipe", "inherit"]
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      sandbox.kill("SIGKILL")
      reject(new Error("the sandbox was not ready within 30 s"))
    }, 30_000)
    sandbox.once("error", reject)
    sandbox.once("exit", (code) => reject(new Error(`the sandbox ended with ${code} before it was ready`)))
    createInterface(sandbox.stdout).once("line", (line) => {
      clearTimeout(late)
      resolve([sandbox, JSON.parse(line)])
    })
  })
}

/** Stops the sandbox; resolves with whether it ended cleanly. */
const stopSandbox = (sandbox: ChildProcess): Promise<boolean> =>
  new Promise((resolve) => {
    const late = setTimeout(() => sandbox.kill("SIGKILL"), 10_000)
    sandbox.removeAllListeners("exit")
    sandbox.once("exit", (code) => {
      clearTimeout(late)
      resolve(code === 0)
    })
    sandbox.kill("SIGTERM")
  })

/** Requests the page of the packed sandbox and every file that it references. */
const readPage = async (ready: unknown): Promise<void> => {
  const page = `${textAt(ready, "admin")}/page`
  const read = async (url: string): Promise<string> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    if (!response.ok) throw new Error(`${url} returned ${response.status}: ${await response.text()}`)
    return response.text()
  }
  const assets = [...(await read(page)).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path)
  if (assets.length === 0) throw new Error(`${page} references no files`)
  for (const path of assets) await read(new URL(path, page).href)
  console.log(`  the page, with ${assets.length} files`)
}

const environmentOf = (ready: unknown): Record<string, string> => {
  const env = {
    SIGNALWIRE_HTTP_URL: textAt(ready, "http"),
    SIGNALWIRE_WS_URL: textAt(ready, "ws"),
    SIGNALWIRE_TOKEN: textAt(ready, "subscribers", "0", "token"),
    SIGNALWIRE_OTHER_TOKEN: textAt(ready, "subscribers", "1", "token"),
    SIGNALWIRE_ADDRESS_ID: textAt(ready, "rooms", "0", "addressId")
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === "") throw new Error(`the sandbox's ready line has no value for ${name}`)
  }
  return env
}

/** Does something with a sandbox of its own. */
const withSandbox = async (use: (ready: unknown) => void | Promise<void>): Promise<void> => {
  const [sandbox, ready] = await startSandbox()
  try {
    await use(ready)
  } finally {
    if (!await stopSandbox(sandbox)) {
      console.error("the sandbox did not end cleanly on SIGTERM")
      process.exitCode = 1
    }
  }
}

const runExamples = async (): Promise<void> => {
  const found = readExamples()
  step(`run ${found.size} examples against the packed sandbox`)
  const files = [...found.keys()].toSorted().map((name) => `examples/${name}`)
  for (const [name, { source }] of found) writeFileSync(join(examples, name), source)
  typeCheck("typescript-7", "nodenext", files)
  await withSandbox(readPage)
  for (const [name, { prints }] of found) {
    console.log(`  ${name}${prints.length === 0 ? "" : `, whose output has ${prints.length} lines of the document`}`)
    await withSandbox((ready) => {
      const env = environmentOf(ready)
      const { stderr, stdout } = run(process.execPath, [`examples/${name}`], { cwd: consumer, env })
      const lines = stdout.split("\n")
      const missing = prints.filter((line) => !lines.includes(line))
      if (missing.length > 0) throw new Error(`${name} does not print: ${missing.join("\n")}`)
      if (stderr !== "") throw new Error(`${name} prints an error: ${stderr}`)
    })
  }
}

try {
  pack()
  inspect()
  for (const effect of effectVersions()) {
    install(effect)
    consume(effect)
  }
  await runExamples()
  console.log(process.exitCode === 1 ? "\npackages: not ok" : `\npackages: ${packages.length} ok`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
