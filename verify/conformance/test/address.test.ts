/** The address generation, `@signalwire/js` 3.28.0: everything its users can do with conversations, on the sandbox. */
import { assert, describe, it } from "vitest"
import { Tab } from "../src/Tab.ts"
import { connecting } from "./suites/connecting.ts"
import { directory } from "./suites/directory.ts"
import type { OlderClient } from "./suites/OlderClient.ts"
import { recovery } from "./suites/recovery.ts"
import { tokens } from "./suites/tokens.ts"
import {
  type AddressTab,
  eventually,
  failure,
  openAddress as open,
  receivedEvent,
  receivedTexts,
  shareServer,
  type UntypedJson
} from "./support.ts"

const server = shareServer()

const send = (tab: AddressTab, addressId: string, text: string) =>
  tab.run(({ state }, message) => state.client.conversation.sendMessage(message), { addressId, text })

const client: OlderClient = {
  name: "address",
  agent: "@signalwire/js/browser/3.28.0",
  open,
  send: (tab, _, addressId, text) => send(tab, addressId, text),
  // the Promise of this release never resolves
  updateToken: (tab, token) =>
    tab.run(({ state }, token) => {
      void state.client.updateToken(token)
    }, token)
}

connecting(server, client)
directory(server, client)
recovery(server, client)
tokens(server, client)

describe.concurrent("joining and sending", () => {
  it("joins a room, and can join it again", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    const join = () => tab.run(({ state }, addressId) => state.client.conversation.join({ addressId }), addressId)
    const first: UntypedJson = await join()
    assert.strictEqual(first.table.conversation_id, addressId)
    assert.deepStrictEqual(await join(), first)
  })

  it("cannot join its own address", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await failure(tab.run(({ state }, addressId) => state.client.conversation.join({ addressId }), ada.addressId))
    const { exchanges } = await tab.traffic()
    assert.strictEqual(exchanges[0]?.status, 422)
  })

  it("cannot join, send to, or read an unknown address", async () => {
    const addressId = "00000000-0000-4000-8000-000000000000"
    await using tab = await open(server(), await server().createSubscriber("ada"))
    await failure(tab.run(({ state }, addressId) => state.client.conversation.join({ addressId }), addressId))
    await failure(send(tab, addressId, "hello?"))
    const history = tab.run(
      ({ state }, addressId) => state.client.conversation.getConversationMessages({ addressId }).then(() => undefined),
      addressId
    )
    await failure(history)
    const { exchanges } = await tab.traffic()
    assert.deepStrictEqual(exchanges.map(({ status }) => status), [422, 404, 404])
  })

  it("sends to a room without joining it first", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    const response: UntypedJson = await send(tab, addressId, "lunch?")
    assert.deepStrictEqual(response.table, { conversation_id: addressId, text: "lunch?" })
    assert.deepStrictEqual((await server().stored(addressId)).map(({ text }) => text), ["lunch?"])
  })

  it("sends to a subscriber, who receives the message in the conversation with the sender's address", async () => {
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await using one = await open(server(), ada)
    await using other = await open(server(), grace)
    await send(one, grace.addressId, "hello grace")
    const event = await receivedEvent(other, "hello grace")
    assert.strictEqual(event.conversation_id, ada.addressId)
    assert.strictEqual(event.address_id, ada.addressId)
    assert.strictEqual(event.from_address_id, ada.addressId)
    assert.strictEqual(event.user_id, ada.id)
    await send(other, event.conversation_id, "hello ada")
    assert.strictEqual((await receivedEvent(one, "hello ada")).conversation_id, grace.addressId)
  })

  it("cannot send an empty message", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    const error = await failure(send(tab, addressId, ""))
    assert.strictEqual(error.message, "Error sending message to conversation!")
    assert.strictEqual((await tab.traffic()).exchanges[0]?.status, 422)
  })

  it("cannot do anything with an expired token", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    assert.strictEqual((await failure(tab.run(({ state }) => state.client.getSubscriberInfo()))).name, "AuthError")
    await failure(send(tab, addressId, "hello"))
    assert.deepStrictEqual(await server().stored(addressId), [])
  })
})

