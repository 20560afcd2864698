/** Type tests of the public API, which `pnpm check` runs. */
import type { Backend } from "@effect-signalwire/backend/Backend"
import type { Faults } from "@effect-signalwire/backend/Faults"
import type { Storage } from "@effect-signalwire/backend/Storage"
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { Conversations, Service } from "@effect-signalwire/conversation/Conversations"
import type { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type * as Address from "@effect-signalwire/schema/Address"
import type * as Conversation from "@effect-signalwire/schema/Conversation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import type * as Subscriber from "@effect-signalwire/schema/Subscriber"
import type { Subscription } from "@effect-signalwire/subscription/Subscription"
import { describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import type * as AdminClient from "../src/AdminClient.ts"
import * as Conformance from "../src/Conformance.ts"
import * as FakeServer from "../src/FakeServer.ts"
import * as Fixtures from "../src/Fixtures.ts"
import * as MemoryBackend from "../src/MemoryBackend.ts"
import * as Mocks from "../src/Mocks.ts"
import * as TestBackend from "../src/TestBackend.ts"

describe("mocks", () => {
  it("are layers without requirements, from some of the members", () => {
    expectTypeOf(Mocks.conversations).returns.toEqualTypeOf<Layer.Layer<Conversations>>()
    expectTypeOf(Mocks.http).returns.toEqualTypeOf<Layer.Layer<SignalWireHttp>>()
    expectTypeOf(Mocks.subscription).returns.toEqualTypeOf<Layer.Layer<Subscription>>()
    expectTypeOf(Mocks.credentials).returns.toEqualTypeOf<Layer.Layer<Credentials>>()
    expectTypeOf<{}>().toExtend<Parameters<typeof Mocks.conversations>[0]>()
  })

  it("have the members of the service, with the same types", () => {
    const right = () =>
      Mocks.conversations({ getMessages: () => Effect.succeed(Fixtures.page([Fixtures.conversationMessage()])) })
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: it returns a page
      Mocks.conversations({ getMessages: () => Effect.succeed([Fixtures.conversationMessage()]) }),
      // @ts-expect-error: there is no such method
      Mocks.conversations({ deleteMessage: () => Effect.void })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("fixtures", () => {
  it("are complete, with the given fields", () => {
    expectTypeOf(Fixtures.conversationMessage).returns.toEqualTypeOf<ConversationMessage>()
    expectTypeOf(Fixtures.conversationEvent).returns.toEqualTypeOf<ConversationEvent>()
    expectTypeOf(Fixtures.page([1, 2])).toEqualTypeOf<Page<number, never>>()
    expectTypeOf(Fixtures.conversation).parameter(0).toEqualTypeOf<Partial<Conversation.Fields> | undefined>()
    expectTypeOf(Fixtures.address).parameter(0).toEqualTypeOf<Partial<Address.Fields> | undefined>()
    expectTypeOf(Fixtures.subscriber).parameter(0).toEqualTypeOf<Partial<Subscriber.Fields> | undefined>()
    const wrong = () =>
      // @ts-expect-error: a string is not an id
      Fixtures.conversationMessage({ id: "m" })
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the backend in memory", () => {
  it("provides the transports of a client, and has no requirements", () => {
    expectTypeOf(MemoryBackend.layer).returns.toEqualTypeOf<
      Layer.Layer<Backend | Faults | HttpClient | WebSocketConstructor>
    >()
    expectTypeOf(MemoryBackend.layerTestBackend).returns.toEqualTypeOf<Layer.Layer<TestBackend.TestBackend>>()
  })

  it("requires a storage with layerStorage", () => {
    expectTypeOf(MemoryBackend.layerStorage).returns.toEqualTypeOf<
      Layer.Layer<Backend | Faults | HttpClient | WebSocketConstructor, never, Storage>
    >()
  })
})

describe("TestBackend", () => {
  it("requires transports", () => {
    expectTypeOf(TestBackend.layer).returns.toEqualTypeOf<
      Layer.Layer<TestBackend.TestBackend, never, HttpClient | WebSocketConstructor>
    >()
  })

  it("has participants, whose clients are scoped", () => {
    expectTypeOf(TestBackend.participant).returns.toEqualTypeOf<
      Effect.Effect<TestBackend.Participant, ConversationError, TestBackend.TestBackend | Scope.Scope>
    >()
    expectTypeOf(TestBackend.client).returns.toEqualTypeOf<
      Effect.Effect<Service, ConversationError, TestBackend.TestBackend | Scope.Scope>
    >()
    expectTypeOf<TestBackend.Service["admin"]>().toEqualTypeOf<AdminClient.AdminClient>()
  })

  it("is the only requirement of conformance cases", () => {
    expectTypeOf(Conformance.cases).returns.toEqualTypeOf<ReadonlyArray<Conformance.Case>>()
    expectTypeOf<Conformance.Case["run"]>().toEqualTypeOf<Effect.Effect<void, unknown, TestBackend.TestBackend>>()
    const wrong = () => [
      // @ts-expect-error: there is no such dialect
      Conformance.cases("grouped")
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the fake server", () => {
  it("is made without requirements", () => {
    expectTypeOf(FakeServer.make).toEqualTypeOf<Effect.Effect<FakeServer.FakeServer>>()
  })
})
