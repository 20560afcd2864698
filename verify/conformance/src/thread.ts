/** The thread of all tabs of a test process. They share nothing but the web APIs of the thread, and the server. */
import { parentPort } from "node:worker_threads"
import type { Action, Command, Reply, SerializedError } from "./messages.ts"
import { openPage } from "./PageContext.ts"

const port = parentPort
if (port === null) throw new Error("tabs are opened in a worker thread")

// an uncaught error ends neither its page nor the others
process.on("unhandledRejection", () => undefined)
process.on("uncaughtException", () => undefined)

const pages = new Map<number, ReturnType<typeof openPage>>()

const pageOf = (tab: number) => {
  const page = pages.get(tab)
  if (page === undefined) throw new Error("the tab was closed")
  return page
}

const perform = (tab: number, action: Action): unknown => {
  switch (action.type) {
    case "open":
      return void pages.set(tab, openPage(action.generation, action.endpoints, action.storage))
    case "page": {
      const { exchanges, frames, sockets, storage } = pageOf(tab).page
      return { exchanges, frames, sockets, storage: storage() }
    }
    case "run":
      return pageOf(tab).run(action.source, action.argument)
    case "close":
      pages.get(tab)?.close()
      return void pages.delete(tab)
  }
}

// the errors of a page are instances of its own `Error`, not of this thread's
const isError = (error: unknown): error is Error =>
  typeof error === "object" && error !== null && "message" in error && "stack" in error

const describe = (error: unknown): SerializedError =>
  isError(error)
    ? {
      name: error.name,
      message: error.message,
      code: "code" in error ? String(error.code) : undefined,
      stack: error.stack ?? ""
    }
    : { name: typeof error, message: String(error), code: undefined, stack: "" }

port.on("message", ({ action, id, tab }: Command) => {
  const send = (reply: Reply) => port.postMessage(reply)
  void (async () => perform(tab, action))().then(
    (value) => send({ id, ok: true, value })
  ).catch((error: unknown) => send({ id, ok: false, error: describe(error) }))
})
