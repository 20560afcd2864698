/** `pnpm --filter web-chat dev`: starts a sandbox, and serves the page until it is stopped. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { seed } from "./people.ts"
import { serve } from "./serve.ts"

const sandbox = await Sandbox.start({ subscribers: [], rooms: [] })
const directory = await seed(sandbox)
const { url } = await serve({ port: 5173, directory: () => directory })
console.log("\nOpen two tabs as different users:\n")
for (const { name } of directory.people) console.log(`  ${url}?as=${encodeURIComponent(name)}`)
