/** The rules about which module may import which, and how long a module may be. See `check-architecture.ts`. */
import { dirname, join } from "node:path/posix"
import { tokenize } from "./source.ts"

/** The packages that each package may import. Those of the client and of the server share `schema` and nothing else. */
const layers: Readonly<Record<string, ReadonlyArray<string>>> = {
  schema: [],
  runtime: ["schema"],
  http: ["schema", "runtime"],
  subscription: ["schema", "runtime"],
  conversation: ["schema", "runtime", "http", "subscription"],
  promise: ["schema", "runtime", "http", "subscription", "conversation"],
  react: ["schema", "runtime", "http", "subscription", "conversation", "promise"],
  backend: ["schema"],
  sandbox: ["schema", "backend"],
  // mocks the client's services with the backend, so it knows both sides
  testing: ["schema", "runtime", "http", "subscription", "conversation", "promise", "backend"]
}

/** Modules of Effect that run something; `schema` contains only data, so it imports none of them. */
const effectsOfSchema =
  /^effect\/(?:Clock|Console|Context|Deferred|Fiber\w*|Latch|Layer|Logger|ManagedRuntime|Metric|PubSub|Queue|Random|RcMap|RcRef|Ref|Runtime|Schedule\w*|Scope\w*|Semaphore|Stream|SubscriptionRef|SynchronizedRef|Tracer|http(?:\/.*)?|socket(?:\/.*)?)$/

/** The most lines that a module may have without a reason. */
const maxLines = 300

/** Modules of more than {@link maxLines} lines, each with the reason why it is not split. */
const longModules: Readonly<Record<string, string>> = {
  "packages/conversation/src/internal/reconciler.ts": "one loop, whose steps share their state",
  "packages/subscription/src/internal/connectionDriver.ts": "one loop, whose steps share their state"
}

export interface Source {
  /** The path in the repository, such as `packages/http/src/Pages.ts`. */
  readonly file: string
  readonly text: string
}

export const packageOf = (file: string): string => file.split("/")[1] ?? ""

/** The modules that a source imports or exports from, types included, as they are named there. */
export const importsOf = (text: string): ReadonlyArray<string> => {
  const tokens = tokenize(text)
  return tokens.flatMap((token, index) => {
    const before = tokens[index - 1]
    const isImport = token.type === "string" && before?.type === "code" &&
      /(?:\bfrom|\bimport|\bimport\()\s*$/.test(before.text)
    return isImport ? [token.text] : []
  })
}

/** The file that an import leads to, where that is a module of these packages. */
const resolve = (file: string, name: string, files: ReadonlySet<string>): string | undefined => {
  if (name.startsWith(".")) return join(dirname(file), name)
  const [, target, module = "index"] = /^@effect-signalwire\/([\w-]+)(?:\/(.+))?$/.exec(name) ?? []
  if (target === undefined) return undefined
  const path = `packages/${target}/src/${module}`
  return [`${path}.ts`, `${path}.tsx`].find((candidate) => files.has(candidate)) ?? `${path}.ts`
}

/** Groups of modules that import each other, found by Tarjan's algorithm. */
const cyclesIn = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const cycles: Array<ReadonlyArray<string>> = []
  const order = new Map<string, number>()
  const open: Array<string> = []
  const visit = (file: string): number => {
    const own = order.size
    order.set(file, own)
    open.push(file)
    let low = own
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (open.includes(target)) low = Math.min(low, order.get(target) ?? own)
    }
    if (low === own) {
      const group = open.splice(open.indexOf(file))
      if (group.length > 1 || graph.get(file)?.includes(file) === true) cycles.push(group)
    }
    return low
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return cycles
}

/** The shortest path from a module of a cycle back to itself. */
const pathOf = (cycle: ReadonlyArray<string>, graph: ReadonlyMap<string, ReadonlyArray<string>>): string => {
  const [start = ""] = cycle.toSorted()
  const paths = [[start]]
  for (const path of paths) {
    for (const target of graph.get(path.at(-1) ?? "") ?? []) {
      if (target === start) return [...path, start].join(" -> ")
      if (cycle.includes(target) && !paths.some((other) => other.includes(target))) paths.push([...path, target])
    }
  }
  return cycle.join(", ")
}

const linesOf = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0)

const checkLength = (
  sources: ReadonlyArray<Source>,
  reasons: Readonly<Record<string, string>>
): ReadonlyArray<string> => {
  const lengths = new Map(sources.map(({ file, text }) => [file, linesOf(text)]))
  return [
    ...[...lengths].filter(([file, lines]) => lines > maxLines && !Object.hasOwn(reasons, file)).map(([file, lines]) =>
      `${file}: ${lines} lines; split it, or give a reason for more than ${maxLines} in scripts/architecture.ts`
    ),
    ...Object.keys(reasons).filter((file) => (lengths.get(file) ?? 0) <= maxLines).map((file) =>
      `${file}: has no more than ${maxLines} lines; remove its reason from scripts/architecture.ts`
    )
  ]
}

const checkImport = (file: string, name: string, target: string | undefined): ReadonlyArray<string> => {
  const from = packageOf(file)
  const allowed = layers[from]
  if (from === "schema" && effectsOfSchema.test(name)) {
    return [`${file}: imports ${name}, but schema contains only data`]
  }
  if (target === undefined || packageOf(target) === from) return []
  if (name.startsWith(".")) return [`${file}: imports ${name}, which is outside of its package`]
  return allowed === undefined || allowed.includes(packageOf(target))
    ? []
    : [`${file}: imports ${name}, but ${from} must not depend on ${packageOf(target)}`]
}

/** The violations of the rules, one line for each. `reasons` are those of modules that may be long. */
export const checkArchitecture = (
  sources: ReadonlyArray<Source>,
  reasons: Readonly<Record<string, string>> = longModules
): ReadonlyArray<string> => {
  const files = new Set(sources.map(({ file }) => file))
  const graph = new Map<string, ReadonlyArray<string>>()
  const problems: Array<string> = []
  for (const { file, text } of sources) {
    if (layers[packageOf(file)] === undefined) {
      problems.push(`${file}: scripts/architecture.ts has no layer for its package`)
    }
    const imports = importsOf(text).map((name) => ({ name, target: resolve(file, name, files) }))
    graph.set(file, imports.flatMap(({ target }) => target === undefined ? [] : [target]))
    for (const { name, target } of imports) problems.push(...checkImport(file, name, target))
  }
  const cycles = cyclesIn(graph).map((cycle) => `import cycle of ${cycle.length} modules: ${pathOf(cycle, graph)}`)
  return [...problems, ...cycles, ...checkLength(sources, reasons)]
}
