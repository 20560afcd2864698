/** The sandbox as a process of its own, as `effect-signalwire-sandbox --json` starts it. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as Schema from "effect/Schema"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface SandboxProcess extends AsyncDisposable {
  readonly info: Sandbox.Info
  readonly pid: number
}

const decodeInfo = Schema.decodeUnknownSync(Schema.fromJsonString(Sandbox.Info))

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}

/** Starts a sandbox on a free port; it is up when this resolves, and ends when it is disposed. */
export const start = async (args: ReadonlyArray<string> = []): Promise<SandboxProcess> => {
  const main = fileURLToPath(import.meta.resolve("@effect-signalwire/sandbox/main"))
  const child = spawn(process.execPath, [main, "--port", "0", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  for await (const line of createInterface(child.stdout)) {
    return { info: decodeInfo(line), pid: child.pid ?? 0, [Symbol.asyncDispose]: () => stop(child) }
  }
  throw new Error("the sandbox ended before it was ready")
}
