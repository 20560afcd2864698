/** What the methods require and answer, on the level of types; `pnpm check` holds these to it. */
import {
  type Connection,
  type ConnectionState,
  ConversationError,
  type DocumentedAddress,
  type DocumentedConversation,
  type DocumentedEvent,
  type DocumentedJoin,
  type DocumentedMessage,
  type DocumentedTimelineEvent,
  type GapReason,
  type JsonObject,
  type Page,
  type Reason,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions,
  type Subscription
} from "@effect-signalwire/promise"
import { describe, expectTypeOf, it } from "vitest"

type Conversation = SignalWireClient["conversation"]
type Chat = SignalWireClient["chat"]
type Address = SignalWireClient["address"]

/** Written to be compiled, never called. */
declare const conversation: Conversation
declare const chat: Chat
declare const address: Address

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
    expectTypeOf<keyof Conversation>().toEqualTypeOf<
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
    expectTypeOf<Conversation["getConversations"]>().returns.resolves.toEqualTypeOf<Page<DocumentedConversation>>()
    expectTypeOf<Conversation["getConversationMessages"]>().returns.resolves.toEqualTypeOf<Page<DocumentedMessage>>()
    expectTypeOf<Conversation["getMessages"]>().returns.resolves.toEqualTypeOf<Page<DocumentedMessage>>()
    expectTypeOf<Conversation["subscribe"]>().returns.resolves.toEqualTypeOf<Subscription>()
    expectTypeOf<Conversation["sendMessage"]>().returns.resolves.toEqualTypeOf<DocumentedConversation>()
    expectTypeOf<Conversation["join"]>().returns.resolves.toEqualTypeOf<DocumentedJoin>()
    expectTypeOf<Conversation["messages"]>().returns.toEqualTypeOf<AsyncIterable<DocumentedEvent>>()
    expectTypeOf<Conversation["timeline"]>().returns.toEqualTypeOf<AsyncIterable<DocumentedTimelineEvent>>()
  })

  it("names the documented fields, with their types", () => {
    expectTypeOf<DocumentedConversation>().toEqualTypeOf<{
      readonly id: string
      readonly address_id: string | null
      readonly name: string
      readonly metadata: JsonObject
      readonly created_at: number
      readonly last_message_at: number
    }>()
    expectTypeOf<DocumentedMessage>().toExtend<{
      readonly id: string
      readonly conversation_id: string
      readonly user_id: string | null
      readonly ts: number
      readonly details: JsonObject
      readonly type: string
      readonly subtype: string | null
      readonly kind: string | null
    }>()
    expectTypeOf<DocumentedEvent>().toExtend<DocumentedMessage>()
    expectTypeOf<Omit<DocumentedEvent, keyof DocumentedMessage>>().toEqualTypeOf<{
      readonly hidden: boolean
      readonly conversation_name: string | null
      readonly user_name: string | null
    }>()
  })

  it("requires an address where one is documented, and nothing else", () => {
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<Conversation["join"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<Conversation["getConversationMessages"]>[0]>()
    expectTypeOf<{ addressId: string }>().toExtend<Parameters<Conversation["timeline"]>[0]>()
    expectTypeOf<{ addressId: string; text: string }>().toExtend<Parameters<Conversation["sendMessage"]>[0]>()
    expectTypeOf<[]>().toExtend<Parameters<Conversation["getConversations"]>>()
    expectTypeOf<[]>().toExtend<Parameters<Conversation["getMessages"]>>()
    expectTypeOf<[]>().toExtend<Parameters<Conversation["messages"]>>()
  })

  it("takes a signal in every options object", () => {
    interface WithSignal {
      readonly signal?: AbortSignal | undefined
    }
    expectTypeOf<NonNullable<Parameters<Conversation["getConversations"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Conversation["getMessages"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Conversation["messages"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Conversation["subscribe"]>[1]>>().toExtend<WithSignal>()
    expectTypeOf<Parameters<Conversation["getConversationMessages"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<Conversation["sendMessage"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<Conversation["join"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<Conversation["timeline"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<Parameters<Address["getAddress"]>[0]>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Address["getAddresses"]>[0]>>().toExtend<WithSignal>()
    expectTypeOf<NonNullable<Parameters<Chat["getMessages"]>[0]>>().toExtend<WithSignal>()
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
    type Tagged<Tag> = Extract<DocumentedTimelineEvent, { readonly _tag: Tag }>
    expectTypeOf<DocumentedTimelineEvent["_tag"]>().toEqualTypeOf<"Message" | "CaughtUp" | "Gap">()
    expectTypeOf<Tagged<"Message">["message"]>().toEqualTypeOf<DocumentedMessage | DocumentedEvent>()
    expectTypeOf<Tagged<"Message">["late"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Tagged<"CaughtUp">["through"]>().toEqualTypeOf<number | null>()
    expectTypeOf<Tagged<"Gap">["reason"]>().toEqualTypeOf<GapReason>()
  })

  it("has a message only where it is one", () => {
    const wrong = (event: DocumentedTimelineEvent) => {
      // @ts-expect-error: it may be CaughtUp or a Gap
      return event.message
    }
    expectTypeOf(wrong).toBeFunction()
  })
})

describe("client.chat", () => {
  it("has the four methods, for chat messages", () => {
    expectTypeOf<keyof Chat>().toEqualTypeOf<"getMessages" | "subscribe" | "sendMessage" | "join">()
    expectTypeOf<Chat["getMessages"]>().returns.resolves.toEqualTypeOf<Page<DocumentedMessage>>()
    expectTypeOf<Chat["sendMessage"]>().toEqualTypeOf<Conversation["sendMessage"]>()
    expectTypeOf<Chat["join"]>().toEqualTypeOf<Conversation["join"]>()
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
    expectTypeOf<Address["getAddress"]>().returns.resolves.toEqualTypeOf<DocumentedAddress>()
    expectTypeOf<Address["getAddresses"]>().returns.resolves.toEqualTypeOf<Page<DocumentedAddress>>()
    expectTypeOf<Address["getMyAddresses"]>().returns.resolves.toEqualTypeOf<ReadonlyArray<DocumentedAddress>>()
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
