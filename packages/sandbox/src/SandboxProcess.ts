/**
 * Runs a sandbox in a separate process, for programs and tests that kill and restart it, or that must not share their event loop
 * with it.
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

/** A sandbox in a separate process. Disposing it sends `SIGTERM`, and waits until the process has exited. */
export interface SandboxProcess extends AsyncDisposable {
  /** The contents of the ready line: the URLs, and the subscribers with their tokens. */
  readonly info: Sandbox.Info
  /** The process id. */
  readonly pid: number
  /**
   * Sends a signal, `SIGTERM` by default, and waits until the process has exited; after ten seconds it sends `SIGKILL`. Returns
   * the exit code, or the signal that terminated the process.
   */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>
  /** Resolves with the exit code or the terminating signal, once the process has exited. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** Returns the last 65,536 UTF-16 code units of standard error. */
  readonly errors: () => string
}

// Options

/** Options for starting the process. */
export interface Options {
  /**
   * How long to wait until the sandbox is ready, in milliseconds.
   * @default 30000
   */
  readonly deadline?: number | undefined
}

// Constructor

/** The maximum length of standard error that is kept, in UTF-16 code units. */
const maxErrorLength = 65_536

/** How long to wait for the process to exit before it is killed, in milliseconds. */
const stopTimeout = 10_000

/** The program: the source of this repository, the bundle of the package, or what `SANDBOX_PROGRAM` names. */
const main = process.env["SANDBOX_PROGRAM"] ??
  join(import.meta.dirname, extname(import.meta.filename) === ".ts" ? "main.ts" : "../bundle/bin/main.js")

const decodeInfo = Schema.decodeUnknownResult(Schema.fromJsonString(Sandbox.Info))

const collectErrors = (child: ChildProcess): () => string => {
  let text = ""
  child.stderr?.setEncoding("utf8").on("data", (data: string) => {
    text = (text + data).slice(-maxErrorLength)
  })
  return () => text
}

/** Resolves with the first line of standard output, or `undefined` if there is none. The rest is discarded. */
const firstLine = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    if (child.stdout === null) return resolve(undefined)
    const lines = createInterface(child.stdout)
    lines.once("line", resolve)
    lines.once("close", () => resolve(undefined))
  })

/** Settles like `promise`, or resolves with `undefined` after a timeout. */
const within = async <A>(promise: Promise<A>, millis: number): Promise<A | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), millis)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Starts a sandbox on a free port, or with the given command line flags, and waits until it is ready. Rejects with a
 * `SandboxError` that contains standard error if the process exits before or is not ready in time.
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
  // `once` rejects if the process cannot be spawned; the missing ready line reports that
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
    // with invalid flags the process writes an error and exits
    const exitStatus = await within(exited, line === undefined ? 100 : stopTimeout)
    kill()
    const reason = exitStatus !== undefined
      ? "the sandbox exited before it was ready"
      : line === undefined
      ? `the sandbox was not ready within ${deadline} ms`
      : `the first line of the sandbox is not its ready line: ${line.slice(0, 200)}`
    const output = errors().trim()
    throw new Sandbox.SandboxError({ message: output === "" ? reason : `${reason}: ${output}`, cause: output })
  }
  const dispose = async () => void await stop()
  return { info: info.success, pid: child.pid ?? 0, stop, exited, errors, [Symbol.asyncDispose]: dispose }
}
