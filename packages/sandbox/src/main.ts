#!/usr/bin/env node
/**
 * The executable. It checks the version of Node before it loads the program.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major > 22 || (major === 22 && minor >= 19)) {
  await import("./program.ts")
} else {
  process.stderr.write(
    `effect-signalwire-sandbox: requires Node 22.19 or newer, but this is Node ${process.versions.node}\n`
  )
  process.exitCode = 1
}
