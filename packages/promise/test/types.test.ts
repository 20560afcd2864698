/** What the methods require and answer, on the level of types; `pnpm check` holds these to it. */
import {
  type Address,
  type Connection,
  type ConnectionState,
  type Conversation,
  ConversationError,
  type ConversationEvent,
  type ConversationMessage,
  type GapReason,
  type JoinConversationResponse,
  type JsonObject,
  type Page,
  type Reason,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions,
  type Subscription,
  type TimelineEvent
} from "@effect-signalwire/promise"
import { describe, expectTypeOf, it } from "vitest"

type ConversationMethods = SignalWireClient["conversation"]
type ChatMethods = SignalWireClient["chat"]
type AddressMethods = SignalWireClient["address"]

/** Written to be compiled, never called. */
declare const conversation: ConversationMethods
declare const chat: ChatMethods
declare const address: AddressMethods

describe("SignalWire", () => {
  it("takes options, all of them optional, and answers a client", () => {
    expectTypeOf<Parameters<typeof SignalWire>[0]>().toEqualTypeOf<SignalWireOptions | undefined>()
    expectTypeOf<[]>().toExtend<Parameters<typeof SignalWire>>()
    expectTypeOf(SignalWire).returns.resolves.toEqualTypeOf<SignalWireClient>()
    expectTypeOf<{}>().toExtend<SignalWireOptions>()
    expectTypeOf<SignalWireClient>().toExtend<AsyncDisposable>()
  })

  it("takes what the environment may not have, as the documented code has it", () => {
    expectTypeOf<{ token: string | undefined }>().toExtend<SignalWireOptions>()
    expectTypeOf<SignalWireOptions["onRefreshToken"]>().toEqualTypeOf<
      (() => string | null | Promise<string | null>) | undefined
    >()
  })

  it("does not take what is no token, dialect or duration, nor options that it does not have", () => {
    const wrong = () => [
      // @ts-expect-error: a number is no token
      SignalWire({ token: 42 }),
      // @ts-expect-error: there is no such dialect
      SignalWire({ dialect: "grouped" }),
      // @ts-expect-error: a duration has a unit that Effect knows
      SignalWire({ settle: "5 sec" }),
      // @ts-expect-error: both addresses, or none
      SignalWire({ urls: { http: "https://example.com" } }),
      // @ts-expect-error: about calls, which this is not
      SignalWire({ rootElement: undefined }),
      // @ts-expect-error: a token is a text
      SignalWire({ onRefreshToken: () => 42 })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("client.conversation", () => {
  it("has the documented methods, and three more", () => {
    expectTypeOf<keyof ConversationMethods>().toEqualTypeOf<
      | "getConversations"
      | "getConversationMessages"
      | "getMessages"
      | "subscribe"
      | "sendMessage"
      | "join"
      | "findMessage"
      | "messages"
      | "timeline"
    >()
  })

  it("answers the documented objects", () => {
    expectTypeOf<ConversationMethods["getConversations"]>().returns.resolves.toEqualTypeOf<Page<Conversation>>()
    expectTypeOf<ConversationMethods["getConversationMessages"]>().returns.resolves.toEqualTypeOf<
      Page<ConversationMessage>
    >()
    expectTypeOf<ConversationMethods["getMessages"]>().returns.resolves.toEqualTypeOf<Page<ConversationMessage>>()
    expectTypeOf<ConversationMethods["subscribe"]>().returns.resolves.toEqualTypeOf<Subscription>()
    expectTypeOf<ConversationMethods["sendMessage"]>().returns.resolves.toEqualTypeOf<Conversation>()
    expectTypeOf<ConversationMethods["join"]>().returns.resolves.toEqualTypeOf<JoinConversationResponse>()
    expectTypeOf<ConversationMethods["messages"]>().returns.toEqualTypeOf<AsyncIterable<ConversationEvent>>()
    expectTypeOf<ConversationMethods["timeline"]>().returns.toEqualTypeOf<AsyncIterable<TimelineEvent>>()
  })

  it("names the documented fields, with their types", () => {
    expectTypeOf<Conversation>().toEqualTypeOf<{
      readonly id: string
      readonly address_id: string | null
      readonly name: string
      readonly metadata: JsonObject
      readonly created_at: number
      readonly last_message_at: number
    }>()
    expectTypeOf<ConversationMessage>().toExtend<{
      readonly id: string
      readonly conversation_id: string
      readonly user_id: string | null
      readonly ts: number
      readonly details: JsonObject
      readonly type: string
      readonly subtype: string | null
      readonly kind: string | null
    }>()
    expectTypeOf<ConversationEvent>().toExtend<ConversationMessage>()
    expectTypeOf<Omit<ConversationEvent, keyof ConversationMessage>>().toEqualTypeOf<{
      readonly hidden: boolean
      readonly conversation_name: string | null
      readonly user_name: string | null
    }>()
  })

  it("requires an address where one is documented, and nothing else", () => {
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["join"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["getConversationMessages"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["timeline"]>[0]>()
    expectTypeOf<{ addressId: string; text: string }>().toExtend<Parameters<ConversationMethods["sendMessage"]>[0]>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["getConversations"]>>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["getMessages"]>>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["messages"]>>()
  })

  it("takes a signal in every options object", () => {
    interface WithSignal {
      readonly signal?: AbortSignal | undefined
    }
    expectTypeOf<NonNullable<Parameters<ConversationMethods["getConversations"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<ConversationMethods["getMessages"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<ConversationMethods["messages"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<ConversationMethods["subscribe"]>[1]>>().toExtend<WithSignal>()
    expectTypeOf<Parameters<ConversationMethods["getConversationMessages"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<ConversationMethods["sendMessage"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<ConversationMethods["join"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<ConversationMethods["timeline"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<AddressMethods["getAddress"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<AddressMethods["getAddresses"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<ChatMethods["getMessages"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Page<unknown>["nextPage"]>[0]>>().toExtend<WithSignal>()
  })

  it("does not take a call without what it needs, or with what is of another kind", () => {
    const wrong = () => [
      // @ts-expect-error: a conversation has an address
      conversation.join({}),
      // @ts-expect-error: a message has a text
      conversation.sendMessage({ addressId: "a" }),
      // @ts-expect-error: a message goes to somebody
      conversation.sendMessage({ text: "hello" }),
      // @ts-expect-error: metadata is an object
      conversation.sendMessage({ addressId: "a", text: "hello", metadata: "casual" }),
      // @ts-expect-error: whose messages?
      conversation.getConversationMessages(),
      // @ts-expect-error: times are unix seconds
      conversation.getMessages({ since: new Date() }),
      // @ts-expect-error: times are numbers
      conversation.getMessages({ until: "2024-02-17" }),
      // @ts-expect-error: conversations have no limit
      conversation.getConversations({ limit: 1 }),
      // @ts-expect-error: nobody to call back
      conversation.subscribe(),
      // @ts-expect-error: a policy that drops says how much it holds
      conversation.subscribe(() => {}, { policy: "sliding" }),
      // @ts-expect-error: an error may be anything
      conversation.subscribe(() => {}, { onError: (error: TypeError) => error }),
      // @ts-expect-error: the groups of the vendor's client are not needed
      conversation.timeline({ groupId: "sw_a" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("a page", () => {
  it("has items, neighbours, and an iterator over all of them", () => {
    expectTypeOf<Page<string>["data"]>().toEqualTypeOf<ReadonlyArray<string>>()
    expectTypeOf<Page<string>["hasNext"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Page<string>["nextPage"]>().returns.resolves.toEqualTypeOf<Page<string> | undefined>()
    expectTypeOf<Page<string>["prevPage"]>().returns.resolves.toEqualTypeOf<Page<string> | undefined>()
    expectTypeOf<Page<string>["firstPage"]>().returns.resolves.toEqualTypeOf<Page<string>>()
    expectTypeOf<Page<string>["self"]>().returns.resolves.toEqualTypeOf<Page<string>>()
    expectTypeOf<Page<string>>().toExtend<AsyncIterable<string>>()
  })

  it("can't be written to, and has to be asked whether there is another", () => {
    const wrong = async (page: Page<string>) => {
      // @ts-expect-error: it is what the server answered
      page.data = []
      // @ts-expect-error: so are its items
      page.data.push("another")
      // @ts-expect-error: the last page has none after it
      return (await page.nextPage()).data
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("what timeline yields", () => {
  it("is told apart by its tag", () => {
    type Tagged<Tag> = Extract<TimelineEvent, { readonly _tag: Tag }>
    expectTypeOf<TimelineEvent["_tag"]>().toEqualTypeOf<"Message" | "CaughtUp" | "Gap">()
    expectTypeOf<Tagged<"Message">["message"]>().toEqualTypeOf<ConversationMessage | ConversationEvent>()
    expectTypeOf<Tagged<"Message">["late"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Tagged<"CaughtUp">["through"]>().toEqualTypeOf<number | null>()
    expectTypeOf<Tagged<"Gap">["reason"]>().toEqualTypeOf<GapReason>()
  })

  it("has a message only where it is one", () => {
    const wrong = (event: TimelineEvent) => {
      // @ts-expect-error: it may be CaughtUp or a Gap
      return event.message
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("client.chat", () => {
  it("has the four methods, for chat messages", () => {
    expectTypeOf<keyof ChatMethods>().toEqualTypeOf<"getMessages" | "subscribe" | "sendMessage" | "join">()
    expectTypeOf<ChatMethods["getMessages"]>().returns.resolves.toEqualTypeOf<Page<ConversationMessage>>()
    expectTypeOf<ChatMethods["sendMessage"]>().toEqualTypeOf<ConversationMethods["sendMessage"]>()
    expectTypeOf<ChatMethods["join"]>().toEqualTypeOf<ConversationMethods["join"]>()
  })

  it("takes its callback first, or among the options", () => {
    const right = () => [
      chat.subscribe(() => {}),
      chat.subscribe((message) => message.text, { addressId: "a" }),
      chat.subscribe({ addressId: "a", onMessage: (message) => message.user_name })
    ]
    expectTypeOf(right).returns.items.resolves.toEqualTypeOf<Subscription>()
    const wrong = () => [
      // @ts-expect-error: nobody to call back
      chat.subscribe(),
      // @ts-expect-error: nobody to call back either
      chat.subscribe({ addressId: "a" }),
      // @ts-expect-error: one callback is enough
      chat.subscribe({ onMessage: () => {} }, { addressId: "a" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("client.address", () => {
  it("looks up by id or by name", () => {
    expectTypeOf<AddressMethods["getAddress"]>().returns.resolves.toEqualTypeOf<Address>()
    expectTypeOf<AddressMethods["getAddresses"]>().returns.resolves.toEqualTypeOf<Page<Address>>()
    expectTypeOf<AddressMethods["getMyAddresses"]>().returns.resolves.toEqualTypeOf<ReadonlyArray<Address>>()
    const wrong = () => [
      // @ts-expect-error: which address?
      address.getAddress({}),
      // @ts-expect-error: they are sorted by name or by when they were made
      address.getAddresses({ sortBy: "id" })
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("the connection", () => {
  it("tells its state now, and each change", () => {
    expectTypeOf<Connection["state"]>().toEqualTypeOf<ConnectionState>()
    expectTypeOf<Connection["onChange"]>().parameter(0).parameter(0).toEqualTypeOf<ConnectionState>()
    expectTypeOf<Connection["onChange"]>().returns.toEqualTypeOf<() => void>()
    expectTypeOf<ConnectionState["_tag"]>().toEqualTypeOf<
      "Idle" | "Connecting" | "Connected" | "Reconnecting" | "Failed" | "Closed"
    >()
  })
})

describe("a failure", () => {
  it("is an Error with a reason to tell apart, and what to do", () => {
    expectTypeOf<ConversationError>().toExtend<Error>()
    expectTypeOf<ConversationError["_tag"]>().toEqualTypeOf<"ConversationError">()
    expectTypeOf<ConversationError["reason"]>().toEqualTypeOf<Reason>()
    expectTypeOf<ConversationError["isRetryable"]>().toEqualTypeOf<boolean>()
    expectTypeOf<ConversationError["remediation"]>().toEqualTypeOf<string>()
    expectTypeOf<ConversationError["cause"]>().toEqualTypeOf<unknown>()
    expectTypeOf<Reason["_tag"]>().toEqualTypeOf<
      | "Unauthorized"
      | "Forbidden"
      | "NotFound"
      | "Invalid"
      | "RateLimited"
      | "ServerError"
      | "Transport"
      | "Timeout"
      | "Malformed"
      | "ForeignLink"
      | "Unconfirmed"
      | "Refused"
      | "Defect"
      | "Overloaded"
      | "StorageUnavailable"
      | "UnreadableCursor"
      | "Closed"
    >()
  })

  it("is found by its class in what was caught, and its reason then has its own fields", () => {
    const handle = (error: unknown) => {
      if (!(error instanceof ConversationError)) return undefined
      return error.reason._tag === "RateLimited" ? error.reason.retryAfterMillis : undefined
    }
    expectTypeOf(handle).returns.toEqualTypeOf<number | null | undefined>()
    const wrong = (error: ConversationError) => {
      // @ts-expect-error: only one of the reasons has it
      return error.reason.retryAfterMillis
    }
    expectTypeOf(wrong).toBeFunction()
  })
})
