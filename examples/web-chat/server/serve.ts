/** The page, for `pnpm dev` and for the tests. It is told who is there, in place of by a server of yours. */
import react from "@vitejs/plugin-react"
import { createServer, type Plugin } from "vite"
import type { Directory } from "./people.ts"

const people = (directory: () => Directory): Plugin => ({
  name: "people",
  configureServer: ({ middlewares }) => {
    middlewares.use("/people.json", (_, response) => {
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify(directory()))
    })
  }
})

/** Options of the server. */
export interface Options {
  readonly port: number
  /** Who is there, asked for each page. */
  readonly directory: () => Directory
  readonly quiet?: boolean
}

export const serve = async ({ directory, port, quiet }: Options) => {
  const server = await createServer({
    root: `${import.meta.dirname}/..`,
    configFile: false,
    logLevel: quiet === true ? "error" : "info",
    plugins: [react(), people(directory)],
    server: { host: "127.0.0.1", port },
    // all at once, so that no page is loaded again when another is found
    optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] }
  })
  await server.listen()
  return { url: server.resolvedUrls?.local[0] ?? "", [Symbol.asyncDispose]: () => server.close() }
}
