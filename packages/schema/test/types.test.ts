/** Type tests of the models and decoders. `pnpm check` verifies them. */
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type * as Address from "../src/Address.ts"
import * as Branded from "../src/Branded.ts"
import * as Conversation from "../src/Conversation.ts"
import * as ConversationEvent from "../src/ConversationEvent.ts"
import * as ConversationMessage from "../src/ConversationMessage.ts"
import type { Dialect, WireForm } from "../src/Dialect.ts"
import * as Documented from "../src/Documented.ts"
import {
  AddressId,
  type AddressIdInput,
  ClientId,
  type ClientIdInput,
  type ConversationId,
  GroupId,
  MessageId,
  type SubscriberId
} from "../src/Ids.ts"
import type * as Join from "../src/JoinConversationResponse.ts"
import type { JsonObject } from "../src/JsonObject.ts"
import type { MalformedValue } from "../src/Malformed.ts"
import type { Page } from "../src/Page.ts"
import type * as Reasons from "../src/Reason.ts"
import type { Reason } from "../src/Reason.ts"
import type * as Schemas from "../src/Schemas.ts"
import type * as Subscriber from "../src/Subscriber.ts"

describe("ids", () => {
  it("of one kind are not assignable to those of another, and neither are strings", () => {
    const takesAddress = (id: AddressId) => id
    const right = () => [takesAddress(AddressId.make("a"))]
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: a string is not an address id
      takesAddress("a"),
      // @ts-expect-error: a message id is not an address id
      takesAddress(MessageId.make("m")),
      // @ts-expect-error: a group id is not an address id
      takesAddress(GroupId.make("sw_a"))
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("of addresses and groups are conversation ids", () => {
    expectTypeOf<AddressId>().toExtend<ConversationId>()
    expectTypeOf<GroupId>().toExtend<ConversationId>()
    expectTypeOf<ConversationId>().not.toExtend<AddressId>()
  })
})

describe("inputs of ids", () => {
  it("accept strings without a brand and ids of the kind, and no ids of another kind", () => {
    const takesAddress = (id: AddressIdInput): string => id
    const takesClient = (id: ClientIdInput): string => id
    const right = (text: string) => [
      takesAddress("a"),
      takesAddress(text),
      takesAddress(AddressId.make("a")),
      takesAddress(Branded.addressId("a")),
      takesClient("c"),
      takesClient(ClientId.make("c"))
    ]
    expectTypeOf(right).toBeFunction()
    const wrong = (conversationId: ConversationId) => [
      // @ts-expect-error: a message id is not an address id
      takesAddress(MessageId.make("m")),
      // @ts-expect-error: a group id is not an address id
      takesAddress(GroupId.make("sw_a")),
      // @ts-expect-error: a conversation id is an address id in one of the dialects only
      takesAddress(conversationId),
      // @ts-expect-error: a message id is not a client id
      takesClient(MessageId.make("m"))
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("schemas", () => {
  it("of models have the model as their type, and the type of the same name", () => {
    expectTypeOf<typeof Schemas.Address.Type>().toEqualTypeOf<Address.Address>()
    expectTypeOf<typeof Schemas.Conversation.Type>().toEqualTypeOf<Conversation.Conversation>()
    expectTypeOf<typeof Schemas.ConversationEvent.Type>().toEqualTypeOf<ConversationEvent.ConversationEvent>()
    expectTypeOf<typeof Schemas.ConversationMessage.Type>().toEqualTypeOf<ConversationMessage.ConversationMessage>()
    expectTypeOf<typeof Schemas.JoinConversationResponse.Type>().toEqualTypeOf<Join.JoinConversationResponse>()
    expectTypeOf<typeof Schemas.Subscriber.Type>().toEqualTypeOf<Subscriber.Subscriber>()
    expectTypeOf<Schemas.ConversationMessage>().toEqualTypeOf<ConversationMessage.ConversationMessage>()
  })

  it("of models have exactly the fields of the model", () => {
    type Fields<S extends { readonly Iso: unknown }> = S["Iso"]
    expectTypeOf<Fields<typeof Schemas.Address>>().toEqualTypeOf<Address.Fields>()
    expectTypeOf<Fields<typeof Schemas.Conversation>>().toEqualTypeOf<Conversation.Fields>()
    expectTypeOf<Fields<typeof Schemas.ConversationEvent>>().branded.toEqualTypeOf<
      ConversationMessage.Fields & ConversationEvent.EventFields
    >()
    expectTypeOf<Fields<typeof Schemas.ConversationMessage>>().toEqualTypeOf<ConversationMessage.Fields>()
    expectTypeOf<Fields<typeof Schemas.JoinConversationResponse>>().toEqualTypeOf<Join.Fields>()
    expectTypeOf<Fields<typeof Schemas.Subscriber>>().branded.toEqualTypeOf<
      Omit<Subscriber.Fields, "addresses"> & { readonly addresses: ReadonlyArray<Address.Fields> }
    >()
  })

  it("of reasons cover every reason, each with its class", () => {
    expectTypeOf<typeof Schemas.Reason.Type>().toEqualTypeOf<Reason>()
    expectTypeOf<Schemas.Reason>().toEqualTypeOf<Reason>()
    expectTypeOf<typeof Schemas.RateLimited.Type>().toEqualTypeOf<Reasons.RateLimited>()
    expectTypeOf<typeof Schemas.Closed.Type>().toEqualTypeOf<Reasons.Closed>()
    expectTypeOf<typeof Schemas.FieldError.Type>().toEqualTypeOf<Reasons.FieldError>()
  })

  it("of reasons have exactly the fields of their classes", () => {
    /** The fields of a reason, without the members of `Error` and those that are computed. */
    type Fields<A> = Omit<A, Exclude<keyof Reasons.Closed, "_tag"> | "message">
    type Of<S extends { readonly Iso: unknown }> = S["Iso"]
    expectTypeOf<Of<typeof Schemas.Forbidden>>().toEqualTypeOf<Fields<Reasons.Forbidden>>()
    expectTypeOf<Of<typeof Schemas.NotFound>>().toEqualTypeOf<Fields<Reasons.NotFound>>()
    expectTypeOf<Of<typeof Schemas.Invalid>>().branded.toEqualTypeOf<Fields<Reasons.Invalid>>()
    expectTypeOf<Of<typeof Schemas.RateLimited>>().toEqualTypeOf<Fields<Reasons.RateLimited>>()
    expectTypeOf<Of<typeof Schemas.ServerError>>().toEqualTypeOf<Fields<Reasons.ServerError>>()
    expectTypeOf<Of<typeof Schemas.Transport>>().toEqualTypeOf<Fields<Reasons.Transport>>()
    expectTypeOf<Of<typeof Schemas.Timeout>>().toEqualTypeOf<Fields<Reasons.Timeout>>()
    expectTypeOf<Of<typeof Schemas.Malformed>>().toEqualTypeOf<Fields<Reasons.Malformed>>()
    expectTypeOf<Of<typeof Schemas.ForeignLink>>().toEqualTypeOf<Fields<Reasons.ForeignLink>>()
    expectTypeOf<Of<typeof Schemas.Unconfirmed>>().toEqualTypeOf<Fields<Reasons.Unconfirmed>>()
    expectTypeOf<Of<typeof Schemas.Refused>>().toEqualTypeOf<Fields<Reasons.Refused>>()
    expectTypeOf<Of<typeof Schemas.Overloaded>>().toEqualTypeOf<Fields<Reasons.Overloaded>>()
    expectTypeOf<Of<typeof Schemas.StorageUnavailable>>().toEqualTypeOf<Fields<Reasons.StorageUnavailable>>()
    expectTypeOf<Of<typeof Schemas.UnreadableCursor>>().toEqualTypeOf<Fields<Reasons.UnreadableCursor>>()
    expectTypeOf<Of<typeof Schemas.Closed>>().toEqualTypeOf<Fields<Reasons.Closed>>()
    // `isRetryable` and `cause` are members of the other reasons that are computed or inherited
    expectTypeOf<Omit<Of<typeof Schemas.Unauthorized>, "isRetryable">>().toEqualTypeOf<Fields<Reasons.Unauthorized>>()
    expectTypeOf<Omit<Of<typeof Schemas.Defect>, "cause">>().toEqualTypeOf<Fields<Reasons.Defect>>()
  })

  it("of pages have the members of a page that are not effects", () => {
    type PageOfConversations = ReturnType<typeof Schemas.page<typeof Schemas.Conversation>>["Type"]
    expectTypeOf<PageOfConversations>().toEqualTypeOf<
      Pick<Page<Conversation.Conversation, never>, "data" | "hasNext" | "hasPrev" | "malformed">
    >()
    expectTypeOf<typeof Schemas.MalformedValue.Type>().toEqualTypeOf<MalformedValue>()
  })
})

describe("models", () => {
  it("have branded ids and times in UTC", () => {
    expectTypeOf<Conversation.Conversation["id"]>().toEqualTypeOf<ConversationId>()
    expectTypeOf<Conversation.Conversation["addressId"]>().toEqualTypeOf<AddressId | null>()
    expectTypeOf<Conversation.Conversation["createdAt"]>().toEqualTypeOf<DateTime.Utc>()
    expectTypeOf<Conversation.Conversation["lastMessageAt"]>().toEqualTypeOf<DateTime.Utc>()
  })

  it("of messages have nullable fields for what a dialect does not provide", () => {
    expectTypeOf<ConversationMessage.Fields>().toEqualTypeOf<{
      readonly id: MessageId
      readonly conversationId: ConversationId
      readonly groupId: GroupId | null
      readonly userId: SubscriberId | null
      readonly addressId: AddressId | null
      readonly fromAddressId: AddressId | null
      readonly epochSeconds: number
      readonly type: string
      readonly subtype: string | null
      readonly kind: string | null
      readonly text: string | null
      readonly metadata: JsonObject
      readonly details: JsonObject
      readonly clientId: ClientId | null
    }>()
    expectTypeOf<ConversationEvent.ConversationEvent>().toExtend<ConversationMessage.ConversationMessage>()
    expectTypeOf<ConversationEvent.ConversationEvent["hidden"]>().toEqualTypeOf<boolean>()
  })

  it("are readonly", () => {
    const wrong = (message: ConversationMessage.ConversationMessage) => {
      // @ts-expect-error: fields are readonly
      message.text = "something else"
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("decoding", () => {
  it("accepts any input, and returns a Result", () => {
    expectTypeOf(Conversation.decode).parameter(0).toEqualTypeOf<unknown>()
    expectTypeOf(Conversation.decode).returns.toEqualTypeOf<
      Result.Result<Conversation.Conversation, MalformedValue>
    >()
    expectTypeOf(ConversationMessage.decode).returns.toEqualTypeOf<
      Result.Result<ConversationMessage.ConversationMessage, MalformedValue>
    >()
    expectTypeOf(ConversationEvent.decode).returns.toEqualTypeOf<
      Result.Result<ConversationEvent.ConversationEvent, MalformedValue>
    >()
  })

  it("encodes to either dialect or both", () => {
    expectTypeOf<Dialect>().toEqualTypeOf<"address" | "group">()
    expectTypeOf(Conversation.encode).parameter(1).toEqualTypeOf<WireForm>()
    expectTypeOf<WireForm>().toEqualTypeOf<Dialect | "all">()
  })

  it("converts models to documented objects, and accepts only the right model", () => {
    expectTypeOf(Documented.message).parameters.toEqualTypeOf<[ConversationMessage.ConversationMessage]>()
    expectTypeOf(Documented.event).returns.toEqualTypeOf<Documented.ConversationEvent>()
    const wrong = (message: ConversationMessage.ConversationMessage) =>
      // @ts-expect-error: a message is not an event
      Documented.event(message)
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("pages", () => {
  it("have neighbours with the same items and the same error", () => {
    expectTypeOf<Page<string, Error>["next"]>().toEqualTypeOf<
      Effect.Effect<Option.Option<Page<string, Error>>, Error>
    >()
    expectTypeOf<Page<string, Error>["first"]>().toEqualTypeOf<Effect.Effect<Page<string, Error>, Error>>()
  })
})

describe("reasons", () => {
  it("all have isRetryable and remediation, and are Errors", () => {
    expectTypeOf<Reason["isRetryable"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Reason["remediation"]>().toExtend<string>()
    expectTypeOf<Reason>().toExtend<Error>()
  })
})
