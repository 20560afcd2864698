#!/usr/bin/env node
/**
 * Starts the program where Node is new enough to load it.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major > 22 || (major === 22 && minor >= 19)) {
  await import("./program.ts")
} else {
  process.stderr.write(
    `effect-signalwire-sandbox: needs Node 22.19 or newer; this is ${process.versions.node}\n`
  )
  process.exitCode = 1
}
