/** One sandbox process for all tests of a run; each test brings its own people. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    readonly sandbox: Info
  }
}

export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const sandbox = await SandboxProcess.start()
  provide("sandbox", sandbox.info)
  return async () => {
    await sandbox.stop()
  }
}
