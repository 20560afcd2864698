/**
 * The documented methods of the Conversation namespace, with every documented parameter and field.
 */
import type {
  Conversation,
  ConversationApi,
  ConversationEvent,
  ConversationMessage,
  Page
} from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import * as Documentation from "./documentation.ts"
import {
  callUntyped,
  collect,
  failure,
  invalidFields,
  joinBoth,
  MessageRecorder,
  openSandbox,
  Recorder,
  type TestSandbox,
  texts
} from "./support.ts"

const uuid = /^(sw_)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const assertConversation = (conversation: Conversation, addressId: string): void => {
  assert.match(conversation.id, uuid)
  assert.strictEqual(conversation.address_id, addressId)
  assert.strictEqual(conversation.name, "office")
  assert.deepStrictEqual(conversation.metadata, {})
  for (const time of [conversation.created_at, conversation.last_message_at]) {
    assert.isTrue(Number.isInteger(time))
    assert.closeTo(time, Date.now(), 60_000)
  }
}

const assertMessage = (message: ConversationMessage, sandbox: TestSandbox, knowsUsers: boolean): void => {
  assert.match(message.id, uuid)
  assert.match(message.conversation_id, uuid)
  assert.strictEqual(message.user_id, knowsUsers ? sandbox.grace.id : null)
  assert.strictEqual(message.address_id, sandbox.addressId)
  assert.strictEqual(message.from_address_id, sandbox.grace.addressId)
  assert.closeTo(message.ts, Date.now() / 1000, 60)
}

const callLog = (sandbox: TestSandbox) => ({
  from: sandbox.grace.id,
  addressId: sandbox.addressId,
  subtype: "log",
  kind: "call_started",
  details: { status: "started" }
})

/** Stores messages one second apart, and returns their times. */
const seed = async (sandbox: TestSandbox, texts: ReadonlyArray<string>): Promise<ReadonlyArray<number>> => {
  const start = Math.floor(Date.now() / 1000) - 100
  const stored = await sandbox.admin.seed(
    texts.map((text, index) => ({
      from: sandbox.grace.id,
      addressId: sandbox.addressId,
      text,
      ts: start + index + 0.25
    }))
  )
  return stored.map(({ ts }) => ts)
}

