/** Starts and controls the server that sends events to the clients of a benchmark. */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Command, ServerReport } from "./protocol.ts"

interface PrepareOptions {
  readonly inHistory: boolean
}

/** A server in another process. */
export interface Feed extends AsyncDisposable {
  readonly http: string
  readonly ws: string
  /** The URL of the sandbox's admin API; empty without a sandbox. */
  readonly admin: string
  /**
   * Sends events to the socket that was opened last; resolves when all of them are acknowledged. With `inHistory`, the events
   * are in history too.
   */
  readonly flood: (frames: number, options?: PrepareOptions) => Promise<void>
  /** Creates the events; the returned function sends them, so that creating them is not measured. */
  readonly prepare: (frames: number, options?: PrepareOptions) => Promise<() => Promise<void>>
  /** Serves a page at `/page` that runs this script. */
  readonly page: (script: string) => void
  /** Sets the number of history pages, and the delay of their responses in milliseconds. */
  readonly history: (pages: number, delayMillis?: number) => void
}

/** Starts the server: one that responds without any work, or the `relay` in front of a sandbox. */
export const start = async (program: "server" | "relay" = "server"): Promise<Feed> => {
  const child = fork(fileURLToPath(new URL(`./${program}.ts`, import.meta.url)), { execArgv: [] })
  const send = (command: Command) => child.send(command)
  let onPrepared = () => {}
  let onAcknowledged = () => {}
  const { admin = "", port } = await new Promise<Extract<ServerReport, { readonly type: "listening" }>>(
    (resolve, reject) => {
      child.once("error", reject)
      child.on("message", (report: ServerReport) => {
        if (report.type === "listening") resolve(report)
        else if (report.type === "prepared") onPrepared()
        else onAcknowledged()
      })
    }
  )
  const prepare: Feed["prepare"] = async (frames, { inHistory } = { inHistory: false }) => {
    await new Promise<void>((resolve) => {
      onPrepared = resolve
      send({ type: "prepare", frames, inHistory })
    })
    return () =>
      new Promise((resolve) => {
        onAcknowledged = resolve
        send({ type: "flood" })
      })
  }
  return {
    prepare,
    flood: async (frames, options) => (await prepare(frames, options))(),
    admin,
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    page: (script) => void send({ type: "page", script }),
    history: (pages, delayMillis = 0) => void send({ type: "history", pages, delayMillis }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        send({ type: "stop" })
      })
  }
}
