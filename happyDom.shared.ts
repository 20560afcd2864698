/**
 * The environment of tests that run an application without a browser: happy-dom, with Node's `fetch`. Paths are requested from
 * the origin of the page. Each request has a connection of its own: a server in the same process could close an idle one while
 * the process is busy, before it reads the next request.
 */
import { builtinEnvironments, type Environment } from "vitest/runtime"

const { "happy-dom": happyDom } = builtinEnvironments

const environment: Environment = {
  ...happyDom,
  name: "happy-dom-on-node",
  setup: async (global, options) => {
    const { AbortController, AbortSignal, fetch, Headers, Request, Response } = globalThis
    const happy = await happyDom.setup(global, options)
    const fetchOnce = (input: string | URL | Request, init?: RequestInit) => {
      const page: unknown = Reflect.get(global, "location")
      const request = new Request(typeof input === "string" ? new URL(input, String(page)) : input, init)
      request.headers.set("connection", "close")
      return fetch(request)
    }
    Object.assign(global, { AbortController, AbortSignal, Headers, Request, Response, fetch: fetchOnce })
    return happy
  }
}

export default environment
