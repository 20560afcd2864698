/** The token of the layers, from options or from the environment. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** The attributes of the field errors with which a layer fails. */
const fieldErrors = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), (error) => {
    const reason = error instanceof Object && "reason" in error ? error.reason : undefined
    return reason instanceof Object && "errors" in reason && Array.isArray(reason.errors)
      ? reason.errors.map((error: { readonly attribute: unknown }) => error.attribute)
      : [error]
  })

/** The layer over environment variables. */
const configured = (env: Record<string, string>) =>
  Conversations.layerConfig().pipe(
    Layer.provide(Conversations.layerTransports),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))
  )

const invalidTokens = ["", " ", "undefined", "null", "Bearer secret", "sec\nret", "🔑"]

describe("P9.2: token", () => {
  it.effect.each(invalidTokens)("%j from options fails and is named", (token) =>
    Effect.gen(function*() {
      const redacted = Redacted.make(token)
      assert.deepStrictEqual(yield* fieldErrors(Conversations.layerFetch({ token: redacted })), ["token"])
      const bare = Layer.provide(
        Conversations.layerCredentials(),
        [Conversations.layerTransports, Credentials.layer({ token: redacted })]
      )
      assert.deepStrictEqual(yield* fieldErrors(bare), ["token"])
    }))

  it.effect.each(invalidTokens)("%j from the environment fails and is named", (token) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* fieldErrors(configured({ SIGNALWIRE_TOKEN: token })), ["token"])
    }))

  it.effect("fails when the environment has none, and the message names the variable", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* fieldErrors(configured({})), ["token"])
      const error = yield* Effect.flip(Effect.scoped(Layer.build(configured({}))))
      assert.include(error instanceof Error ? error.message : "", "SIGNALWIRE_TOKEN must be")
    }))
})

it.effect("trailing line breaks of environment variables are removed", () =>
  Effect.gen(function*() {
    const { host, token } = yield* Conversations.environment
    assert.deepStrictEqual([host, token && Redacted.value(token)], ["puc.example.test", "secret"])
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({
    SIGNALWIRE_TOKEN: "secret\n",
    SIGNALWIRE_HOST: "puc.example.test\n"
  })))))
