/** The token that the layers are given, or that the environment has. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** The parameters that building a layer complains about. */
const complaints = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), (error) => {
    const reason = error instanceof Object && "reason" in error ? error.reason : undefined
    return reason instanceof Object && "errors" in reason && Array.isArray(reason.errors)
      ? reason.errors.map((complaint: { readonly attribute: unknown }) => complaint.attribute)
      : [error]
  })

/** The layer of the environment's settings. */
const configured = (env: Record<string, string>) =>
  Conversations.layerConfig().pipe(
    Layer.provide(Conversations.layerTransports),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))
  )

const unusable = ["", " ", "undefined", "null", "Bearer secret", "sec\nret", "🔑"]

describe("P9.2: a layer that is given the token", () => {
  it.effect.each(unusable)("%j fails and names it", (token) =>
    Effect.gen(function*() {
      const redacted = Redacted.make(token)
      assert.deepStrictEqual(yield* complaints(Conversations.layerFetch({ token: redacted })), ["token"])
      const bare = Layer.provide(
        Conversations.layerCredentials(),
        [Conversations.layerTransports, Credentials.layer({ token: redacted })]
      )
      assert.deepStrictEqual(yield* complaints(bare), ["token"])
    }))

  it.effect.each(unusable)("%j by the environment fails and names it", (token) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* complaints(configured({ SIGNALWIRE_TOKEN: token })), ["token"])
    }))

  it.effect("that the environment does not have fails, names it, and tells the variable", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* complaints(configured({})), ["token"])
      const error = yield* Effect.flip(Effect.scoped(Layer.build(configured({}))))
      assert.include(error instanceof Error ? error.message : "", "SIGNALWIRE_TOKEN must be")
    }))
})

it.effect("the environment is taken without the line breaks of the files that it was read from", () =>
  Effect.gen(function*() {
    const { host, token } = yield* Conversations.environment
    assert.deepStrictEqual([host, token && Redacted.value(token)], ["puc.example.test", "secret"])
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({
    SIGNALWIRE_TOKEN: "secret\n",
    SIGNALWIRE_HOST: "puc.example.test\n"
  })))))
