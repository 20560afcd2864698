/** The token of the layers, from options or from the environment. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"

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

  it.effect.each(invalidTokens)(
    "%j from the environment fails with a ConfigError that names the variable",
    (token) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(configured({ SIGNALWIRE_TOKEN: token }))))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, `"SIGNALWIRE_TOKEN"`)
      })
  )

  it.effect("fails with a ConfigError that names the variable when the environment has none", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(configured({}))))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, `"SIGNALWIRE_TOKEN"`)
    }))

  it.effect("an invalid one is not quoted by the ConfigError, which says what is wrong with it", () =>
    Effect.gen(function*() {
      const token = "Bearer eyJsZWFrZWQ6c2VjcmV0fQ"
      const error = yield* Effect.flip(Effect.scoped(Layer.build(configured({ SIGNALWIRE_TOKEN: token }))))
      assert.include(String(error), "must be the token alone")
      assert.notInclude(`${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 20 })}`, "eyJ")
    }))
})

it.effect.each(["", " \n"])(
  "the environment has no token if its variable is blank: %j",
  (value) =>
    Effect.gen(function*() {
      assert.isUndefined((yield* Conversations.environment).token)
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ SIGNALWIRE_TOKEN: value }))))
)

it.effect("trailing line breaks of environment variables are removed", () =>
  Effect.gen(function*() {
    const { host, token } = yield* Conversations.environment
    assert.deepStrictEqual([host, token && Redacted.value(token)], ["puc.example.test", "secret"])
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({
    SIGNALWIRE_TOKEN: "secret\n",
    SIGNALWIRE_HOST: "puc.example.test\n"
  })))))
