/** The process that `isolated` starts: it runs one benchmark, and sends the figures to its parent. */
import { registry } from "./registry.ts"

const [name = ""] = process.argv.slice(2)
const entry = registry[name]
if (entry === undefined) throw new Error(`there is no benchmark "${name}"`)
const { benchmark } = await entry.load()
const figures = await benchmark.run()
process.send?.({ about: benchmark.about, figures }, () => process.exit(0))
