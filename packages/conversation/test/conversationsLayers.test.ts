/** The layers, over transports that the test decides on. */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Socket from "effect/socket/Socket"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"

const urls = { http: "https://fabric.example", ws: "wss://fabric.example" }
const token = Redacted.make("token")

const webSockets = Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("no session is expected"))

/** Transports over a server that responds to every request with a status, and the requests that it received. */
const transports = (status: number) => {
  const requests: Array<string> = []
  const client = HttpClient.make((request, url) =>
    Effect.sync(() => {
      requests.push(`${url.origin} ${request.headers["authorization"] ?? ""}`)
      return HttpClientResponse.fromWeb(request, new Response("{}", { status }))
    })
  )
  return { requests, layer: Layer.merge(Layer.succeed(HttpClient.HttpClient, client), webSockets) }
}

/** The failure of a layer, as its method and the options that it is refused for. */
const refusal = <A, R>(layer: Layer.Layer<A, ConversationError, R>) =>
  Effect.scoped(Layer.build(layer)).pipe(
    Effect.flip,
    Effect.map(({ method, reason }) => [
      method,
      ...reason._tag === "Invalid" ? reason.errors.map(({ attribute }) => attribute) : [reason._tag]
    ])
  )

const credentials = Credentials.layer({ token })

describe("an invalid option", () => {
  it.effect.each<readonly [string, Conversations.ConnectOptions]>([
    ["urls.ws", { urls: { ...urls, ws: "https://fabric.example" } }],
    ["http.timeout", { urls, http: { timeout: -1 } }],
    ["subscription.heartbeat", { urls, subscription: { heartbeat: 0 } }],
    ["settle", { urls, settle: -1 }]
  ])(
    "P9.2: fails each of the layers that connect, with the name of the option: %s",
    ([attribute, options]) =>
      Effect.gen(function*() {
        const layers = [
          Layer.provide(Conversations.layer({ ...options, token }), transports(500).layer),
          Layer.provide(Conversations.layerCredentials(options), [credentials, transports(500).layer]),
          Layer.provide(Conversations.layerBareFetch(options), [credentials, webSockets])
        ]
        for (const layer of layers) assert.deepStrictEqual(yield* refusal(layer), ["layer", attribute])
      })
  )

  it.effect("P9.2: is the token when that has characters that can't be sent", () =>
    Effect.gen(function*() {
      const layer = Conversations.layer({ urls, token: Redacted.make("to ken") })
      assert.deepStrictEqual(yield* refusal(Layer.provide(layer, transports(500).layer)), ["layer", "token"])
    }))
})

it.effect("P9.2: an invalid option of the refresh, from a program without types, fails the layer by name", () =>
  Effect.gen(function*() {
    const untyped: object = { refreshTimeout: -1 }
    const layer = Conversations.layer({ urls, token, refresh: Effect.succeed(token), ...untyped })
    assert.deepStrictEqual(yield* refusal(Layer.provide(layer, transports(500).layer)), ["layer", "refreshTimeout"])
  }))

describe("layer", () => {
  it.effect("provides its credentials besides the services, and sends their token to the server of the options", () =>
    Effect.gen(function*() {
      const { layer, requests } = transports(404)
      const context = yield* Layer.build(Layer.provide(Conversations.layer({ urls, token }), layer))
      yield* Effect.flip(Context.get(context, Conversations.Conversations).getConversations())
      assert.deepStrictEqual(requests, ["https://fabric.example Bearer token"])
      const current = yield* Context.get(context, Credentials.Credentials).current
      assert.strictEqual(Redacted.value(current), "token")
    }))
})

describe("layerConfig", () => {
  it.effect.each<readonly [string, Conversations.ConfigOptions]>([
    ["overlap", { token: Config.succeed(token), overlap: Config.succeed(-1) }],
    ["http.timeout", { token: Config.succeed(token), http: { timeout: Config.succeed(-1) } }],
    [
      "subscription.heartbeat",
      { token: Config.succeed(token), subscription: { heartbeat: Config.succeed(0) } }
    ],
    [
      "subscription.backoff.base",
      {
        token: Config.succeed(token),
        subscription: { backoff: { base: Config.succeed(-1), cap: Config.succeed(1) } }
      }
    ],
    ["sweep.min", { token: Config.succeed(token), sweep: { min: Config.succeed(0), max: Config.succeed(1) } }]
  ])(
    "P9.2: passes on what is configured, which is refused when it is invalid: %s",
    ([attribute, options]) =>
      Effect.gen(function*() {
        const layer = Conversations.layerConfig({
          ...options,
          urls: { http: Config.succeed(urls.http), ws: Config.succeed(urls.ws) }
        })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, transports(500).layer))))
        assert(error._tag === "ConversationError" && error.reason._tag === "Invalid")
        assert.deepStrictEqual(error.reason.errors.map(({ attribute }) => attribute), [attribute])
      })
  )

  it.effect("retries reads by the schedule that it is given, even among options from configuration", () =>
    Effect.gen(function*() {
      const { layer, requests } = transports(503)
      const context = yield* Layer.build(Layer.provide(
        Conversations.layerConfig({
          token: Config.succeed(token),
          urls: { http: Config.succeed(urls.http), ws: Config.succeed(urls.ws) },
          http: { retry: Schedule.recurs(2), timeout: Config.succeed("1 second") }
        }),
        layer
      ))
      yield* Effect.flip(Context.get(context, Conversations.Conversations).getConversations())
      assert.lengthOf(requests, 3)
    }))

  it.effect("takes the absence of a schedule, or of options, as the default", () =>
    Effect.gen(function*() {
      const layer = Conversations.layerConfig({
        token: Config.succeed(token),
        http: { retry: undefined },
        subscription: { backoff: undefined },
        sweep: undefined
      })
      yield* Effect.scoped(Layer.build(Layer.provide(layer, transports(500).layer)))
    }))
})
