/** Runs the attacks one by one, and prints the results: `pnpm --filter @effect-signalwire/sandbox run abuse [MILLISECONDS]`. */
import { run } from "./abuse.ts"
import { attacks } from "./attacks.ts"

const millis = Number(process.argv[2] ?? 8000)
for (const attack of attacks) {
  const { failed, grown, sent, slowest } = await run([attack], millis)
  process.stdout.write(
    `${attack.name}: +${grown} MiB, ${sent} messages sent meanwhile, ${failed} failed, the slowest took ${slowest} ms\n`
  )
}
