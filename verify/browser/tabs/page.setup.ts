/** Bundles the page like an application's, once for all files, and serves it. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build, preview } from "vite"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** The address of the bundled page. */
    readonly page: string
  }
}

export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const outDir = await mkdtemp(join(tmpdir(), "effect-signalwire-page-"))
  const root = join(import.meta.dirname, "../page")
  const config = { root, configFile: false, logLevel: "error", build: { outDir, emptyOutDir: true } } as const
  await build({ ...config, build: { ...config.build, target: "esnext" } })
  const server = await preview({ ...config, preview: { port: 0, host: "127.0.0.1" } })
  provide("page", server.resolvedUrls?.local[0] ?? "")
  return async () => {
    await server.close()
    await rm(outDir, { recursive: true, force: true })
  }
}
