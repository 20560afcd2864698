/** The same suite that holds in memory, over real HTTP and WebSockets, against a sandbox as a process of its own. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as Conformance from "@effect-signalwire/testing/Conformance"
import * as World from "@effect-signalwire/testing/World"
import { describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const decodeInfo = Schema.decodeUnknownEffect(Schema.fromJsonString(Sandbox.Info))

const readLine = async (child: ChildProcess): Promise<string> => {
  if (child.stdout !== null) {
    for await (const line of createInterface(child.stdout)) return line
  }
  throw new Error("the sandbox ended before it was ready")
}

/** A sandbox that speaks `dialect`, until the scope closes. */
const start = Effect.fnUntraced(function*(dialect: "all" | "address" | "group") {
  const main = fileURLToPath(import.meta.resolve("@effect-signalwire/sandbox/main"))
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [main, "--port", "0", "--json", "--dialect", dialect], {
        stdio: ["ignore", "pipe", "inherit"]
      })
    ),
    (child) =>
      Effect.promise(() => {
        const exited = once(child, "exit")
        child.kill("SIGTERM")
        return exited
      })
  )
  return yield* decodeInfo(yield* Effect.promise(() => readLine(child)))
})

const layerSandbox = (dialect: "all" | "address" | "group") =>
  Layer.unwrap(Effect.map(start(dialect), World.layer)).pipe(Layer.provide(Conversations.layerTransports))

const pairs = [["address", "all"], ["group", "all"], ["auto", "address"], ["auto", "group"]] as const

describe.each(pairs)("a client that speaks %s, against a sandbox that speaks %s", (client, server) => {
  layer(layerSandbox(server), { excludeTestServices: true })((it) => {
    for (const { name, run } of Conformance.cases(client)) it.effect(name, () => run)
  })
})
