/** The sandbox as a separate process, which keeps its port and its data when it is restarted. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
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

export type CallAdmin = <A>(use: (admin: AdminClient.AdminClient) => Effect.Effect<A>) => Promise<A>

/** Calls the admin API of a sandbox. */
export const callAdmin = ({ http }: Pick<Info, "http">): CallAdmin => (use) =>
  Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(http), use), FetchHttpClient.layer))

export interface RestartableSandbox extends AsyncDisposable {
  /** Its ready line. Addresses, tokens and port stay the same after a restart. */
  readonly info: Info
  readonly port: number
  /** Calls the admin API, not through the relay. */
  readonly admin: CallAdmin
  /** Kills it; resolves when the process has ended. */
  readonly kill: () => Promise<void>
  /** Starts it again with the same port and data; resolves when it is ready. */
  readonly restart: () => Promise<void>
}

export const start = async (options: Options): Promise<RestartableSandbox> => {
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
    admin: callAdmin(info),
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
