/**
 * The page of a tab: a context of `node:vm` with one client, which has globals, built-in objects and timers of its own.
 * Its web APIs are those of the thread, and end when the tab is closed.
 */
import { randomFillSync, randomUUID } from "node:crypto"
import { constants, createContext, runInContext } from "node:vm"
import { clientScript } from "./bundles.ts"
import { type Endpoints, type PageStorage, prepare } from "./environment.ts"
import type { Generation } from "./messages.ts"
import { makeTimers } from "./timers.ts"

const webApis = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "CloseEvent",
  "CustomEvent",
  "DOMException",
  "Event",
  "EventTarget",
  "FormData",
  "Headers",
  "MessageEvent",
  "Request",
  "Response",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "atob",
  "btoa",
  "crypto",
  "performance",
  "queueMicrotask",
  "structuredClone"
] as const

/**
 * Makes `fetch` return and throw objects of the page's own classes, so that `instanceof` works as in a browser. Runs inside
 * of the page, as does the next function: with nothing but its parameters.
 */
const adoptFetch = (fetch: typeof globalThis.fetch): typeof globalThis.fetch => async (...request) => {
  const response = await fetch(...request).catch((cause: unknown) => {
    const { message, name } = Object(cause)
    throw Object.assign(name === "TypeError" ? new TypeError(message, { cause }) : new Error(message, { cause }), {
      name
    })
  })
  response.json = async () => JSON.parse(await response.text())
  return response
}

/** Calls a function of a test with an argument that consists of the page's own objects. */
const call = (body: (inside: unknown, argument: unknown) => unknown, inside: unknown, argument: string | undefined) =>
  body(inside, argument === undefined ? undefined : JSON.parse(argument))

export const openPage = (generation: Generation, endpoints: Endpoints, storage: PageStorage | undefined) => {
  const context = createContext(constants.DONT_CONTEXTIFY)
  const evaluate = (source: string) => runInContext(`(${source})`, context)
  /** The same function, as one of the page. */
  const inPage = <F extends (...args: never) => unknown>(body: F): F => evaluate(String(body))
  const define = (name: string, value: unknown) =>
    Object.defineProperty(context, name, { value, configurable: true, writable: true })

  for (const name of webApis) define(name, globalThis[name])
  // the vendor's bundle of v4 for browsers takes the module `node:crypto` from this global, and cannot be loaded without
  define("node_crypto", { randomFillSync, randomUUID })
  const timers = makeTimers()
  for (const [name, value] of Object.entries(timers.functions)) define(name, value)
  const page = prepare(endpoints, storage, context)
  define("fetch", inPage(adoptFetch)(context["fetch"]))
  clientScript(generation).runInContext(context)

  /** What the functions of a test keep between two calls: the client, its pages, received events. */
  const state = evaluate("{}")
  const until = async (what: string, condition: () => unknown, millis = 45_000): Promise<unknown> => {
    const deadline = Date.now() + millis
    for (;;) {
      const value = condition()
      if (value) return value
      if (Date.now() > deadline) throw new Error(`timed out after ${millis} ms: ${what}`)
      await new Promise<void>((resolve) => {
        timers.functions.setTimeout(() => resolve(), 10)
      })
    }
  }
  const inside = { vendor: context["SignalWire"], state, until, page }
  const callInPage = inPage(call)
  return {
    page,
    run: (source: string, argument: string | undefined): unknown => callInPage(evaluate(source), inside, argument),
    close: () => {
      timers.close()
      page.close()
    }
  }
}
