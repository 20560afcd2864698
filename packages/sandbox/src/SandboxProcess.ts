/**
 * A sandbox as a process of its own: for programs and tests that kill it, start it again, or keep it out of their own
 * event loop.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { extname, join } from "node:path"
import { createInterface } from "node:readline"
import * as Sandbox from "./Sandbox.ts"

// Models

/** A sandbox that runs in another process. Disposing asks it to end, and waits for that. */
export interface SandboxProcess extends AsyncDisposable {
  /** What its ready line says: where it is, and whom it serves. */
  readonly info: Sandbox.Info
  /** The id of the process. */
  readonly pid: number
  /** Ends it, by default as `SIGTERM` does; answers its exit code, or the signal when that ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>
  /** The exit code, or the signal, once it has ended. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** The end of what it wrote to standard error. */
  readonly errors: () => string
}

// Options

/** How it is started. */
export interface Options {
  /**
   * How long it may take until it is ready, in milliseconds.
   * @default 30000
   */
  readonly deadline?: number | undefined
}

// Constructor

/** How much of standard error is kept, in UTF-16 code units. */
const maxErrors = 65_536

/** How long it may take to end when it is asked to, in milliseconds. */
const stopTimeout = 10_000

// next to this file, under the same extension: from the source as well as from what was built
const main = join(import.meta.dirname, `main${extname(import.meta.filename)}`)

const decodeInfo = Schema.decodeUnknownResult(Schema.fromJsonString(Sandbox.Info))

const collectErrors = (child: ChildProcess): () => string => {
  let text = ""
  child.stderr?.setEncoding("utf8").on("data", (data: string) => {
    text = (text + data).slice(-maxErrors)
  })
  return () => text
}

/** The first line of standard output; nothing when there is none. The rest is read and forgotten. */
const firstLine = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    if (child.stdout === null) return resolve(undefined)
    const lines = createInterface(child.stdout)
    lines.once("line", resolve)
    lines.once("close", () => resolve(undefined))
  })

/** Settles as `promise` does, or with `undefined` when that takes too long. */
const within = async <A>(promise: Promise<A>, millis: number): Promise<A | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), millis)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Starts a sandbox on a port that is free, or with other flags of the program; it is up when this resolves. Rejects with
 * a `SandboxError` that tells what the program wrote, when it ends before or takes too long.
 *
 * ```ts
 * import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
 *
 * await using sandbox = await SandboxProcess.start(["--data", "chat.db"])
 * ```
 */
export const start = async (args: ReadonlyArray<string> = [], options: Options = {}): Promise<SandboxProcess> => {
  const { deadline = 30_000 } = options
  const child = spawn(process.execPath, [main, "--json", ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const errors = collectErrors(child)
  const exited = once(child, "close").then((): number | NodeJS.Signals => child.exitCode ?? child.signalCode ?? 1)
  // an `error` event rejects `once`; that it could not be spawned shows in the missing line as well
  exited.catch(() => {})

  const kill = () => void child.kill("SIGKILL")
  process.once("exit", kill)
  child.once("close", () => process.off("exit", kill))
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal)
    if (await within(exited, stopTimeout) === undefined) kill()
    return await exited
  }

  const line = await within(firstLine(child), deadline)
  const info = decodeInfo(line)
  if (Result.isFailure(info)) {
    // with wrong flags it says so, and ends
    const ended = await within(exited, line === undefined ? 100 : stopTimeout)
    kill()
    const reason = ended !== undefined
      ? "the sandbox ended before it was ready"
      : line === undefined
      ? `the sandbox was not ready within ${deadline} ms`
      : `the first line of the sandbox is not its ready line: ${line.slice(0, 200)}`
    const said = errors().trim()
    throw new Sandbox.SandboxError({ message: said === "" ? reason : `${reason}: ${said}`, cause: said })
  }
  const dispose = async () => void await stop()
  return { info: info.success, pid: child.pid ?? 0, stop, exited, errors, [Symbol.asyncDispose]: dispose }
}
