/** Type tests of credentials and endpoints. `pnpm check` verifies them. */
import type { Invalid } from "@effect-signalwire/schema/Reason"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Credentials from "../src/Credentials.ts"
import * as Endpoint from "../src/Endpoint.ts"
import * as Instrumentation from "../src/Instrumentation.ts"

describe("the endpoint", () => {
  it("is a Result that fails with Invalid", () => {
    expectTypeOf(Endpoint.make).returns.toEqualTypeOf<Result.Result<Endpoint.Endpoint, Invalid>>()
    const wrong = () => [
      // @ts-expect-error: both URLs are required
      Endpoint.make("token", { urls: { http: "https://example.com" } })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("credentials", () => {
  it("require what the refresh requires, without its scope", () => {
    expectTypeOf(Credentials.layer({ token: Redacted.make("token") })).toEqualTypeOf<
      Layer.Layer<Credentials.Credentials>
    >()
    const withScope = (refresh: Effect.Effect<Redacted.Redacted, Error, Scope.Scope | Endpoint.Endpoint>) =>
      Credentials.layer({ token: Redacted.make("token"), refresh })
    expectTypeOf(withScope).returns.toEqualTypeOf<Layer.Layer<Credentials.Credentials, never, Endpoint.Endpoint>>()
  })

  it("stream tokens without failing", () => {
    expectTypeOf<Credentials.Service["changes"]>().toEqualTypeOf<Stream.Stream<Redacted.Redacted>>()
  })

  it("may fail to renew a token, and cannot fail to replace it", () => {
    expectTypeOf<Credentials.Service["renew"]>().returns.toEqualTypeOf<
      Effect.Effect<Redacted.Redacted, Credentials.CredentialsError>
    >()
    expectTypeOf<Credentials.Service["replace"]>().returns.toEqualTypeOf<Effect.Effect<void>>()
    const wrong = () =>
      // @ts-expect-error: a string could be logged
      Credentials.layer({ token: "token" })
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the instrumentation", () => {
  it("is never a requirement", () => {
    expectTypeOf(Instrumentation.orEffect).toEqualTypeOf<Effect.Effect<Instrumentation.Instrumentation>>()
    const client = (build: Effect.Effect<number, Error, Scope.Scope>) => Instrumentation.forClient("bot")(build)
    expectTypeOf(client).returns.toEqualTypeOf<Effect.Effect<number, Error, Scope.Scope>>()
    const dataFirst = (build: Effect.Effect<number, Error, Scope.Scope>) => Instrumentation.forClient(build, "bot")
    expectTypeOf(dataFirst).returns.toEqualTypeOf<Effect.Effect<number, Error, Scope.Scope>>()
  })

  it("has attributes by what they are, not by their names in telemetry", () => {
    const wrong = () =>
      // @ts-expect-error: it is `addressId`
      Instrumentation.effect.span("join", { "messaging.destination.name": "address" })
    expectTypeOf(wrong).toBeFunction()
  })
})
