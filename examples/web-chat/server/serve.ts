/**
 * Serves the page: from source for `pnpm dev`, and built for the tests. Both serve `/people.json`, which your own
 * server would provide.
 */
import react from "@vitejs/plugin-react"
import { build, createServer, type InlineConfig, type Plugin, preview, type ViteDevServer } from "vite"
import type { Directory } from "./people.ts"

const people = (directory: () => Directory): Plugin => {
  const configure = ({ middlewares }: Pick<ViteDevServer, "middlewares">) => {
    middlewares.use("/people.json", (_, response) => {
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify(directory()))
    })
  }
  return { name: "people", configureServer: configure, configurePreviewServer: configure }
}

/** Options of the servers. */
export interface Options {
  readonly port: number
  /** Returns the users, for each page load. */
  readonly directory: () => Directory
}

const config: InlineConfig = { root: `${import.meta.dirname}/..`, configFile: false }

/** Serves the source. */
export const serve = async ({ directory, port }: Options) => {
  const server = await createServer({
    ...config,
    plugins: [react(), people(directory)],
    server: { host: "127.0.0.1", port },
    // optimized up front, so that Vite does not reload the page when it discovers one
    optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] }
  })
  await server.listen()
  return { url: server.resolvedUrls?.local[0] ?? "", [Symbol.asyncDispose]: () => server.close() }
}

const built = (outDir: string): InlineConfig => ({ ...config, logLevel: "error", build: { outDir, emptyOutDir: true } })

/** Builds the page into a directory. */
export const buildPage = (outDir: string) => build({ ...built(outDir), plugins: [react()] })

/** Serves a page that was built. */
export const serveBuilt = async ({ directory, outDir, port }: Options & { readonly outDir: string }) => {
  const server = await preview({
    ...built(outDir),
    plugins: [people(directory)],
    preview: { host: "127.0.0.1", port }
  })
  return { url: server.resolvedUrls?.local[0] ?? "", [Symbol.asyncDispose]: () => server.close() }
}
