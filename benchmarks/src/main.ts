/** Runs a benchmark by its name: `pnpm bench sandbox-load`. */
const benchmarks: Record<string, () => Promise<{ readonly run: (args: ReadonlyArray<string>) => Promise<boolean> }>> = {
  "sandbox-load": () => import("./sandboxLoad.ts")
}

const [name = "", ...args] = process.argv.slice(2)
const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined
if (load === undefined) {
  console.error(`There is no benchmark "${name}". Those are: ${Object.keys(benchmarks).join(", ")}`)
  process.exitCode = 2
} else {
  const { run } = await load()
  process.exitCode = await run(args) ? 0 : 1
}
