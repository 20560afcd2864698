/** The sandbox as a process of its own, on one port and one file for all its lives. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as AdminClient from "@effect-signalwire/testing/AdminClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Schema from "effect/Schema"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Options {
  readonly subscribers: ReadonlyArray<string>
  readonly rooms: ReadonlyArray<string>
  readonly dialect?: "all" | "address" | "group" | undefined
}

export interface SandboxProcess extends AsyncDisposable {
  /** As it was when it was first ready: addresses, tokens and port hold for all its lives. */
  readonly info: Sandbox.Info
  readonly port: number
  /** Drives it past any relay. */
  readonly admin: <A>(use: (admin: AdminClient.AdminClient) => Effect.Effect<A>) => Promise<A>
  /** Ends it without a warning; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** Starts it again on its port and its file; resolves when it is ready. */
  readonly restart: () => Promise<void>
}

const decodeInfo = Schema.decodeUnknownSync(Schema.fromJsonString(Sandbox.Info))

const ended = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

export const start = async (options: Options): Promise<SandboxProcess> => {
  const directory = mkdtempSync(join(tmpdir(), "chaos-"))
  const main = fileURLToPath(import.meta.resolve("@effect-signalwire/sandbox/main"))

  const launch = async (port: number) => {
    const child = spawn(
      process.execPath,
      [
        main,
        "--json",
        "--port",
        String(port),
        "--data",
        join(directory, "data.db"),
        "--dialect",
        options.dialect ?? "all",
        "--subscribers",
        options.subscribers.join(","),
        "--rooms",
        options.rooms.join(",")
      ],
      { stdio: ["ignore", "pipe", "inherit"] }
    )
    for await (const line of createInterface(child.stdout)) return { child, info: decodeInfo(line) }
    throw new Error("the sandbox ended before it was ready")
  }

  const end = async (child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    if (ended(child)) return
    const exited = once(child, "exit")
    child.kill(signal)
    await exited
  }

  const first = await launch(0)
  const port = Number(new URL(first.info.http).port)
  let { child } = first
  return {
    info: first.info,
    port,
    admin: (use) =>
      Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(first.info.http), use), FetchHttpClient.layer)),
    kill: () => end(child, "SIGKILL"),
    restart: async () => {
      child = (await launch(port)).child
    },
    [Symbol.asyncDispose]: async () => {
      await end(child, "SIGTERM")
      rmSync(directory, { recursive: true })
    }
  }
}
