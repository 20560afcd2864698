/**
 * The thread of a `Tab`: a page with one vendor client, in which functions of a test run.
 */
import { createRequire } from "node:module"
import { parentPort, workerData } from "node:worker_threads"
import { prepare } from "./environment.ts"
import type { Command, Generation, Reply, TabData } from "./messages.ts"

const data: TabData = workerData
const page = prepare(data.endpoints, data.storage)

const load = async (generation: Generation): Promise<unknown> => {
  const require = createRequire(import.meta.url)
  switch (generation) {
    case "address":
      return require("vendor-address")
    case "group":
      return require("vendor-group")
    case "v4":
      return import("vendor-v4")
    case "ours":
      return import("@effect-signalwire/promise")
  }
}

const port = parentPort
if (port === null) throw new Error("a tab is a worker thread")

const vendor = await load(data.generation)

// an uncaught error does not end a page
process.on("unhandledRejection", () => undefined)
process.on("uncaughtException", () => undefined)

/** What the functions of a test keep between two calls: the client, its pages, received events. */
const state = {}
const until = async (what: string, condition: () => unknown, millis = 45_000): Promise<unknown> => {
  const deadline = Date.now() + millis
  for (;;) {
    const value = condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`timed out after ${millis} ms: ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}

const describe = (error: unknown) =>
  error instanceof Error
    ? {
      name: error.name,
      message: error.message,
      code: "code" in error ? String(error.code) : undefined,
      stack: error.stack ?? ""
    }
    : { name: typeof error, message: String(error), code: undefined, stack: "" }

port.on("message", (command: Command) => {
  const send = (reply: Reply) => port.postMessage(reply)
  void (async () => {
    switch (command.type) {
      case "page":
        return { exchanges: page.exchanges, frames: page.frames, sockets: page.sockets, storage: page.storage() }
      case "run": {
        // the source of a function of the test
        // oxlint-disable-next-line typescript/no-implied-eval
        const body: (...args: ReadonlyArray<unknown>) => unknown = new Function(`return (${command.source})`)()
        return body({ vendor, state, until, page }, command.argument)
      }
    }
  })().then(
    (value) => send({ id: command.id, ok: true, value }),
    (error: unknown) => send({ id: command.id, ok: false, error: describe(error) })
  ).catch((error: unknown) => send({ id: command.id, ok: false, error: describe(error) }))
})
port.postMessage("ready")
