/** The servers that all tests share: a sandbox process, where each test creates its own subscribers, and a cacheable one. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import type { TestProject } from "vitest/node"
import { serveCacheable } from "./cacheable.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly sandbox: Info
    /** The origin of a server with cacheable responses. */
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