describe.concurrent("reading", () => {
  it("lists conversations, the most recently active first, with methods to send and read", async () => {
    const [lab, attic] = [await server().createRoom("lab"), await server().createRoom("attic")]
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await send(tab, lab.addressId, "one")
    await send(tab, attic.addressId, "two")
    await send(tab, lab.addressId, "three")
    const list: UntypedJson = await tab.run(async ({ state }) => {
      const page = await state.client.conversation.getConversations()
      const [newest] = page.data
      await newest?.sendMessage({ text: "four" })
      const messages: UntypedJson = await newest?.getMessages({ pageSize: 2 })
      return {
        items: page.data.map(({ addressId, createdAt, id, lastMessageAt, metadata, name }) => ({
          addressId,
          createdAt,
          id,
          lastMessageAt,
          metadata,
          name
        })),
        texts: messages.data.map((message: UntypedJson) => message.text),
        more: messages.hasNext
      }
    })
    assert.deepStrictEqual(list.items.map((item: UntypedJson) => item.id), [lab.addressId, attic.addressId])
    const [{ addressId, createdAt, id, lastMessageAt, metadata, name }] = list.items
    assert.strictEqual(addressId, id)
    assert.strictEqual(name, lab.name)
    assert.deepStrictEqual(metadata, {})
    // milliseconds, both
    assert.isAbove(createdAt, 1e12)
    assert.isAtLeast(lastMessageAt, createdAt)
    assert.deepStrictEqual(list.texts, ["four", "three"])
    assert.isTrue(list.more)
  })

  it("pages through conversations", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    const rooms = [
      await server().createRoom("one"),
      await server().createRoom("two"),
      await server().createRoom("three")
    ]
    for (const { addressId } of rooms) {
      await send(tab, addressId, "hello")
    }
    const pages: UntypedJson = await tab.run(async ({ state }) => {
      const names = (page: UntypedJson) => page.data.map(({ name }: UntypedJson) => name)
      const one: UntypedJson = await state.client.conversation.getConversations({ pageSize: 2 })
      const two = await one.nextPage()
      return { one: names(one), two: names(two), back: names(await two.prevPage()), last: two.hasNext }
    })
    const [one, two, three] = rooms.map(({ name }) => name)
    assert.deepStrictEqual(pages, { one: [three, two], two: [one], back: [three, two], last: false })
  })

  it("reads a conversation, newest first, with every documented field", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await send(tab, addressId, "first")
    await send(tab, addressId, "second")
    const data: UntypedJson = await tab.run(
      async ({ state }, addressId) => (await state.client.conversation.getConversationMessages({ addressId })).data,
      addressId
    )
    assert.deepStrictEqual(data.map((message: UntypedJson) => message.text), ["second", "first"])
    const { id, ts, ...message } = data[0]
    assert.match(id, /^[\da-f-]{36}$/)
    // float seconds
    assert.isAbove(ts, 1e9)
    assert.isBelow(ts, 1e11)
    assert.deepInclude(message, {
      type: "message",
      subtype: "chat",
      kind: null,
      conversation_id: addressId,
      address_id: addressId,
      from_address_id: ada.addressId,
      user_id: ada.id,
      metadata: {},
      details: {}
    })
  })

  it("pages through a conversation, back and forth, while messages are added", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await server().seed(...[1, 2, 3, 4, 5].map((number) => ({ from: ada.id, addressId, text: String(number) })))
    const pages: UntypedJson = await tab.run(async ({ state }, addressId) => {
      const texts = (page: UntypedJson) => page?.data.map(({ text }: UntypedJson) => text).join("")
      const one: UntypedJson = await state.client.conversation.getConversationMessages({ addressId, pageSize: 2 })
      await state.client.conversation.sendMessage({ addressId, text: "6" })
      const two = await one.nextPage()
      const three = await two.nextPage()
      return {
        ahead: [one, two, three].map(texts),
        ends: [one.hasPrev, one.hasNext, three.hasPrev, three.hasNext],
        beyond: await three.nextPage(),
        back: texts(await three.prevPage()),
        self: texts(await two.self()),
        // the first page is the newest there is
        first: texts(await three.firstPage())
      }
    }, addressId)
    assert.deepStrictEqual(pages, {
      ahead: ["54", "32", "1"],
      ends: [false, true, true, false],
      beyond: undefined,
      back: "32",
      self: "32",
      first: "65"
    })
  })

  it("reads the messages of all its own conversations, and of no others", async () => {
    const [lab, attic, secret] = [
      await server().createRoom("lab"),
      await server().createRoom("attic"),
      await server().createRoom("x")
    ]
    const [ada, eve] = [await server().createSubscriber("ada"), await server().createSubscriber("eve")]
    await server().seed({ from: eve.id, addressId: secret.addressId, text: "secret" })
    await using tab = await open(server(), ada)
    await send(tab, lab.addressId, "one")
    await send(tab, attic.addressId, "two")
    const read: UntypedJson = await tab.run(async ({ state }) => {
      const page: UntypedJson = await state.client.conversation.getMessages({ pageSize: 1 })
      const next = await page.nextPage()
      return [...page.data, ...next.data].map(({ conversation_id, text }: UntypedJson) => [conversation_id, text])
    })
    assert.deepStrictEqual(read, [[attic.addressId, "two"], [lab.addressId, "one"]])
  })

  it("reads a direct conversation under the address of the other subscriber", async () => {
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await server().seed(
      { from: ada.id, addressId: grace.addressId, text: "hello grace" },
      { from: grace.id, addressId: ada.addressId, text: "hello ada" }
    )
    await using tab = await open(server(), grace)
    const data: UntypedJson = await tab.run(async ({ state }, addressId) => {
      const page = await state.client.conversation.getConversationMessages({ addressId })
      return page.data.map(({ conversation_id, text, user_id }: UntypedJson) => [conversation_id, user_id, text])
    }, ada.addressId)
    assert.deepStrictEqual(data, [[ada.addressId, grace.id, "hello ada"], [ada.addressId, ada.id, "hello grace"]])
  })

  it("collects pages of chat messages between call logs", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await server().seed(
      ...[1, 2, 3, 4, 5, 6].map((number) =>
        number % 2 === 0
          ? { from: ada.id, addressId, subtype: "log", kind: "call_ended", details: { status: "ended" } }
          : { from: ada.id, addressId, text: String(number) }
      )
    )
    await using tab = await open(server(), ada)
    const read: UntypedJson = await tab.run(async ({ state }, addressId) => {
      const page = await state.client.chat.getMessages({ addressId, pageSize: 2 })
      const next = await page.nextPage()
      const all = await state.client.conversation.getConversationMessages({ addressId })
      return {
        pages: [page, next].map(({ data }: UntypedJson) => data.map(({ text }: UntypedJson) => text).join("")),
        kinds: all.data.map(({ kind, subtype, text }: UntypedJson) => [subtype, kind, text]).slice(0, 2)
      }
    }, addressId)
    assert.deepStrictEqual(read, { pages: ["53", "1"], kinds: [["log", "call_ended", null], ["chat", null, "5"]] })
  })
})

