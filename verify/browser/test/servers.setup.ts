/** The servers that all tests of a run share: a sandbox process, to which each test brings its own people, and one more. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import type { TestProject } from "vitest/node"
import { serveCacheable } from "./cacheable.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly sandbox: Info
    /** The origin of a server whose answers may be kept in a cache. */
    readonly cacheable: string
  }
}

export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const [sandbox, cacheable] = await Promise.all([SandboxProcess.start(), serveCacheable()])
  provide("sandbox", sandbox.info)
  provide("cacheable", cacheable.origin)
  return async () => {
    await Promise.all([sandbox.stop(), cacheable.close()])
  }
}
