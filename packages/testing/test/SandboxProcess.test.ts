/** The conformance suite over real HTTP and WebSockets, with a sandbox in a separate process. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as Conformance from "@effect-signalwire/testing/Conformance"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { WebSocket } from "ws"

/** Starts a sandbox that supports `dialect`, and stops it with the scope. */
const start = (dialect: "all" | "address" | "group") =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => SandboxProcess.start(["--dialect", dialect])),
      (sandbox) => Effect.promise(() => sandbox.stop())
    ),
    ({ info }) => info
  )

const layerSandbox = (dialect: "all" | "address" | "group", transports = Conversations.layerTransports) =>
  Layer.unwrap(Effect.map(start(dialect), TestBackend.layer)).pipe(Layer.provide(transports))

const pairs = [["address", "all"], ["group", "all"], ["auto", "address"], ["auto", "group"]] as const

describe.each(pairs)("a client of the dialect %s with a sandbox that supports %s", (client, server) => {
  layer(layerSandbox(server), { excludeTestServices: true })((it) => {
    for (const { name, run } of Conformance.cases(client)) it.effect(name, () => run)
  })
})

describe("a client with the sockets of the package ws", () => {
  const transports = Layer.merge(SignalWireHttp.layerFetchClient, NodeWebSockets.layer(WebSocket))
  layer(layerSandbox("all", transports), { excludeTestServices: true })((it) => {
    for (const { name, run } of Conformance.cases("auto")) it.effect(name, () => run)
  })
})
