/** The types of the service: what it requires, returns and fails with. `pnpm check` verifies them. */
import type { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Reason, Unconfirmed } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type { Subscription } from "@effect-signalwire/subscription/Subscription"
import { describe, expectTypeOf, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import type * as Option from "effect/Option"
import type { KeyValueStore } from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type { ConversationError, Fields } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"
import * as ConversationTrace from "../src/ConversationTrace.ts"
import * as Cursor from "../src/Cursor.ts"
import type * as Outbox from "../src/Outbox.ts"
import type * as Schemas from "../src/Schemas.ts"
import type { Gap, TimelineEvent } from "../src/TimelineEvent.ts"

type Service = Conversations.Service
type Transports = HttpClient | WebSocketConstructor

/** Type-checked only, never called. */
declare const service: Service
const token = Redacted.make("token")

describe("methods", () => {
  it("read pages whose neighbors have the same error", () => {
    expectTypeOf<Service["getConversations"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<Conversation, ConversationError>, ConversationError>
    >()
    expectTypeOf<Service["getConversationMessages"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<ConversationMessage, ConversationError>, ConversationError>
    >()
    expectTypeOf<Service["getMessages"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<ConversationMessage, ConversationError>, ConversationError>
    >()
  })

  it("read lists as Streams", () => {
    expectTypeOf<Service["conversations"]>().returns.toEqualTypeOf<Stream.Stream<Conversation, ConversationError>>()
    expectTypeOf<Service["conversationMessages"]>().returns.toEqualTypeOf<
      Stream.Stream<ConversationMessage, ConversationError>
    >()
    expectTypeOf<Service["messages"]>().returns.toEqualTypeOf<Stream.Stream<ConversationMessage, ConversationError>>()
  })

  it("send and join", () => {
    expectTypeOf<Service["sendMessage"]>().returns.toEqualTypeOf<Effect.Effect<Conversation, ConversationError>>()
    expectTypeOf<Service["join"]>().returns.toEqualTypeOf<Effect.Effect<JoinConversationResponse, ConversationError>>()
  })

  it("subscribe in one step, or in two that share a scope", () => {
    expectTypeOf<Service["subscribe"]>().toEqualTypeOf<Stream.Stream<ConversationEvent, ConversationError>>()
    expectTypeOf<Service["subscription"]>().returns.toEqualTypeOf<
      Effect.Effect<Stream.Stream<ConversationEvent, ConversationError>, ConversationError, Scope.Scope>
    >()
    expectTypeOf<Service["timeline"]>().returns.toEqualTypeOf<Stream.Stream<TimelineEvent, ConversationError>>()
  })

  it("send with the options of the service, not with those of SignalWireHttp", () => {
    const hello = { addressId: "a", text: "hello", clientId: "c" }
    const right = (http: SignalWireHttp["Service"]) => [
      service.sendMessage({ ...hello, isNew: true }),
      http.sendMessage({ ...hello, clientIdIn: "both" })
    ]
    expectTypeOf(right).toBeFunction()
    const wrong = (http: SignalWireHttp["Service"]) => [
      // @ts-expect-error: the service decides where the client id is stored
      service.sendMessage({ ...hello, clientIdIn: "both" }),
      // @ts-expect-error: SignalWireHttp never searches history
      http.sendMessage({ ...hello, isNew: true })
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("read the connection state without an error", () => {
    expectTypeOf<Service["connection"]["current"]>().toEqualTypeOf<Effect.Effect<ConnectionState>>()
    expectTypeOf<Service["connection"]["changes"]>().toEqualTypeOf<Stream.Stream<ConnectionState>>()
  })

  it("accept times as unix seconds or DateTime, and not as Date", () => {
    type Options = Parameters<Service["getConversationMessages"]>[0]
    expectTypeOf<Options["since"]>().toEqualTypeOf<number | DateTime.DateTime | undefined>()
    expectTypeOf<Conversations.TimelineOptions["since"]>().toEqualTypeOf<number | DateTime.DateTime | undefined>()
    const wrong = () => [
      // @ts-expect-error: a Date is not accepted
      service.getMessages({ since: new Date() }),
      // @ts-expect-error: addressId is required
      service.timeline({}),
      // @ts-expect-error: addressId is required
      service.sendMessage({ text: "hello" }),
      // @ts-expect-error: capacity is required
      service.subscription({ policy: { strategy: "sliding" } })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

it("findMessage returns an Option", () => {
  expectTypeOf<Service["findMessage"]>().returns.toEqualTypeOf<
    Effect.Effect<Option.Option<ConversationMessage>, ConversationError>
  >()
})

describe("ids in options", () => {
  it("are strings without a brand or ids of the kind, and never ids of another kind", () => {
    const addressId = Branded.addressId("a")
    const clientId = Branded.clientId("c")
    const right = (outbox: Outbox.Service) => [
      service.timeline({ addressId: "a" }),
      service.timeline({ addressId }),
      service.join({ addressId }),
      service.findMessage({ addressId: "a", clientId: "c" }),
      service.findMessage({ addressId, clientId }),
      service.sendMessage({ addressId, text: "hello", clientId: "c" }),
      outbox.enqueue({ addressId, text: "hello", clientId }),
      outbox.enqueue({ addressId: "a", text: "hello", clientId: "c" })
    ]
    expectTypeOf(right).toBeFunction()
    const messageId = Branded.messageId("m")
    const wrong = (outbox: Outbox.Service, { conversationId }: ConversationMessage) => [
      // @ts-expect-error: a message id is not an address id
      service.timeline({ addressId: messageId }),
      // @ts-expect-error: a conversation id is an address id in one of the dialects only
      service.join({ addressId: conversationId }),
      // @ts-expect-error: a message id is not a client id
      service.findMessage({ addressId, clientId: messageId }),
      // @ts-expect-error: a client id is not an address id
      service.sendMessage({ addressId: clientId, text: "hello" }),
      // @ts-expect-error: a message id is not an address id
      outbox.enqueue({ addressId: messageId, text: "hello" }),
      // @ts-expect-error: an address id is not a client id
      outbox.enqueue({ addressId, text: "hello", clientId: addressId })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the error", () => {
  it("has a reason that can be caught by its tag", () => {
    expectTypeOf<ConversationError["reason"]>().toEqualTypeOf<Reason>()
    const sending = () =>
      service.sendMessage({ addressId: "a", text: "hello" }).pipe(
        Effect.catchReason("ConversationError", "Unconfirmed", (reason) => {
          expectTypeOf(reason).toEqualTypeOf<Unconfirmed>()
          return Effect.succeed(reason.clientId)
        })
      )
    expectTypeOf(sending).returns.toExtend<Effect.Effect<Conversation | string, ConversationError>>()
    const wrong = () =>
      // @ts-expect-error: there is no such reason
      Effect.catchReason(service.join({ addressId: "a" }), "ConversationError", "Unheard", () => Effect.void)
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the schemas", () => {
  it("have the types of the same names, in both directions", () => {
    expectTypeOf<typeof Schemas.ConversationError.Type>().toEqualTypeOf<ConversationError>()
    expectTypeOf<Schemas.ConversationError>().toEqualTypeOf<ConversationError>()
    expectTypeOf<typeof Schemas.SendOptions.Type>().toEqualTypeOf<
      { readonly [K in keyof Conversations.SendOptions]: Conversations.SendOptions[K] }
    >()
    expectTypeOf<Schemas.SendOptions>().toEqualTypeOf<Conversations.SendOptions>()
    expectTypeOf<typeof Schemas.TimelineEvent.Type>().toEqualTypeOf<TimelineEvent>()
    expectTypeOf<Schemas.TimelineEvent>().toEqualTypeOf<TimelineEvent>()
    expectTypeOf<typeof Schemas.Gap.Type>().toEqualTypeOf<Gap>()
    expectTypeOf<Schemas.Gap>().toEqualTypeOf<Gap>()
    expectTypeOf<typeof Schemas.OutboxEvent.Type>().toEqualTypeOf<Outbox.OutboxEvent>()
    expectTypeOf<Schemas.OutboxEvent>().toEqualTypeOf<Outbox.OutboxEvent>()
    expectTypeOf<typeof Schemas.OutboxEntry.Type>().toEqualTypeOf<Outbox.Entry>()
    expectTypeOf<Schemas.OutboxEntry>().toEqualTypeOf<Outbox.Entry>()
  })

  it("have exactly the fields of the error", () => {
    expectTypeOf<keyof (typeof Schemas.ConversationError)["Iso"]>().toEqualTypeOf<keyof Fields | "_tag">()
  })
})

class TokenSource extends Context.Service<TokenSource, { readonly next: Effect.Effect<Redacted.Redacted> }>()(
  "test/TokenSource"
) {}
const refreshWith = Effect.gen(function*() {
  yield* Effect.addFinalizer(() => Effect.void)
  return yield* TokenSource.use(({ next }) => next)
})

describe("layers", () => {
  it("close requirements step by step: services, credentials, transports", () => {
    expectTypeOf(Conversations.make).returns.toEqualTypeOf<
      Effect.Effect<Service, ConversationError, SignalWireHttp | Subscription | Scope.Scope>
    >()
    expectTypeOf(Conversations.layerServices).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Conversations, ConversationError, SignalWireHttp | Subscription>
    >()
    expectTypeOf(Conversations.layerCredentials).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError, Credentials | Transports>
    >()
    expectTypeOf(Conversations.layerBareFetch).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError, Credentials | WebSocketConstructor>
    >()
    const layer = () => Conversations.layer({ token })
    expectTypeOf(layer).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError, Transports>
    >()
    const layerFetch = () => Conversations.layerFetch({ token })
    expectTypeOf(layerFetch).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError>
    >()
    expectTypeOf(Conversations.layerTransports).toEqualTypeOf<Layer.Layer<Transports>>()
  })

  it("require what refresh requires, except for a scope", () => {
    const options = { token, refresh: refreshWith }
    const layer = () => Conversations.layer(options)
    expectTypeOf(layer).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError, Transports | TokenSource>
    >()
    const layerFetch = () => Conversations.layerFetch(options)
    expectTypeOf(layerFetch).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError, TokenSource>
    >()
    const layerConfig = () => Conversations.layerConfig({ token: Config.Redacted("TOKEN"), refresh: refreshWith })
    expectTypeOf(layerConfig).returns.toEqualTypeOf<
      Layer.Layer<
        Conversations.Services | Credentials,
        ConversationError | Config.ConfigError,
        Transports | TokenSource
      >
    >()
  })

  it("require nothing more where any layer is expected", () => {
    class Clients extends LayerMap.Service<Clients>()("test/Clients", {
      lookup: () => Layer.unwrap(Effect.sync(() => Conversations.layerFetch({ token })))
    }) {}
    expectTypeOf(Clients.get).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError, Clients>
    >()
  })

  it("take options from configuration at any depth, and schedules as they are", () => {
    const token = Config.Redacted("TOKEN")
    const bounds = { base: Config.Duration("BASE"), cap: Config.Duration("CAP") }
    const sweep = { min: Config.Duration("MIN"), max: Config.Duration("MAX") }
    const right = () => [
      Conversations.layerConfig({ token, urls: { http: Config.String("HTTP"), ws: Config.String("WS") } }),
      Conversations.layerConfig({ token, subscription: { backoff: bounds }, sweep }),
      Conversations.layerConfig({ token, sweep: Config.succeed(false) }),
      Conversations.layerConfig({
        token,
        http: { retry: Schedule.recurs(2), timeout: Config.Duration("TIMEOUT") },
        subscription: { backoff: Schedule.spaced("1 second") }
      })
    ]
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: the token is required
      Conversations.layerConfig({ sweep }),
      // @ts-expect-error: values come from a Config
      Conversations.layerConfig({ token, host: "example.com" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("from configuration fail with ConfigError", () => {
    const layer = () => Conversations.layerConfig()
    expectTypeOf(layer).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services | Credentials, ConversationError | Config.ConfigError, Transports>
    >()
  })

  it("provide the service and the services that it is composed of", () => {
    expectTypeOf<Conversations.Services>().toEqualTypeOf<Conversations.Conversations | SignalWireHttp | Subscription>()
  })

  it("accept only a Redacted token", () => {
    const right = () => Conversations.layer({ token, host: "puc.signalwire.com" })
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: a string could be logged
      Conversations.layer({ token: "token" }),
      // @ts-expect-error: the token is required
      Conversations.layer({}),
      // @ts-expect-error: there is no such dialect
      Conversations.layer({ token, dialect: "grouped" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("are needed by a program that uses the service", () => {
    const program = Effect.flatMap(Conversations.Conversations, ({ getMessages }) => getMessages())
    expectTypeOf(program).toEqualTypeOf<
      Effect.Effect<Page<ConversationMessage, ConversationError>, ConversationError, Conversations.Conversations>
    >()
  })
})

describe("ConversationTrace.withMessage", () => {
  it("provides the parent span, in both forms", () => {
    const forms = (effect: Effect.Effect<string, Error, Tracer.ParentSpan | Scope.Scope>, event: ConversationEvent) =>
      [
        ConversationTrace.withMessage(effect, event),
        effect.pipe(ConversationTrace.withMessage(event))
      ] as const
    type Form = Effect.Effect<string, Error, Scope.Scope>
    expectTypeOf(forms).returns.toEqualTypeOf<readonly [Form, Form]>()
    const wrong = () =>
      // @ts-expect-error: an id is not a message
      Effect.void.pipe(ConversationTrace.withMessage("id"))
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("cursor", () => {
  it("can't be combined with a policy that drops messages", () => {
    const right = (cursor: Cursor.Cursor) => [
      service.subscription({ cursor }),
      service.subscription({ cursor, policy: "suspend" }),
      service.timeline({ addressId: "a", cursor })
    ]
    expectTypeOf(right).toBeFunction()
    const policy = { strategy: "sliding", capacity: 100 } as const
    const wrong = (cursor: Cursor.Cursor) => [
      // @ts-expect-error: the cursor would be saved beyond what was consumed
      service.subscription({ cursor, policy }),
      // @ts-expect-error: the cursor would be saved beyond what was consumed
      service.timeline({ addressId: "a", cursor, policy })
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("requires a KeyValueStore", () => {
    expectTypeOf(Cursor.make).returns.toEqualTypeOf<Effect.Effect<Cursor.Cursor, never, KeyValueStore>>()
  })
})