describe.concurrent("events", () => {
  it("delivers its own message to the author", async () => {
    const { addressId, name } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await send(tab, addressId, "hello")
    const event = await receivedEvent(tab, "hello")
    assert.deepInclude(event, {
      type: "message",
      subtype: "chat",
      kind: null,
      hidden: false,
      conversation_id: addressId,
      address_id: addressId,
      from_address_id: ada.addressId,
      user_id: ada.id,
      user_name: `ada of ${ada.name}`,
      conversation_name: name,
      metadata: {},
      details: {}
    })
    assert.isNumber(event.ts)
  })

  it("delivers messages of a room that was joined, and none of other rooms", async () => {
    const [lab, attic] = [await server().createRoom("lab"), await server().createRoom("attic")]
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await using tab = await open(server(), ada)
    await tab.run(({ state }, addressId) => state.client.conversation.join({ addressId }), lab.addressId)
    await server().seed(
      { from: grace.id, addressId: attic.addressId, text: "elsewhere" },
      { from: grace.id, addressId: lab.addressId, text: "here" }
    )
    assert.strictEqual((await receivedEvent(tab, "here")).user_id, grace.id)
    assert.deepStrictEqual(await receivedTexts(tab), ["here"])
  })

  it("delivers call logs, but not to chat subscriptions", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await tab.run(
      ({ state }, addressId) =>
        state.client.chat.subscribe({ addressId, onMessage: (event) => state.chats.push(event) }).then(() => undefined),
      addressId
    )
    await server().seed(
      {
        from: ada.id,
        addressId,
        subtype: "log",
        kind: "call_started",
        details: { status: "started", start_time: 1.5 }
      },
      { from: ada.id, addressId, text: "did you see the call?" }
    )
    await receivedEvent(tab, "did you see the call?")
    const seen: UntypedJson = await tab.run(({ state }) => ({
      events: state.events.map(({ details, kind, subtype, text }) => [subtype, kind, text, details]),
      chats: state.chats.map(({ text }) => text)
    }))
    assert.deepStrictEqual(seen, {
      events: [
        ["log", "call_started", null, { status: "started", start_time: 1.5 }],
        ["chat", null, "did you see the call?", {}]
      ],
      chats: ["did you see the call?"]
    })
  })

  it("chat.subscribe delivers the messages of one address, until unsubscribe", async () => {
    const [lab, attic] = [await server().createRoom("lab"), await server().createRoom("attic")]
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await tab.run(async ({ state }, addressId) => {
      state.subscription = await state.client.chat.subscribe({
        addressId,
        onMessage: (event) => state.chats.push(event)
      })
    }, lab.addressId)
    await send(tab, attic.addressId, "elsewhere")
    await send(tab, lab.addressId, "here")
    await receivedEvent(tab, "here")
    await tab.run(({ state }) => {
      state.subscription.unsubscribe()
    })
    await send(tab, lab.addressId, "late")
    await receivedEvent(tab, "late")
    assert.deepStrictEqual(await tab.run(({ state }) => state.chats.map(({ text }) => text)), ["here"])
  })

  it("delivers nothing after unsubscribe", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    await send(tab, addressId, "before")
    await receivedEvent(tab, "before")
    await tab.run(async ({ state }) => {
      state.subscription.unsubscribe()
      await state.client.conversation.subscribe((event) => state.chats.push(event))
    })
    await send(tab, addressId, "after")
    await tab.run(({ state, until }) => until("the other callback", () => state.chats.length > 0))
    assert.deepStrictEqual(await receivedTexts(tab), ["before"])
  })

  it("delivers messages to two tabs of one subscriber", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using one = await open(server(), ada)
    await using two = await open(server(), ada)
    await send(one, addressId, "to both")
    assert.strictEqual((await receivedEvent(one, "to both")).id, (await receivedEvent(two, "to both")).id)
    assert.lengthOf(await server().sessions(ada), 2)
  })

  it("delivers messages in the order in which they were sent", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    await server().seed(...texts.map((text) => ({ from: ada.id, addressId, text })))
    await receivedEvent(tab, "message 49")
    assert.deepStrictEqual(await receivedTexts(tab), texts)
    await eventually("every event is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
  })
})

describe("the tab itself", () => {
  it("routes only the requests of the client", async () => {
    await using tab = await Tab.open("address", server().info)
    const { exchanges, sockets } = await tab.traffic()
    assert.deepStrictEqual([exchanges, sockets], [[], []])
  })
})
