/** The types of what the service requires, returns and fails with; `pnpm check` verifies them. */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Address } from "@effect-signalwire/schema/Address"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Page } from "@effect-signalwire/schema/Page"
import type { ErrorFields, Invalid, Reason } from "@effect-signalwire/schema/Reason"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import { describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { Scope } from "effect/Scope"
import type * as Stream from "effect/Stream"
import { withoutRetry } from "../src/RetryPolicy.ts"
import type * as Schemas from "../src/Schemas.ts"
import * as SignalWireHttp from "../src/SignalWireHttp.ts"
import type { SignalWireHttpError } from "../src/SignalWireHttpError.ts"

type Service = SignalWireHttp.Service

/** Only compiled, never called. */
declare const http: Service

describe("the methods", () => {
  it("return one item, a page, or a Stream of all items", () => {
    expectTypeOf<Service["getSubscriber"]>().toEqualTypeOf<Effect.Effect<Subscriber, SignalWireHttpError>>()
    expectTypeOf<Service["getAddress"]>().returns.toEqualTypeOf<Effect.Effect<Address, SignalWireHttpError>>()
    expectTypeOf<Service["getAddressByName"]>().returns.toEqualTypeOf<Effect.Effect<Address, SignalWireHttpError>>()
    expectTypeOf<Service["getAddresses"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<Address, SignalWireHttpError>, SignalWireHttpError>
    >()
    expectTypeOf<Service["getConversations"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<Conversation, SignalWireHttpError>, SignalWireHttpError>
    >()
    expectTypeOf<Service["getMessages"]>().returns.toEqualTypeOf<
      Effect.Effect<Page<ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
    >()
    expectTypeOf<Service["addresses"]>().returns.toEqualTypeOf<Stream.Stream<Address, SignalWireHttpError>>()
    expectTypeOf<Service["conversations"]>().returns.toEqualTypeOf<Stream.Stream<Conversation, SignalWireHttpError>>()
    expectTypeOf<Service["conversationMessages"]>().returns.toEqualTypeOf<
      Stream.Stream<ConversationMessage, SignalWireHttpError>
    >()
    expectTypeOf<Service["messages"]>().returns.toEqualTypeOf<Stream.Stream<ConversationMessage, SignalWireHttpError>>()
    expectTypeOf<Service["join"]>().returns.toEqualTypeOf<
      Effect.Effect<JoinConversationResponse, SignalWireHttpError>
    >()
  })

  it("return the conversation of a message that was sent, and neither its id nor its time", () => {
    expectTypeOf<Service["sendMessage"]>().returns.toEqualTypeOf<
      Effect.Effect<SignalWireHttp.SendReceipt, SignalWireHttpError>
    >()
    expectTypeOf<SignalWireHttp.SendReceipt>().toEqualTypeOf<{
      readonly conversationId: ConversationId
      readonly groupId: GroupId | null
    }>()
  })

  it("check a message without sending it", () => {
    expectTypeOf(SignalWireHttp.checkMessage).returns.toEqualTypeOf<Option.Option<Invalid>>()
  })

  it("return the dialect, or None until it is detected", () => {
    expectTypeOf<Service["dialect"]>().toEqualTypeOf<Effect.Effect<Option.Option<Dialect>>>()
  })

  it("fail with one error, whose reason is one of all reasons", () => {
    expectTypeOf<SignalWireHttpError["_tag"]>().toEqualTypeOf<"SignalWireHttpError">()
    expectTypeOf<SignalWireHttpError["reason"]>().toEqualTypeOf<Reason>()
    const caught = () => http.join({ addressId: "a" }).pipe(Effect.catchTag("SignalWireHttpError", () => Effect.void))
    expectTypeOf(caught).returns.toEqualTypeOf<Effect.Effect<JoinConversationResponse | void>>()
  })

  it("do not accept wrong options", () => {
    const wrong = () => [
      // @ts-expect-error: id is required
      http.getAddress({ name: "office" }),
      // @ts-expect-error: addressId is required
      http.conversationMessages({}),
      // @ts-expect-error: text is required
      http.sendMessage({ addressId: "a" }),
      // @ts-expect-error: addresses are sorted by name or created_at
      http.getAddresses({ sortBy: "id" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("ids in options", () => {
  it("are strings without a brand or ids of the kind, and never ids of another kind", () => {
    const addressId = Branded.addressId("a")
    const right = () => [
      http.getAddress({ id: "a" }),
      http.getAddress({ id: addressId }),
      http.conversationMessages({ addressId: "a" }),
      http.conversationMessages({ addressId }),
      http.join({ addressId }),
      http.sendMessage({ addressId: "a", text: "hello", clientId: "c" }),
      http.sendMessage({ addressId, text: "hello", clientId: Branded.clientId("c") })
    ]
    expectTypeOf(right).toBeFunction()
    const messageId = Branded.messageId("m")
    const wrong = (groupId: GroupId, conversationId: ConversationId) => [
      // @ts-expect-error: a message id is not an address id
      http.getAddress({ id: messageId }),
      // @ts-expect-error: a group id is not an address id
      http.conversationMessages({ addressId: groupId }),
      // @ts-expect-error: a conversation id is an address id in one of the dialects only
      http.join({ addressId: conversationId }),
      // @ts-expect-error: a message id is not an address id
      http.sendMessage({ addressId: messageId, text: "hello" }),
      // @ts-expect-error: a message id is not a client id
      http.sendMessage({ addressId, text: "hello", clientId: messageId })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the schemas", () => {
  it("have the types of the same names, in both directions", () => {
    expectTypeOf<typeof Schemas.SignalWireHttpError.Type>().toEqualTypeOf<SignalWireHttpError>()
    expectTypeOf<Schemas.SignalWireHttpError>().toEqualTypeOf<SignalWireHttpError>()
    expectTypeOf<typeof Schemas.SendOptions.Type>().toEqualTypeOf<
      { readonly [K in keyof SignalWireHttp.SendOptions]: SignalWireHttp.SendOptions[K] }
    >()
    expectTypeOf<Schemas.SendOptions>().toEqualTypeOf<SignalWireHttp.SendOptions>()
  })

  it("have exactly the fields of the error", () => {
    expectTypeOf<keyof (typeof Schemas.SignalWireHttpError)["Iso"]>().toEqualTypeOf<keyof ErrorFields | "_tag">()
  })
})

describe("the layers", () => {
  it("require an HttpClient and Credentials, and do not fail", () => {
    expectTypeOf(SignalWireHttp.make).returns.toEqualTypeOf<
      Effect.Effect<Service, never, HttpClient | Credentials | Scope>
    >()
    expectTypeOf(SignalWireHttp.layer).returns.toEqualTypeOf<
      Layer.Layer<SignalWireHttp.SignalWireHttp, never, HttpClient | Credentials>
    >()
    expectTypeOf(SignalWireHttp.layerFetch).returns.toEqualTypeOf<
      Layer.Layer<SignalWireHttp.SignalWireHttp, never, Credentials>
    >()
    expectTypeOf(SignalWireHttp.layerBareFetch).returns.toEqualTypeOf<
      Layer.Layer<SignalWireHttp.SignalWireHttp, never, Credentials>
    >()
    expectTypeOf(SignalWireHttp.layerFetchClient).toEqualTypeOf<Layer.Layer<HttpClient>>()
  })

  it("require an endpoint", () => {
    const wrong = () => [
      // @ts-expect-error: endpoint is required
      SignalWireHttp.layer({}),
      // @ts-expect-error: ws is required
      SignalWireHttp.layer({ endpoint: { http: "https://example.com" } })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("RetryPolicy.withoutRetry", () => {
  it("keeps the type of the effect, in all forms", () => {
    const forms = (effect: Effect.Effect<string, Error, Scope>) =>
      [
        withoutRetry(effect),
        withoutRetry(effect, 500),
        effect.pipe(withoutRetry()),
        effect.pipe(withoutRetry(500))
      ] as const
    type Form = Effect.Effect<string, Error, Scope>
    expectTypeOf(forms).returns.toEqualTypeOf<readonly [Form, Form, Form, Form]>()
    const wrong = () =>
      // @ts-expect-error: milliseconds are a number
      Effect.void.pipe(withoutRetry("1 second"))
    expectTypeOf(wrong).toBeFunction()
  })
})
