/** Tests of types: what the service requires, returns and fails with. `pnpm check` runs them. */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import type { ErrorFields, Reason } from "@effect-signalwire/schema/Reason"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Stream from "effect/Stream"
import type { ConnectionState } from "../src/ConnectionState.ts"
import type * as Schemas from "../src/Schemas.ts"
import type { Signal } from "../src/Signal.ts"
import * as Subscription from "../src/Subscription.ts"
import type { SubscriptionError } from "../src/SubscriptionError.ts"
import * as Wake from "../src/Wake.ts"
import * as WebSockets from "../src/WebSockets.ts"

type Service = Subscription.Service

describe("the methods", () => {
  it("subscribe until a scope closes, or stream batches of signals", () => {
    expectTypeOf<Service["subscribe"]>().toEqualTypeOf<
      Effect.Effect<Subscription.Subscriber, SubscriptionError, Scope.Scope>
    >()
    expectTypeOf<Service["signals"]>().toEqualTypeOf<Stream.Stream<ReadonlyArray<Signal>>>()
  })

  it("stream events, and fail when the connection fails", () => {
    expectTypeOf<Service["events"]>().toEqualTypeOf<Stream.Stream<ConversationEvent, SubscriptionError>>()
    expectTypeOf<Service["ready"]>().toEqualTypeOf<Effect.Effect<void, SubscriptionError>>()
    expectTypeOf<SubscriptionError["_tag"]>().toEqualTypeOf<"SubscriptionError">()
    expectTypeOf<SubscriptionError["reason"]>().toEqualTypeOf<Reason>()
  })

  it("return the connection's state without failing", () => {
    expectTypeOf<Service["connection"]["current"]>().toEqualTypeOf<Effect.Effect<ConnectionState>>()
    expectTypeOf<Service["connection"]["changes"]>().toEqualTypeOf<Stream.Stream<ConnectionState>>()
    expectTypeOf<Service["sessionCount"]>().toEqualTypeOf<Effect.Effect<number>>()
  })
})

describe("wake signals", () => {
  it("are a stream that cannot fail, and never a requirement", () => {
    expectTypeOf(Wake.platform).toEqualTypeOf<Stream.Stream<"wake" | "offline">>()
    expectTypeOf(Wake.Wake).toEqualTypeOf<Context.Reference<Stream.Stream<Wake.WakeSignal>>>()
    const wrong = (stream: Stream.Stream<Wake.WakeSignal, Error>) =>
      // @ts-expect-error: it may fail
      Layer.succeed(Wake.Wake, stream)
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("signals", () => {
  it("are events, discontinuities and malformed values", () => {
    type Tagged<Tag> = Extract<Signal, { readonly _tag: Tag }>
    expectTypeOf<Signal["_tag"]>().toEqualTypeOf<"Event" | "Discontinuity" | "Malformed">()
    expectTypeOf<Tagged<"Event">["event"]>().toEqualTypeOf<ConversationEvent>()
    expectTypeOf<Tagged<"Malformed">["malformed"]>().toEqualTypeOf<MalformedValue>()
    const wrong = (signal: Signal) => {
      // @ts-expect-error: it may be a discontinuity
      return signal.event
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the connection's state", () => {
  it("has a reason, which is null while nothing is wrong", () => {
    type Tagged<Tag> = Extract<ConnectionState, { readonly _tag: Tag }>
    expectTypeOf<ConnectionState["reason"]>().toEqualTypeOf<Reason | null>()
    expectTypeOf<Tagged<"Reconnecting">["reason"]>().toEqualTypeOf<Reason>()
    expectTypeOf<Tagged<"Failed">["reason"]>().toEqualTypeOf<Reason>()
  })
})

describe("the schemas", () => {
  it("have the types of the same names, in both directions", () => {
    expectTypeOf<typeof Schemas.SubscriptionError.Type>().toEqualTypeOf<SubscriptionError>()
    expectTypeOf<Schemas.SubscriptionError>().toEqualTypeOf<SubscriptionError>()
    expectTypeOf<typeof Schemas.ConnectionState.Type>().toEqualTypeOf<ConnectionState>()
    expectTypeOf<Schemas.ConnectionState>().toEqualTypeOf<ConnectionState>()
  })

  it("have exactly the fields of the error", () => {
    expectTypeOf<keyof (typeof Schemas.SubscriptionError)["Iso"]>().toEqualTypeOf<keyof ErrorFields | "_tag">()
  })
})

describe("the layers", () => {
  it("require credentials and a WebSocket, and do not fail", () => {
    expectTypeOf(Subscription.layer).returns.toEqualTypeOf<
      Layer.Layer<Subscription.Subscription, never, Credentials | WebSocketConstructor>
    >()
    expectTypeOf(WebSockets.layer).toEqualTypeOf<Layer.Layer<WebSocketConstructor>>()
    const endpoint = { http: "", ws: "" }
    const right = () => [
      Subscription.layer({ endpoint, backoff: { base: "1 second", cap: "1 minute" } }),
      Subscription.layer({ endpoint, backoff: Schedule.recurs(3) })
    ]
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: the schedule must not fail
      Subscription.layer({ endpoint, backoff: Schedule.fromStep(Effect.succeed(() => Effect.fail("no"))) }),
      // @ts-expect-error: the endpoint is missing
      Subscription.layer({}),
      // @ts-expect-error: a backoff needs both bounds
      Subscription.layer({ endpoint, backoff: { base: "1 second" } })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})
