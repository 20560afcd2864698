/** The sandbox as a process of its own, on one port and one file for all its lives. */
import type * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import * as AdminClient from "@effect-signalwire/testing/AdminClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Options {
  readonly subscribers: ReadonlyArray<string>
  readonly rooms: ReadonlyArray<string>
  readonly dialect?: "all" | "address" | "group" | undefined
}

export interface MortalSandbox extends AsyncDisposable {
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

export const start = async (options: Options): Promise<MortalSandbox> => {
  const directory = mkdtempSync(join(tmpdir(), "chaos-"))
  const launch = (port: number) =>
    SandboxProcess.start([
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
    ])

  let running = await launch(0)
  const { info } = running
  const port = Number(new URL(info.http).port)
  return {
    info,
    port,
    admin: (use) =>
      Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(info.http), use), FetchHttpClient.layer)),
    kill: async () => void await running.stop("SIGKILL"),
    restart: async () => {
      running = await launch(port)
    },
    [Symbol.asyncDispose]: async () => {
      await running.stop()
      rmSync(directory, { recursive: true })
    }
  }
}
