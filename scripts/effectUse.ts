/**
 * Rules about what the packages use of Effect that may change in a minor release: modules and exports that are marked
 * `@stability unstable`, and keys of Effect that a source repeats as a string.
 */
import { importsOf, packageOf, type Source } from "./architecture.ts"
import { tokenize } from "./source.ts"

/** The unstable modules that each package imports, types included. Add one only if nothing stable does the same. */
const unstableModules: Readonly<Record<string, ReadonlyArray<string>>> = {
  http: [
    "http/FetchHttpClient",
    "http/HttpClient",
    "http/HttpClientError",
    "http/HttpClientRequest",
    "http/HttpClientResponse"
  ],
  subscription: ["socket/Socket"],
  conversation: [
    "http/Headers",
    "http/HttpClient",
    "http/HttpTraceContext",
    "persistence/KeyValueStore",
    "persistence/PersistedQueue",
    "socket/Socket"
  ],
  promise: ["http/HttpClient", "socket/Socket"],
  backend: [
    "ByteSize",
    "http/HttpClient",
    "http/HttpClientRequest",
    "http/HttpClientResponse",
    "http/HttpIncomingMessage",
    "http/HttpRouter",
    "http/HttpServerError",
    "http/HttpServerRequest",
    "http/HttpServerResponse",
    "socket/Socket"
  ],
  sandbox: [
    "FileSystem",
    "cli/Argument",
    "cli/CliError",
    "cli/Command",
    "cli/Flag",
    "http/HttpRouter",
    "http/HttpServerRequest",
    "http/HttpServerResponse",
    "reactivity/Reactivity",
    "sql/Migrator",
    "sql/SqlClient",
    "sql/SqlConnection",
    "sql/SqlError",
    "sql/Statement"
  ],
  testing: [
    "http/HttpClient",
    "http/HttpClientError",
    "http/HttpClientRequest",
    "http/HttpEffect",
    "http/HttpRouter",
    "http/HttpServerRequest",
    "http/HttpServerResponse",
    "socket/Socket"
  ]
}

/** The keys of Effect that a source repeats as a string, each with the module of Effect that has it. */
const repeatedKeys: Readonly<Record<string, string>> = {
  // loading the module would add `Schema` to a bundle
  "@effect/platform/Socket/WebSocketConstructor": "socket/Socket",
  // not exported
  "~effect/persistence/PersistedQueue/DeadLetter": "persistence/PersistedQueue",
  // a type, which the module does not export
  "~effect/Brand": "Brand"
}

/** Reads a module of the installed Effect by its path, such as `http/HttpClient`; `undefined` if there is none. */
export type ReadModule = (module: string) => string | undefined

export interface Allowed {
  readonly unstableModules: Readonly<Record<string, ReadonlyArray<string>>>
  readonly repeatedKeys: Readonly<Record<string, string>>
}

/** What a module of Effect says about its stability. */
interface Stability {
  readonly isUnstable: boolean
  /** The names that a stable module exports as unstable. */
  readonly unstableExports: ReadonlySet<string>
}

const readStability = (text: string): Stability => {
  const declarations = text.matchAll(
    /@stability unstable(?:(?!\*\/)[^])*\*\/\s*export (?:declare |abstract )*(?:const|function|interface|class|type|namespace) (\w+)/g
  )
  return {
    isUnstable: /^\/\*\*(?:(?!\*\/)[^])*@stability unstable/.test(text),
    unstableExports: new Set([...declarations].map(([, name = ""]) => name))
  }
}

/** The names of a module's exports that a source uses. */
const usedExports = (text: string, module: string): ReadonlyArray<string> => {
  const imports = text.matchAll(/^import (?:type )?(?:\* as (\w+)|\{([^}]*)\}) from "effect\/([^"]+)"/gm)
  return [...imports].filter(([, , , from]) => from === module).flatMap(([, namespace, names]) =>
    namespace === undefined
      ? [...(names ?? "").matchAll(/(\w+)(?: as \w+)?\s*(?:,|$)/g)].map(([, name = ""]) => name)
      : [...text.matchAll(new RegExp(`\\b${namespace}\\.(\\w+)`, "g"))].map(([, name = ""]) => name)
  )
}

const modulesOf = (text: string): ReadonlyArray<string> =>
  importsOf(text).flatMap((name) => name.startsWith("effect/") ? [name.slice("effect/".length)] : [])

/** The strings of a source that look like keys of Effect. */
const keysOf = (text: string): ReadonlyArray<string> => {
  const imports = new Set(importsOf(text))
  return tokenize(text).flatMap((token) =>
    token.type === "string" && /^[~@]?effect\//.test(token.text) && !imports.has(token.text) ? [token.text] : []
  )
}

const checkModules = (sources: ReadonlyArray<Source>, read: ReadModule, allowed: Allowed): ReadonlyArray<string> => {
  const problems = new Set<string>()
  const stability = new Map<string, Stability | undefined>()
  const stabilityOf = (module: string): Stability | undefined => {
    if (!stability.has(module)) {
      const content = read(module)
      stability.set(module, content === undefined ? undefined : readStability(content))
    }
    return stability.get(module)
  }
  const used = new Map(Object.keys(allowed.unstableModules).map((name) => [name, new Set<string>()]))
  for (const { file, text } of sources) {
    const name = packageOf(file)
    for (const module of new Set(modulesOf(text))) {
      const found = stabilityOf(module)
      if (found === undefined) problems.add(`${file}: Effect has no module ${module}`)
      else if (found.isUnstable) {
        used.get(name)?.add(module)
        if (allowed.unstableModules[name]?.includes(module) !== true) {
          problems.add(`${file}: effect/${module} is unstable; use a stable one, or add it to scripts/effectUse.ts`)
        }
      } else {
        for (const one of usedExports(text, module)) {
          if (found.unstableExports.has(one)) {
            problems.add(`${file}: ${one} of effect/${module} is unstable; use a stable export`)
          }
        }
      }
    }
  }
  for (const [name, modules] of Object.entries(allowed.unstableModules)) {
    for (const module of modules) {
      if (used.get(name)?.has(module) !== true) {
        problems.add(`${name} imports no unstable effect/${module}; remove it from scripts/effectUse.ts`)
      }
    }
  }
  return [...problems]
}

const checkKeys = (sources: ReadonlyArray<Source>, read: ReadModule, allowed: Allowed): ReadonlyArray<string> => {
  const repeated = sources.flatMap(({ file, text }) => keysOf(text).map((key) => ({ file, key })))
  return [
    ...repeated.filter(({ key }) => allowed.repeatedKeys[key] === undefined).map(({ file, key }) =>
      `${file}: repeats the key ${key} of Effect; add it to scripts/effectUse.ts`
    ),
    ...Object.entries(allowed.repeatedKeys).flatMap(([key, module]) => {
      if (!repeated.some((one) => one.key === key)) {
        return [`no source repeats the key ${key}; remove it from scripts/effectUse.ts`]
      }
      return tokenize(read(module) ?? "").some((token) => token.type === "string" && token.text === key)
        ? []
        : [`effect/${module} has no key ${key}; the sources that repeat it no longer work`]
    })
  ]
}

/** The violations of the rules, one line for each. */
export const checkEffectUse = (
  sources: ReadonlyArray<Source>,
  read: ReadModule,
  allowed: Allowed = { unstableModules, repeatedKeys }
): ReadonlyArray<string> => [...checkModules(sources, read, allowed), ...checkKeys(sources, read, allowed)]