describe.each(["all", "address", "group"] as const)("documented methods, dialect %s", (dialect) => {
  const knowsUsers = dialect !== "group"

  describe("getConversations", () => {
    it("returns Conversation objects: id, name, metadata, created_at, last_message_at", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      await grace.conversation.sendMessage({ addressId, text: "hello" })
      const { data, hasNext, hasPrev } = await ada.conversation.getConversations()
      assert.strictEqual(data.length, 1)
      for (const conversation of data) {
        assertConversation(conversation, addressId)
        assert.isAtLeast(conversation.last_message_at, conversation.created_at)
      }
      assert.deepStrictEqual({ hasNext, hasPrev }, { hasNext: false, hasPrev: false })
    })

    it("returns an empty page to a subscriber without conversations", async () => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      const { data, hasNext, hasPrev } = await ada.conversation.getConversations()
      assert.deepStrictEqual({ data, hasNext, hasPrev }, { data: [], hasNext: false, hasPrev: false })
    })
  })

  describe("getConversationMessages", () => {
    it("returns call logs with id, conversation_id, user_id, ts, details, type, subtype and kind", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      await sandbox.admin.seed([callLog(sandbox)])
      const { data: [log], hasNext, hasPrev } = await ada.conversation.getConversationMessages({ addressId })
      const { data: [conversation] } = await ada.conversation.getConversations()
      if (log === undefined) throw new Error("no log")
      assertMessage(log, sandbox, knowsUsers)
      assert.strictEqual(log.conversation_id, conversation?.id)
      assert.deepStrictEqual(
        { type: log.type, subtype: log.subtype, kind: log.kind, details: log.details, text: log.text },
        { type: "message", subtype: "log", kind: "call_started", details: { status: "started" }, text: null }
      )
      assert.deepStrictEqual({ hasNext, hasPrev }, { hasNext: false, hasPrev: false })
    })

    it("returns chat messages with their text, metadata and details", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      const content = { text: "hello", metadata: { tone: "casual" }, details: { widget: ["card", 1, null] } }
      await grace.conversation.sendMessage({ addressId, ...content })
      const { data: [message] } = await ada.conversation.getConversationMessages({ addressId })
      if (message === undefined) throw new Error("no message")
      assertMessage(message, sandbox, knowsUsers)
      const { details, kind, metadata, subtype, text, type } = message
      assert.deepStrictEqual({ text, metadata, details }, content)
      assert.deepStrictEqual({ type, subtype, kind }, { type: "message", subtype: "chat", kind: null })
    })

    it("keeps the fraction of ts", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const [ts] = await seed(sandbox, ["hello"])
      const { data: [message] } = await ada.conversation.getConversationMessages({ addressId })
      assert.strictEqual(message?.ts, ts)
      assert.isFalse(Number.isInteger(message?.ts))
    })

    it("returns the messages of the given conversation only, newest first", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      await grace.conversation.sendMessage({ addressId, text: "1" })
      await grace.conversation.sendMessage({ addressId: sandbox.ada.addressId, text: "between us" })
      await grace.conversation.sendMessage({ addressId, text: "2" })
      assert.deepStrictEqual(texts((await ada.conversation.getConversationMessages({ addressId })).data), ["2", "1"])
      const direct = await ada.conversation.getConversationMessages({ addressId: sandbox.grace.addressId })
      assert.deepStrictEqual(texts(direct.data), ["between us"])
    })

    it("returns at most limit messages over all pages", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      await seed(sandbox, ["1", "2", "3", "4"])
      const page = await ada.conversation.getConversationMessages({ addressId, limit: 3, pageSize: 2 })
      assert.deepStrictEqual(texts(await collect(page)), ["4", "3", "2"])
    })

    it("returns messages from since to until, both inclusive", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const [, since, until] = await seed(sandbox, ["1", "2", "3", "4"])
      const read = async (options: { readonly since?: number | undefined; readonly until?: number | undefined }) =>
        texts((await ada.conversation.getConversationMessages({ addressId, ...options })).data)
      assert.deepStrictEqual(await read({ since, until }), ["3", "2"])
      assert.deepStrictEqual(await read({ since }), ["4", "3", "2"])
      assert.deepStrictEqual(await read({ until }), ["3", "2", "1"])
    })
  })

  describe("getMessages", () => {
    it("returns the messages of all conversations, newest first, with their fields", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      await grace.conversation.sendMessage({ addressId, text: "1" })
      await grace.conversation.sendMessage({ addressId: sandbox.ada.addressId, text: "2" })
      await sandbox.admin.seed([callLog(sandbox)])
      const { data, hasNext, hasPrev } = await ada.conversation.getMessages()
      assert.deepStrictEqual(texts(data), [null, "2", "1"])
      const [log] = data
      if (log === undefined) throw new Error("no log")
      assertMessage(log, sandbox, knowsUsers)
      assert.deepStrictEqual([log.type, log.subtype, log.kind], ["message", "log", "call_started"])
      assert.strictEqual(new Set(data.map(({ conversation_id }) => conversation_id)).size, 2)
      assert.deepStrictEqual({ hasNext, hasPrev }, { hasNext: false, hasPrev: false })
    })

    it("honours limit, since and until", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada } = await joinBoth(sandbox)
      const [, since, until] = await seed(sandbox, ["1", "2", "3", "4"])
      assert.deepStrictEqual(texts((await ada.conversation.getMessages({ since, until })).data), ["3", "2"])
      const limited = await ada.conversation.getMessages({ limit: 1, until })
      assert.deepStrictEqual(texts(await collect(limited)), ["3"])
    })
  })

  describe("subscribe", () => {
    it("calls back with every documented field of a call log", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const received = new Recorder<ConversationEvent>()
      await ada.conversation.subscribe(received.push)
      const [stored] = await sandbox.admin.seed([callLog(sandbox)])
      const [event] = await received.waitFor((items) => items.length > 0)
      if (event === undefined) throw new Error("no event")
      const { data: [conversation] } = await ada.conversation.getConversations()
      assertMessage(event, sandbox, knowsUsers)
      assert.strictEqual(event.id, stored?.id)
      assert.strictEqual(event.conversation_id, conversation?.id)
      assert.strictEqual(event.ts, stored?.ts)
      const { address_id, conversation_name, details, hidden, kind, metadata, subtype, text, type, user_name } = event
      assert.deepStrictEqual({ type, subtype, kind }, { type: "message", subtype: "log", kind: "call_started" })
      assert.deepStrictEqual({ hidden, address_id, text }, { hidden: false, address_id: addressId, text: null })
      assert.deepStrictEqual({ metadata, details }, { metadata: {}, details: { status: "started" } })
      assert.deepStrictEqual([conversation_name, user_name], ["office", "grace"])
    })

    it("marks hidden messages", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada } = await joinBoth(sandbox)
      const received = new Recorder<ConversationEvent>()
      await ada.conversation.subscribe(received.push)
      await sandbox.admin.seed([{ ...callLog(sandbox), hidden: true }])
      const [event] = await received.waitFor((items) => items.length > 0)
      assert.strictEqual(event?.hidden, true)
    })

    it("calls back for messages of every conversation, including the subscriber's own, with text, metadata and details", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      const received = new Recorder<ConversationEvent>()
      await ada.conversation.subscribe(received.push)
      const content = { metadata: { tone: "casual" }, details: { widget: "card" } }
      await ada.conversation.sendMessage({ addressId, text: "mine", ...content })
      await grace.conversation.sendMessage({ addressId: sandbox.ada.addressId, text: "yours" })
      const events = await received.waitFor((items) => items.length === 2)
      assert.deepStrictEqual(texts(events), ["mine", "yours"])
      assert.deepStrictEqual({ metadata: events[0]?.metadata, details: events[0]?.details }, content)
      assert.deepStrictEqual(events.map(({ address_id }) => address_id), [addressId, sandbox.grace.addressId])
    })

    it("is established once the Promise resolves", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      const received = new MessageRecorder()
      await ada.conversation.subscribe(received.push)
      assert.strictEqual(ada.connection.state._tag, "Connected")
      await grace.conversation.sendMessage({ addressId, text: "at once" })
      assert.deepStrictEqual(await received.waitForText("at once"), ["at once"])
    })
  })

  describe("sendMessage", () => {
    it("returns the Conversation", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const conversation = await ada.conversation.sendMessage({ addressId, text: "hello" })
      assertConversation(conversation, addressId)
      const { data: [listed] } = await ada.conversation.getConversations()
      assert.strictEqual(conversation.id, listed?.id)
    })

    it("joins the conversation with the first message", async () => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      const conversation = await ada.conversation.sendMessage({ addressId: sandbox.addressId, text: "first" })
      assertConversation(conversation, sandbox.addressId)
      assert.deepStrictEqual(
        (await ada.conversation.getConversations()).data.map(({ address_id }) => address_id),
        [sandbox.addressId]
      )
    })

    it("stores text, metadata and details unchanged", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const message = {
        text: "  naïve 🙂\n\u2028",
        metadata: { nested: { deep: [1, null] } },
        details: { widget: true }
      }
      await ada.conversation.sendMessage({ addressId, ...message })
      const { data: [read] } = await ada.conversation.getConversationMessages({ addressId })
      assert.deepStrictEqual({ text: read?.text, metadata: read?.metadata, details: read?.details }, message)
    })
  })

  describe("join", () => {
    it("returns a JoinConversationResponse, and joins without a message", async () => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      const { address_id, conversation_id } = await ada.conversation.join({ addressId: sandbox.addressId })
      assert.strictEqual(address_id, sandbox.addressId)
      const { data: [conversation] } = await ada.conversation.getConversations()
      assert.strictEqual(conversation_id, conversation?.id)
      assert.deepStrictEqual((await ada.conversation.getMessages()).data, [])
    })

    it("returns the subscriber's own address, except in the address dialect", async () => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      const { from_address_id } = await ada.conversation.join({ addressId: sandbox.addressId })
      assert.strictEqual(from_address_id, dialect === "address" ? null : sandbox.ada.addressId)
    })

    it("does nothing when already joined", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const first = await ada.conversation.join({ addressId })
      assert.deepStrictEqual(await ada.conversation.join({ addressId }), first)
      assert.strictEqual((await ada.conversation.getConversations()).data.length, 1)
    })
  })

  describe("a page", () => {
    it("says whether it has neighbours, and reads them", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      await seed(sandbox, ["1", "2", "3", "4", "5"])
      const first = await ada.conversation.getConversationMessages({ addressId, pageSize: 2 })
      assert.deepStrictEqual([texts(first.data), first.hasNext, first.hasPrev], [["5", "4"], true, false])
      const second = await first.nextPage()
      if (second === undefined) throw new Error("no second page")
      assert.deepStrictEqual([texts(second.data), second.hasNext, second.hasPrev], [["3", "2"], true, true])
      const third = await second.nextPage()
      assert.deepStrictEqual([texts(third?.data ?? []), third?.hasNext, third?.hasPrev], [["1"], false, true])
      assert.deepStrictEqual(texts((await second.prevPage())?.data ?? []), ["5", "4"])
      assert.deepStrictEqual(texts((await second.self()).data), ["3", "2"])
      assert.deepStrictEqual(texts((await second.firstPage()).data), ["5", "4"])
    })

    it("has no previous page if it is the first, and no next page if it is the last", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      await seed(sandbox, ["1"])
      const page = await ada.conversation.getConversationMessages({ addressId })
      assert.strictEqual(await page.nextPage(), undefined)
      assert.strictEqual(await page.prevPage(), undefined)
    })

    it("is iterated together with all following pages, each message once", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada } = await joinBoth(sandbox)
      await seed(sandbox, ["1", "2", "3", "4", "5"])
      const read: Array<string | null> = []
      for await (const message of await ada.conversation.getMessages({ pageSize: 2 })) read.push(message.text)
      assert.deepStrictEqual(read, ["5", "4", "3", "2", "1"])
    })

    it("of conversations can be iterated as well", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada } = await joinBoth(sandbox)
      for (const name of ["a", "b", "c"]) {
        // sequentially, so that the order is known
        const { addressId } = await sandbox.admin.createRoom({ name })
        await ada.conversation.sendMessage({ addressId, text: name })
      }
      const page = await ada.conversation.getConversations({ pageSize: 2 })
      assert.deepStrictEqual(
        (await collect(page)).map(({ name }) => name).toSorted(),
        ["a", "b", "c", "office"]
      )
    })
  })

  describe("beyond the documentation", () => {
    it("messages() yields the events that subscribe calls back with", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      const events = ada.conversation.messages()[Symbol.asyncIterator]()
      const first = events.next()
      const warmUps: Array<Promise<unknown>> = []
      const warming = setInterval(
        () => warmUps.push(grace.conversation.sendMessage({ addressId, text: "warm-up" })),
        20
      )
      await first
      clearInterval(warming)
      // a send still looks up its conversation after the message is stored, so the client must not close yet
      await Promise.all(warmUps)
      await grace.conversation.sendMessage({ addressId, text: "hello" })
      let { value: event } = await events.next()
      while (event?.text === "warm-up") ({ value: event } = await events.next())
      await events.return?.()
      assert.deepStrictEqual([event?.text, event?.address_id], ["hello", addressId])
      assert.deepStrictEqual([event?.hidden, event?.conversation_name, event?.user_name], [false, "office", "grace"])
    })

    it("P3.1: timeline() yields history and then live messages, ordered by ts and id", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId, grace } = await joinBoth(sandbox)
      await seed(sandbox, ["1", "2", "3"])
      const tie = Math.floor(Date.now() / 1000) - 10
      const person = { from: sandbox.grace.id, addressId, ts: tie }
      await sandbox.admin.seed([{ ...person, text: "tie" }, { ...person, text: "tie" }, { ...person, text: "tie" }])
      const read: Array<ConversationMessage> = []
      const tags: Array<string> = []
      for await (const event of ada.conversation.timeline({ addressId })) {
        tags.push(event._tag)
        if (event._tag === "CaughtUp") await grace.conversation.sendMessage({ addressId, text: "live" })
        if (event._tag !== "Message") continue
        assert.isFalse(event.late)
        read.push(event.message)
        if (event.message.text === "live") break
      }
      assert.deepStrictEqual(texts(read), ["1", "2", "3", "tie", "tie", "tie", "live"])
      const inOrder = read.toSorted((a, b) => a.ts - b.ts || (a.id < b.id ? -1 : 1))
      assert.deepStrictEqual(read.map(({ id }) => id), inOrder.map(({ id }) => id))
      assert.deepStrictEqual(tags.slice(6), ["CaughtUp", "Message"])
    })

    it("timeline() begins at since, and the through of CaughtUp is in unix seconds", async () => {
      await using sandbox = await openSandbox(dialect)
      const { ada, addressId } = await joinBoth(sandbox)
      const [, since, last] = await seed(sandbox, ["1", "2", "3"])
      const read: Array<string | null> = []
      for await (const event of ada.conversation.timeline({ addressId, since })) {
        if (event._tag === "Message") read.push(event.message.text)
        if (event._tag !== "CaughtUp") continue
        assert.strictEqual(event.through, last)
        break
      }
      assert.deepStrictEqual(read, ["2", "3"])
    })

    it("client.address finds rooms and subscribers", async () => {
      await using sandbox = await openSandbox(dialect)
      const ada = await sandbox.client({ token: sandbox.ada.token })
      const office = await ada.address.getAddress({ name: "office" })
      assert.strictEqual(office.id, sandbox.addressId)
      assert.deepStrictEqual(await ada.address.getAddress({ id: office.id }), office)
      assert.deepStrictEqual(await ada.address.getAddress({ name: "Office" }), office)
      const listed = await collect(await ada.address.getAddresses({ pageSize: 1 }))
      assert.includeMembers(listed.map(({ id }) => id), [sandbox.addressId, sandbox.grace.addressId])
      assert.deepStrictEqual((await ada.address.getMyAddresses()).map(({ id }) => id), [sandbox.ada.addressId])
    })
  })
})

