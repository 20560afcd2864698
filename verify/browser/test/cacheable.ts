/** A server whose responses may be cached for ten minutes, and which counts the requests that it receives. */
import { once } from "node:events"
import * as Http from "node:http"

export const serveCacheable = async () => {
  const counts: Record<string, number> = {}
  const server = Http.createServer(({ method, url = "" }, response) => {
    response.setHeader("access-control-allow-origin", "*")
    response.setHeader("access-control-allow-headers", "authorization")
    if (method === "OPTIONS") return void response.writeHead(204).end()
    response.setHeader("content-type", "application/json")
    if (url === "/counts") return void response.end(JSON.stringify(counts))
    counts[url] = (counts[url] ?? 0) + 1
    response.setHeader("cache-control", "max-age=600")
    response.end(JSON.stringify({ data: [], links: {} }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, "close")
  }
  return { origin: `http://127.0.0.1:${port}`, close }
}
