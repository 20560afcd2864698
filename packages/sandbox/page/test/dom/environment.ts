/**
 * happy-dom, whose sockets are those of Node, with Node's `fetch` too, which reuses connections. Paths are requested from the
 * origin of the page.
 */
import { builtinEnvironments, type Environment } from "vitest/runtime"

const { "happy-dom": happyDom } = builtinEnvironments

const environment: Environment = {
  ...happyDom,
  name: "happy-dom-on-node",
  setup: async (global, options) => {
    const { AbortController, AbortSignal, fetch, Headers, Request, Response } = globalThis
    const happy = await happyDom.setup(global, options)
    Object.assign(global, {
      AbortController,
      AbortSignal,
      Headers,
      Request,
      Response,
      fetch: (input: string | URL | Request, init?: RequestInit) =>
        fetch(typeof input === "string" ? new URL(input, global["location"].href) : input, init)
    })
    return happy
  }
}

export default environment
