/** A handle on the server that feeds a benchmark. */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Command, Told } from "./protocol.ts"

interface Keeping {
  readonly kept: boolean
}

/** A server that runs in another process. */
export interface Feed extends AsyncDisposable {
  readonly http: string
  readonly ws: string
  /** Where a sandbox is told what to do; empty where there is none. */
  readonly admin: string
  /**
   * Pushes events to the socket that was opened last; resolves when all of them are acknowledged. With `kept` they are
   * in history, too.
   */
  readonly flood: (frames: number, options?: Keeping) => Promise<void>
  /** Makes the events first; what it answers pushes them. */
  readonly prepare: (frames: number, options?: Keeping) => Promise<() => Promise<void>>
  /** Serves a page at `/page` that runs this script. */
  readonly page: (script: string) => void
  readonly history: (pages: number, delayMillis?: number) => void
}

/** Starts it: one that answers without a thought, or the `relay` in front of a sandbox. */
export const start = async (program: "server" | "relay" = "server"): Promise<Feed> => {
  const child = fork(fileURLToPath(new URL(`./${program}.ts`, import.meta.url)), { execArgv: [] })
  const tell = (command: Command) => child.send(command)
  let onPrepared = () => {}
  let onAcknowledged = () => {}
  const { admin = "", port } = await new Promise<Extract<Told, { readonly type: "listening" }>>((resolve, reject) => {
    child.once("error", reject)
    child.on("message", (told: Told) => {
      if (told.type === "listening") resolve(told)
      else if (told.type === "prepared") onPrepared()
      else onAcknowledged()
    })
  })
  const prepare: Feed["prepare"] = async (frames, { kept } = { kept: false }) => {
    await new Promise<void>((resolve) => {
      onPrepared = resolve
      tell({ type: "prepare", frames, kept })
    })
    return () =>
      new Promise((resolve) => {
        onAcknowledged = resolve
        tell({ type: "flood" })
      })
  }
  return {
    prepare,
    flood: async (frames, options) => (await prepare(frames, options))(),
    admin,
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    page: (script) => void tell({ type: "page", script }),
    history: (pages, delayMillis = 0) => void tell({ type: "history", pages, delayMillis }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        tell({ type: "stop" })
      })
  }
}
