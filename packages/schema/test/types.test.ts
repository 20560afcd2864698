/** Type tests of the models and decoders. `pnpm check` verifies them. */
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import * as Conversation from "../src/Conversation.ts"
import * as ConversationEvent from "../src/ConversationEvent.ts"
import * as ConversationMessage from "../src/ConversationMessage.ts"
import type { Dialect, WireForm } from "../src/Dialect.ts"
import * as Documented from "../src/Documented.ts"
import { AddressId, type ClientId, type ConversationId, GroupId, MessageId, type SubscriberId } from "../src/Ids.ts"
import type { JsonObject } from "../src/JsonObject.ts"
import type { MalformedValue } from "../src/Malformed.ts"
import type { Page } from "../src/Page.ts"
import type { Reason } from "../src/Reason.ts"

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