/** Every combination of the documented options of a list. */
const combinations = (since: number, until: number) => [
  {},
  { limit: 1 },
  { since },
  { until },
  { limit: 1, since },
  { limit: 1, until },
  { since, until },
  { limit: 1, since, until }
]

const documentedMethods: ReadonlyArray<keyof ConversationApi> = [
  "getConversations",
  "getConversationMessages",
  "getMessages",
  "subscribe",
  "sendMessage",
  "join"
]

describe.each(["all", "address", "group"] as const)("documented calls, dialect %s", (dialect) => {
  const callLogShape = Documentation.callLog(dialect !== "group")

  /** A conversation that contains the call of the documentation's examples. */
  const openWithCall = async () => {
    const sandbox = await openSandbox(dialect)
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const ts = Math.floor(Date.now() / 1000) - 10 + 0.6779745
    await sandbox.admin.seed([{ ...callLog(sandbox), ts }])
    return { sandbox, ada, addressId, grace, since: Math.floor(ts) - 60, until: Math.ceil(ts) + 60 }
  }

  /** Describes where a page of one item is not as documented. */
  const differences = <A extends object>(
    page: Page<A>,
    shape: Documentation.Shape,
    additions: ReadonlyArray<string>
  ): ReadonlyArray<string> => {
    assert.deepStrictEqual(Documentation.additions(page, Documentation.page), Documentation.extensions.page)
    assert.lengthOf(page.data, 1)
    for (const item of page.data) assert.deepStrictEqual(Documentation.additions(item, shape), additions)
    return [page, ...page.data].flatMap((value, index) =>
      Documentation.deviations(value, index === 0 ? Documentation.page : shape)
    )
  }

  it("are exactly the six documented methods and three extensions", async () => {
    await using sandbox = await openSandbox(dialect)
    const ada = await sandbox.client({ token: sandbox.ada.token })
    for (const name of documentedMethods) assert.isFunction(ada.conversation[name])
    assert.deepStrictEqual(
      Object.keys(ada.conversation).filter((name) => !documentedMethods.some((method) => method === name)),
      ["findMessage", "messages", "timeline"]
    )
  })

  it("getConversations()", async () => {
    const { ada, sandbox } = await openWithCall()
    await using _ = sandbox
    const page = await ada.conversation.getConversations()
    assert.deepStrictEqual(differences(page, Documentation.conversation, Documentation.extensions.conversation), [])
  })

  it("getConversationMessages({ addressId, limit?, since?, until? })", async () => {
    const { ada, addressId, since, until, sandbox } = await openWithCall()
    await using _ = sandbox
    for (const options of combinations(since, until)) {
      const page = await ada.conversation.getConversationMessages({ addressId, ...options })
      assert.deepStrictEqual(differences(page, callLogShape, Documentation.extensions.message), [])
    }
  })

  it("getMessages(), and getMessages({ limit?, since?, until? })", async () => {
    const { ada, since, until, sandbox } = await openWithCall()
    await using _ = sandbox
    const pages = [await ada.conversation.getMessages()]
    for (const options of combinations(since, until)) pages.push(await ada.conversation.getMessages(options))
    for (const page of pages) {
      assert.deepStrictEqual(differences(page, callLogShape, Documentation.extensions.message), [])
    }
  })

  it("subscribe(callback)", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada } = await joinBoth(sandbox)
    const received = new Recorder<ConversationEvent>()
    await ada.conversation.subscribe(received.push)
    await sandbox.admin.seed([{ ...callLog(sandbox), ts: Math.floor(Date.now() / 1000) + 0.211084 }])
    const shape = Documentation.callLogEvent(dialect !== "group")
    for (const event of await received.waitFor((events) => events.length === 1)) {
      assert.deepStrictEqual(Documentation.deviations(event, shape), [])
      assert.deepStrictEqual(Documentation.additions(event, shape), Documentation.extensions.event)
    }
  })

  it("sendMessage({ addressId, text, metadata?, details? }), of conversation and of chat", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const text = "Hello from SignalWire!"
    const [metadata, details] = [{ tone: "casual" }, { widget: "card" }]
    const contents = [{ text }, { text, metadata }, { text, details }, { text, metadata, details }]
    for (const send of [ada.conversation.sendMessage, ada.chat.sendMessage]) {
      for (const content of contents) {
        const result = await send({ addressId, ...content })
        assert.deepStrictEqual(Documentation.deviations(result, Documentation.conversation), [])
        assert.deepStrictEqual(
          Documentation.additions(result, Documentation.conversation),
          Documentation.extensions.conversation
        )
      }
    }
    const stored = (await ada.chat.getMessages({ addressId })).data.toReversed()
    assert.deepStrictEqual(
      stored.map(({ details, metadata, text }) => ({ text, metadata, details })),
      [...contents, ...contents].map((content) => ({ metadata: {}, details: {}, ...content }))
    )
  })

  it("sendMessage({ text }), which one documented example shows, is rejected because the address is missing", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { text: "Hello from SignalWire!" }))
    assert.deepStrictEqual(invalidFields(error), ["addressId"])
  })

  it("join({ addressId }), of conversation and of chat", async () => {
    await using sandbox = await openSandbox(dialect)
    const ada = await sandbox.client({ token: sandbox.ada.token })
    for (const join of [ada.conversation.join, ada.chat.join]) {
      const result = await join({ addressId: sandbox.addressId })
      assert.deepStrictEqual(Documentation.deviations(result, Documentation.joined), [])
      assert.deepStrictEqual(Documentation.additions(result, Documentation.joined), [])
    }
  })

  it("chat.getMessages({ addressId, pageSize? }), with chat messages only", async () => {
    const { ada, addressId, grace, since, until, sandbox } = await openWithCall()
    await using _ = sandbox
    await grace.chat.sendMessage({ addressId, text: "hello" })
    const text = { description: "the text", matches: (value: unknown) => value === "hello" }
    const { subtype: _subtype, kind: _kind, ...shape } = callLogShape
    for (const options of [{}, { pageSize: 10 }, { since, until, limit: 10 }]) {
      const { data } = await ada.chat.getMessages({ addressId, ...options })
      assert.lengthOf(data, 1)
      for (const message of data) {
        assert.deepStrictEqual(Documentation.deviations(message, { ...shape, text }), [])
        assert.deepInclude(message, { subtype: "chat", kind: null })
      }
    }
  })

  it("chat.subscribe({ addressId, onMessage }), with chat messages only", async () => {
    const { ada, addressId, grace, sandbox } = await openWithCall()
    await using _ = sandbox
    const received = new MessageRecorder()
    const { unsubscribe } = await ada.chat.subscribe({ addressId, onMessage: received.push })
    await sandbox.admin.seed([callLog(sandbox)])
    await grace.chat.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual(await received.waitForText("hello"), ["hello"])
    await unsubscribe()
  })

  it("address.getAddresses({ type?, displayName?, pageSize?, sortBy?, sortOrder? }), and getAddress by id and name", async () => {
    await using sandbox = await openSandbox(dialect)
    const ada = await sandbox.client({ token: sandbox.ada.token })
    const lists = [
      {},
      { type: "room" },
      { displayName: "office" },
      { pageSize: 5 },
      { sortBy: "name", sortOrder: "asc" },
      { sortBy: "created_at", sortOrder: "desc" }
    ] as const
    const found = [
      await ada.address.getAddress({ id: sandbox.addressId }),
      await ada.address.getAddress({ name: "office" }),
      ...await ada.address.getMyAddresses()
    ]
    for (const options of lists) {
      const page = await ada.address.getAddresses(options)
      assert.deepStrictEqual(Documentation.deviations(page, Documentation.page), [])
      assert.isNotEmpty(page.data)
      found.push(...page.data)
    }
    for (const address of found) {
      assert.deepStrictEqual(Documentation.deviations(address, Documentation.address), [])
      assert.deepStrictEqual(Documentation.additions(address, Documentation.address), [])
    }
  })
})

describe("the comparison with the documentation", () => {
  it("reports missing fields, and fields of another type", () => {
    assert.deepStrictEqual(
      Documentation.deviations(
        { id: 1, name: "n", metadata: [], created_at: 1708192187729 },
        Documentation.conversation
      ),
      [
        "id should be a string, but is 1",
        "metadata should be an object, but is []",
        "created_at should be whole unix milliseconds, but is 1708192187729",
        "last_message_at is missing"
      ]
    )
    assert.deepStrictEqual(Documentation.deviations(null, Documentation.conversation), [" is not an object"])
  })
})
