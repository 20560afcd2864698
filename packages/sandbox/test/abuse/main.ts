/** Runs the attacks one by one, and prints the results: `pnpm --filter @effect-signalwire/sandbox run abuse [MILLISECONDS]`. */
import { run } from "./abuse.ts"
import { attacks } from "./attacks.ts"

const millis = Number(process.argv[2] ?? 8000)
for (const attack of attacks) {
  const { failures, grown, sent, slowest } = await run([attack], millis)
  if (failures.length > 0) process.exitCode = 1
  process.stdout.write(
    `${attack.name}: +${grown} MiB, ${sent} messages sent meanwhile, ${failures.length} failed, the slowest took ${slowest} ms\n`
  )
}
