/** The types of the public API, which `pnpm check` verifies. */
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

/** For code that is compiled, and never run. */
declare const conversation: ConversationMethods
declare const chat: ChatMethods
declare const address: AddressMethods

describe("SignalWire", () => {
  it("takes options, all of them optional, and returns a client", () => {
    expectTypeOf<Parameters<typeof SignalWire>[0]>().toEqualTypeOf<SignalWireOptions | undefined>()
    expectTypeOf<[]>().toExtend<Parameters<typeof SignalWire>>()
    expectTypeOf(SignalWire).returns.resolves.toEqualTypeOf<SignalWireClient>()
    expectTypeOf<{}>().toExtend<SignalWireOptions>()
    expectTypeOf<SignalWireClient>().toExtend<AsyncDisposable>()
  })

  it("accepts an undefined token, as the documented code passes it", () => {
    expectTypeOf<{ token: string | undefined }>().toExtend<SignalWireOptions>()
    expectTypeOf<SignalWireOptions["onRefreshToken"]>().toEqualTypeOf<
      (() => string | null | Promise<string | null>) | undefined
    >()
  })

  it("rejects invalid tokens, dialects and durations, and unknown options", () => {
    const invalid = () => [
      // @ts-expect-error: a number is not a token
      SignalWire({ token: 42 }),
      // @ts-expect-error: unknown dialect
      SignalWire({ dialect: "grouped" }),
      // @ts-expect-error: unknown unit
      SignalWire({ settle: "5 sec" }),
      // @ts-expect-error: both URLs are required
      SignalWire({ urls: { http: "https://example.com" } }),
      // @ts-expect-error: unknown option
      SignalWire({ rootElement: undefined }),
      // @ts-expect-error: a token is a string
      SignalWire({ onRefreshToken: () => 42 })
    ]
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("client.conversation", () => {
  it("has the documented methods and three extensions", () => {
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

  it("returns the documented objects", () => {
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

  it("has the documented fields, with their types", () => {
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

  it("requires an address where the documentation does, and nothing else", () => {
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["join"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["getConversationMessages"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<ConversationMethods["timeline"]>[0]>()
    expectTypeOf<{ addressId: string; text: string }>().toExtend<Parameters<ConversationMethods["sendMessage"]>[0]>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["getConversations"]>>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["getMessages"]>>()
    expectTypeOf<[]>().toExtend<Parameters<ConversationMethods["messages"]>>()
  })

  it("accepts a signal in every options object", () => {
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

  it("rejects calls with missing arguments or arguments of another type", () => {
    const invalid = () => [
      // @ts-expect-error: addressId is required
      conversation.join({}),
      // @ts-expect-error: text is required
      conversation.sendMessage({ addressId: "a" }),
      // @ts-expect-error: addressId is required
      conversation.sendMessage({ text: "hello" }),
      // @ts-expect-error: metadata is an object
      conversation.sendMessage({ addressId: "a", text: "hello", metadata: "casual" }),
      // @ts-expect-error: addressId is required
      conversation.getConversationMessages(),
      // @ts-expect-error: times are unix seconds
      conversation.getMessages({ since: new Date() }),
      // @ts-expect-error: times are numbers
      conversation.getMessages({ until: "2024-02-17" }),
      // @ts-expect-error: there is no limit for conversations
      conversation.getConversations({ limit: 1 }),
      // @ts-expect-error: a callback is required
      conversation.subscribe(),
      // @ts-expect-error: a policy that drops messages has a capacity
      conversation.subscribe(() => {}, { policy: "sliding" }),
      // @ts-expect-error: the error is unknown
      conversation.subscribe(() => {}, { onError: (error: TypeError) => error }),
      // @ts-expect-error: groupId is an option of SignalWire's own client
      conversation.timeline({ groupId: "sw_a" })
    ]
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("a page", () => {
  it("has items, neighbours, and an async iterator", () => {
    expectTypeOf<Page<string>["data"]>().toEqualTypeOf<ReadonlyArray<string>>()
    expectTypeOf<Page<string>["hasNext"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Page<string>["nextPage"]>().returns.resolves.toEqualTypeOf<Page<string> | undefined>()
    expectTypeOf<Page<string>["prevPage"]>().returns.resolves.toEqualTypeOf<Page<string> | undefined>()
    expectTypeOf<Page<string>["firstPage"]>().returns.resolves.toEqualTypeOf<Page<string>>()
    expectTypeOf<Page<string>["self"]>().returns.resolves.toEqualTypeOf<Page<string>>()
    expectTypeOf<Page<string>>().toExtend<AsyncIterable<string>>()
  })

  it("is read-only, and its next page may be undefined", () => {
    const invalid = async (page: Page<string>) => {
      // @ts-expect-error: data is read-only
      page.data = []
      // @ts-expect-error: so is the array
      page.data.push("another")
      // @ts-expect-error: the last page has no next page
      return (await page.nextPage()).data
    }
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("a timeline event", () => {
  it("is a tagged union", () => {
    type Tagged<Tag> = Extract<TimelineEvent, { readonly _tag: Tag }>
    expectTypeOf<TimelineEvent["_tag"]>().toEqualTypeOf<"Message" | "CaughtUp" | "Gap">()
    expectTypeOf<Tagged<"Message">["message"]>().toEqualTypeOf<ConversationMessage | ConversationEvent>()
    expectTypeOf<Tagged<"Message">["late"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Tagged<"CaughtUp">["through"]>().toEqualTypeOf<number | null>()
    expectTypeOf<Tagged<"Gap">["reason"]>().toEqualTypeOf<GapReason>()
  })

  it("has a message only if it is a Message", () => {
    const invalid = (event: TimelineEvent) => {
      // @ts-expect-error: the event may be CaughtUp or a Gap
      return event.message
    }
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("client.chat", () => {
  it("has the four methods, for chat messages", () => {
    expectTypeOf<keyof ChatMethods>().toEqualTypeOf<"getMessages" | "subscribe" | "sendMessage" | "join">()
    expectTypeOf<ChatMethods["getMessages"]>().returns.resolves.toEqualTypeOf<Page<ConversationMessage>>()
    expectTypeOf<ChatMethods["sendMessage"]>().toEqualTypeOf<ConversationMethods["sendMessage"]>()
    expectTypeOf<ChatMethods["join"]>().toEqualTypeOf<ConversationMethods["join"]>()
  })

  it("accepts the callback as the first argument, or among the options", () => {
    const valid = () => [
      chat.subscribe(() => {}),
      chat.subscribe((message) => message.text, { addressId: "a" }),
      chat.subscribe({ addressId: "a", onMessage: (message) => message.user_name })
    ]
    expectTypeOf(valid).returns.items.resolves.toEqualTypeOf<Subscription>()
    const invalid = () => [
      // @ts-expect-error: a callback is required
      chat.subscribe(),
      // @ts-expect-error: a callback is required
      chat.subscribe({ addressId: "a" }),
      // @ts-expect-error: only one options object
      chat.subscribe({ onMessage: () => {} }, { addressId: "a" })
    ]
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("client.address", () => {
  it("looks up by id or by name", () => {
    expectTypeOf<AddressMethods["getAddress"]>().returns.resolves.toEqualTypeOf<Address>()
    expectTypeOf<AddressMethods["getAddresses"]>().returns.resolves.toEqualTypeOf<Page<Address>>()
    expectTypeOf<AddressMethods["getMyAddresses"]>().returns.resolves.toEqualTypeOf<ReadonlyArray<Address>>()
    const invalid = () => [
      // @ts-expect-error: id or name is required
      address.getAddress({}),
      // @ts-expect-error: addresses are sorted by name or created_at
      address.getAddresses({ sortBy: "id" })
    ]
    expectTypeOf(invalid).toBeFunction()
  })
})

describe("the connection", () => {
  it("has its current state, and a listener for changes", () => {
    expectTypeOf<Connection["state"]>().toEqualTypeOf<ConnectionState>()
    expectTypeOf<Connection["onChange"]>().parameter(0).parameter(0).toEqualTypeOf<ConnectionState>()
    expectTypeOf<Connection["onChange"]>().returns.toEqualTypeOf<() => void>()
    expectTypeOf<ConnectionState["_tag"]>().toEqualTypeOf<
      "Idle" | "Connecting" | "Connected" | "Reconnecting" | "Failed" | "Closed"
    >()
  })
})

describe("ConversationError", () => {
  it("is an Error with a reason and a remediation", () => {
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

  it("is narrowed by instanceof, and its reason by _tag", () => {
    const handle = (error: unknown) => {
      if (!(error instanceof ConversationError)) return undefined
      return error.reason._tag === "RateLimited" ? error.reason.retryAfterMillis : undefined
    }
    expectTypeOf(handle).returns.toEqualTypeOf<number | null | undefined>()
    const invalid = (error: ConversationError) => {
      // @ts-expect-error: only one of the reasons has this field
      return error.reason.retryAfterMillis
    }
    expectTypeOf(invalid).toBeFunction()
  })
})
