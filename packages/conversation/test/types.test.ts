/** What the service requires, answers and can fail with, on the level of types; `pnpm check` holds these to it. */
import type { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Reason, Unconfirmed } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type { Subscription } from "@effect-signalwire/subscription/Subscription"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as Config from "effect/Config"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type { KeyValueStore } from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as Stream from "effect/Stream"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Conversations from "../src/Conversations.ts"
import * as Cursor from "../src/Cursor.ts"
import type { TimelineEvent } from "../src/TimelineEvent.ts"

type Service = Conversations.Service
type Transports = HttpClient | WebSocketConstructor

/** Written to be compiled, never called. */
declare const service: Service
const token = Redacted.make("token")

describe("the methods", () => {
  it("read pages, whose neighbours fail as they do", () => {
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

  it("read everything as Streams", () => {
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

  it("follow what happens: in one step, or in two that share a scope", () => {
    expectTypeOf<Service["subscribe"]>().toEqualTypeOf<Stream.Stream<ConversationEvent, ConversationError>>()
    expectTypeOf<Service["subscription"]>().returns.toEqualTypeOf<
      Effect.Effect<Stream.Stream<ConversationEvent, ConversationError>, ConversationError, Scope.Scope>
    >()
    expectTypeOf<Service["timeline"]>().returns.toEqualTypeOf<Stream.Stream<TimelineEvent, ConversationError>>()
  })

  it("tell the connection's state without failing", () => {
    expectTypeOf<Service["connection"]["current"]>().toEqualTypeOf<Effect.Effect<ConnectionState>>()
    expectTypeOf<Service["connection"]["changes"]>().toEqualTypeOf<Stream.Stream<ConnectionState>>()
  })

  it("take times as unix seconds or as a DateTime, and not as a Date", () => {
    type Options = Parameters<Service["getConversationMessages"]>[0]
    expectTypeOf<Options["since"]>().toEqualTypeOf<number | DateTime.DateTime | undefined>()
    expectTypeOf<Conversations.TimelineOptions["since"]>().toEqualTypeOf<number | DateTime.DateTime | undefined>()
    const wrong = () => [
      // @ts-expect-error: a Date has no unit that could be seen
      service.getMessages({ since: new Date() }),
      // @ts-expect-error: whose timeline?
      service.timeline({}),
      // @ts-expect-error: a message goes to somebody
      service.sendMessage({ text: "hello" }),
      // @ts-expect-error: a policy that drops says how much it holds
      service.subscription({ policy: { strategy: "sliding" } })
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

describe("the layers", () => {
  it("are closed step by step: services, credentials, transports", () => {
    expectTypeOf(Conversations.make).returns.toEqualTypeOf<
      Effect.Effect<Service, never, SignalWireHttp | Subscription | Scope.Scope>
    >()
    expectTypeOf(Conversations.layerServices).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Conversations, never, SignalWireHttp | Subscription>
    >()
    expectTypeOf(Conversations.layerCredentials).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError, Credentials | Transports>
    >()
    expectTypeOf(Conversations.layerBareFetch).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError, Credentials | WebSocketConstructor>
    >()
    expectTypeOf(Conversations.layer).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError, Transports>
    >()
    expectTypeOf(Conversations.layerFetch).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError>
    >()
    expectTypeOf(Conversations.layerTransports).toEqualTypeOf<Layer.Layer<Transports>>()
  })

  it("from configuration can fail because of it", () => {
    expectTypeOf(Conversations.layerConfig).returns.toEqualTypeOf<
      Layer.Layer<Conversations.Services, ConversationError | Config.ConfigError, Transports>
    >()
  })

  it("offer the service and what it is composed of", () => {
    expectTypeOf<Conversations.Services>().toEqualTypeOf<Conversations.Conversations | SignalWireHttp | Subscription>()
  })

  it("take a token that is Redacted, and nothing less", () => {
    const right = () => Conversations.layer({ token, host: "puc.signalwire.com" })
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: a text could be logged
      Conversations.layer({ token: "token" }),
      // @ts-expect-error: there has to be one
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

describe("a cursor", () => {
  it("is kept in a KeyValueStore", () => {
    expectTypeOf(Cursor.make).returns.toEqualTypeOf<Effect.Effect<Cursor.Cursor, never, KeyValueStore>>()
  })
})
