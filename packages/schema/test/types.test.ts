/** What the models are made of and what decoding answers, on the level of types; `pnpm check` holds these to it. */
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
  it("of one kind are not those of another, and no plain texts", () => {
    const takesAddress = (id: AddressId) => id
    const right = () => [takesAddress(AddressId.make("a"))]
    expectTypeOf(right).toBeFunction()
    const wrong = () => [
      // @ts-expect-error: a text is no address
      takesAddress("a"),
      // @ts-expect-error: a message is no address
      takesAddress(MessageId.make("m")),
      // @ts-expect-error: a group is no address
      takesAddress(GroupId.make("sw_a"))
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("of addresses and groups name conversations", () => {
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

  it("of messages have null for what a dialect does not tell", () => {
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

  it("can't be changed", () => {
    const wrong = (message: ConversationMessage.ConversationMessage) => {
      // @ts-expect-error: what was said is said
      message.text = "something else"
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("decoding", () => {
  it("takes anything, and answers a value or what is wrong with it, never an exception", () => {
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

  it("reads either dialect, and writes either or both", () => {
    expectTypeOf<Dialect>().toEqualTypeOf<"address" | "group">()
    expectTypeOf(Conversation.encode).parameter(1).toEqualTypeOf<WireForm>()
    expectTypeOf<WireForm>().toEqualTypeOf<Dialect | "all">()
  })

  it("hands on the documented objects, and takes no others for them", () => {
    expectTypeOf(Documented.message).parameters.toEqualTypeOf<[ConversationMessage.ConversationMessage]>()
    expectTypeOf(Documented.event).returns.toEqualTypeOf<Documented.ConversationEvent>()
    const wrong = (message: ConversationMessage.ConversationMessage) =>
      // @ts-expect-error: a message that was read is no event
      Documented.event(message)
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("pages", () => {
  it("lead to their neighbours, which fail as they do", () => {
    expectTypeOf<Page<string, Error>["next"]>().toEqualTypeOf<
      Effect.Effect<Option.Option<Page<string, Error>>, Error>
    >()
    expectTypeOf<Page<string, Error>["first"]>().toEqualTypeOf<Effect.Effect<Page<string, Error>, Error>>()
  })
})

describe("reasons", () => {
  it("all say whether to try again, and what else to do", () => {
    expectTypeOf<Reason["isRetryable"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Reason["remediation"]>().toExtend<string>()
    expectTypeOf<Reason>().toExtend<Error>()
  })
})
