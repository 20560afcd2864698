/** The process that {@link isolated} starts: it runs one benchmark and tells its parent what came out. */
import { registry } from "./registry.ts"

const [name = ""] = process.argv.slice(2)
const entry = registry[name]
if (entry === undefined) throw new Error(`there is no benchmark "${name}"`)
const { benchmark } = await entry.load()
const figures = await benchmark.run()
process.send?.({ about: benchmark.about, figures }, () => process.exit(0))
