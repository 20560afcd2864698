/** A handle on the server that feeds a benchmark. */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Command, Told } from "./protocol.ts"

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
  readonly flood: (frames: number, options?: { readonly kept: boolean }) => Promise<void>
  readonly history: (pages: number, delayMillis?: number) => void
}

/** Starts it: one that answers without a thought, or the `relay` in front of a sandbox. */
export const start = async (program: "server" | "relay" = "server"): Promise<Feed> => {
  const child = fork(fileURLToPath(new URL(`./${program}.ts`, import.meta.url)), { execArgv: [] })
  const tell = (command: Command) => child.send(command)
  let onAcknowledged = () => {}
  const { admin = "", port } = await new Promise<Extract<Told, { readonly type: "listening" }>>((resolve, reject) => {
    child.once("error", reject)
    child.on("message", (told: Told) => {
      if (told.type === "listening") resolve(told)
      else onAcknowledged()
    })
  })
  return {
    admin,
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    flood: (frames, { kept } = { kept: false }) =>
      new Promise((resolve) => {
        onAcknowledged = resolve
        tell({ type: "flood", frames, kept })
      }),
    history: (pages, delayMillis = 0) => void tell({ type: "history", pages, delayMillis }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        tell({ type: "stop" })
      })
  }
}
