/**
 * The group generation, `@signalwire/client` 0.0.1: everything its users can do with conversations, on the sandbox.
 */
import { assert, describe, it } from "vitest"
import { Server } from "../src/Server.ts"
import { Tab } from "../src/Tab.ts"
import {
  eventually,
  failure,
  type GroupTab,
  type Loose,
  openGroup as open,
  reconnected,
  sent,
  settled,
  shareServer
} from "./support.ts"

const server = shareServer()

interface Sender {
  readonly addressId: string
}
/** Joins a conversation, which is how this generation learns its id. */
const join = async (tab: GroupTab, { addressId }: Sender, other: string): Promise<string> => {
  const { group_id } = await tab.run(
    ({ kept }, ids) => kept.client.conversation.join(ids),
    { fromAddressId: addressId, addressIds: [other, addressId] }
  )
  return group_id
}
const sendTo = (tab: GroupTab, { addressId }: Sender, groupId: string, text: string, more: object = {}) =>
  tab.run(({ kept }, message) => kept.client.conversation.sendMessage(message), {
    groupId,
    fromAddressId: addressId,
    text,
    ...more
  })
const send = async (tab: GroupTab, sender: Sender, addressId: string, text: string): Promise<Loose> =>
  sendTo(tab, sender, await join(tab, sender, addressId), text)
const told = (tab: GroupTab, text: string): Promise<Loose> =>
  tab.run(
    ({ kept, until }, text) => until(`event ${text}`, () => kept.events.find((event) => event.text === text)),
    text
  )
const texts = (tab: GroupTab) => tab.run(({ kept }) => kept.events.map((event) => event.text))

describe.concurrent("connecting", () => {
  it("connects and authenticates, and uses the same token for REST", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await tab.run(({ kept }) => kept.client.getSubscriberInfo())
    const { exchanges, sockets } = await tab.seen()
    assert.match(sockets[0] ?? "", /^wss:\/\/puc\./)
    assert.match(exchanges[0]?.url ?? "", /^https:\/\/fabric\./)
    assert.strictEqual(exchanges[0]?.authorization, `Bearer ${ada.token}`)
    const [connect] = await sent(tab, "signalwire.connect")
    assert.strictEqual(connect.params.agent, "@signalwire/js/client/0.0.1")
    assert.strictEqual(connect.params.authentication.jwt_token, ada.token)
  })

  it("rejects with an AuthError for a token the server does not know", async () => {
    const error = await failure(open(server(), { token: "eyJhbGciOiJkaXIiLCJ0eXAiOiJTQVQifQ..a.b.c" }))
    assert.strictEqual(error.name, "AuthError")
    assert.strictEqual(error.code, "-32002")
  })

  it("rejects with an AuthError for a token that has expired", async () => {
    const ada = await server().person("ada")
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    assert.strictEqual((await failure(open(server(), ada))).name, "AuthError")
  })

  it("goes online and offline", async () => {
    await using tab = await open(server(), await server().person("ada"))
    await tab.run(({ kept }) => kept.client.online({ incomingCallHandlers: {} }))
    await tab.run(({ kept }) => kept.client.offline())
    assert.lengthOf(await sent(tab, "subscriber.online"), 1)
    assert.lengthOf(await sent(tab, "subscriber.offline"), 1)
  })

  it("disconnects, forgets its session, and connects again", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await tab.run(({ kept }) => kept.client.disconnect())
    await eventually(
      "the session has no socket",
      () => server().sessions(ada),
      (all) => all.every(({ connected }) => !connected)
    )
    await eventually("the storage is clean", () => tab.seen(), ({ kept }) => Object.keys(kept.session).length === 0)
    await tab.run(async ({ kept, vendor }, token) => {
      kept.client = await vendor.SignalWire({ token })
    }, ada.token)
    const connects = await sent(tab, "signalwire.connect")
    assert.lengthOf(connects, 2)
    assert.isUndefined(connects[1].params.protocol)
  })

  it("registers a device and lets it go", async () => {
    await using tab = await open(server(), await server().person("ada"))
    const device: Loose = await tab.run(({ kept }) =>
      kept.client.registerDevice({ deviceType: "iOS", deviceToken: "apns" })
    )
    assert.isString(device.id)
    assert.strictEqual(device.device_type, "iOS")
    await tab.run(({ kept }, id) => kept.client.unregisterDevice({ id }), device.id)
    const { exchanges } = await tab.seen()
    assert.deepStrictEqual(exchanges.map(({ method, status }) => [method, Math.floor(status / 100)]), [
      ["POST", 2],
      ["DELETE", 2]
    ])
  })
})

describe.concurrent("subscriber and addresses", () => {
  it("tells who the subscriber is, with its own addresses", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const info: Loose = await tab.run(({ kept }) => kept.client.getSubscriberInfo())
    assert.strictEqual(info.id, ada.id)
    assert.isString(info.email)
    assert.isString(info.push_notification_key)
    assert.isArray(info.app_settings.scopes)
    assert.deepStrictEqual(info.fabric_addresses.map((address: Loose) => address.id), [ada.addressId])
    assert.isUndefined(info.sat_claims)
  })

  it("finds an address by id", async () => {
    const room = await server().room("lab")
    await using tab = await open(server(), await server().person("ada"))
    const address: Loose = await tab.run(({ kept }, id) => kept.client.address.getAddress({ id }), room.addressId)
    assert.strictEqual(address.name, room.name)
    assert.strictEqual(address.type, "room")
    assert.strictEqual(address.locked, false)
    assert.isFalse(Number.isNaN(Date.parse(address.created_at)))
    assert.isString(address.channels.messaging)
  })

  it("finds an address by a name that it does not encode", async () => {
    const ada = await server().person("ada lovelace")
    await using tab = await open(server(), ada)
    const address: Loose = await tab.run(({ kept }, name) => kept.client.address.getAddress({ name }), ada.name)
    assert.strictEqual(address.id, ada.addressId)
  })

  it("raises 404 for an address nobody has, by id and by name", async () => {
    await using tab = await open(server(), await server().person("ada"))
    const byId = tab.run(({ kept }) => kept.client.address.getAddress({ id: "00000000-0000-4000-8000-000000000000" }))
    assert.strictEqual((await failure(byId)).code, "404")
    const byName = tab.run(({ kept }) => kept.client.address.getAddress({ name: "nobody-at-all" }))
    assert.strictEqual((await failure(byName)).code, "404")
  })

  it("lists addresses of a type", async () => {
    await using tab = await open(server(), await server().person("ada"))
    const types = await tab.run(async ({ kept }) => {
      const page = await kept.client.address.getAddresses({ type: "room", pageSize: 1000 })
      return page.data.map(({ type }): string => type)
    })
    assert.deepStrictEqual([...new Set(types)], ["room"])
  })

  it("lists addresses by the name that is shown", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const ids = await tab.run(async ({ kept }, displayName) => {
      const page = await kept.client.address.getAddresses({ displayName })
      return page.data.map(({ id }) => id)
    }, `ada of ${ada.name}`)
    assert.deepStrictEqual(ids, [ada.addressId])
  })

  it("sorts addresses by name and by age, both ways", async () => {
    for (const name of ["cedar", "alder", "birch"]) {
      await server().admin("POST", "/rooms", { name: `group-${name}`, displayName: "a tree (group)" })
    }
    await using tab = await open(server(), await server().person("ada"))
    const list = (sortBy: "name" | "created_at", sortOrder: "asc" | "desc") =>
      tab.run(async ({ kept }, order) => {
        const page = await kept.client.address.getAddresses({ displayName: "a tree (group)", ...order })
        return page.data.map(({ name }) => name.replace("group-", "")).join(" ")
      }, { sortBy, sortOrder })
    assert.strictEqual(await list("name", "asc"), "alder birch cedar")
    assert.strictEqual(await list("name", "desc"), "cedar birch alder")
    assert.strictEqual(await list("created_at", "asc"), "cedar alder birch")
    assert.strictEqual(await list("created_at", "desc"), "birch alder cedar")
  })

  it("pages through addresses, forwards, back, to the first, and in place", async () => {
    for (const number of [1, 2, 3, 4, 5]) {
      await server().admin("POST", "/rooms", { name: `group-page-${number}`, displayName: "paged (group)" })
    }
    await using tab = await open(server(), await server().person("ada"))
    const pages: Loose = await tab.run(async ({ kept }) => {
      const names = (page: Loose) => page?.data.map(({ name }: Loose) => name.slice(-1)).join("")
      const one: Loose = await kept.client.address.getAddresses({
        displayName: "paged (group)",
        pageSize: 2,
        sortBy: "name",
        sortOrder: "asc"
      })
      const two = await one.nextPage()
      const three = await two.nextPage()
      return {
        ahead: [one, two, three].map(names),
        ends: [one.hasPrev, one.hasNext, three.hasPrev, three.hasNext],
        beyond: await three.nextPage(),
        before: await one.prevPage(),
        back: names(await three.prevPage()),
        first: names(await three.firstPage()),
        self: names(await two.self())
      }
    })
    assert.deepStrictEqual(pages, {
      ahead: ["12", "34", "5"],
      ends: [false, true, true, false],
      beyond: undefined,
      before: undefined,
      back: "34",
      first: "12",
      self: "34"
    })
  })
})

describe.concurrent("joining and sending", () => {
  it("joins a room, and joins it again", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const joined: Loose = await tab.run(
      ({ kept }, ids) => kept.client.conversation.join(ids),
      { fromAddressId: ada.addressId, addressIds: [addressId, ada.addressId] }
    )
    assert.strictEqual(joined.group_id, `sw_${addressId}`)
    assert.strictEqual(joined.from_address_id, ada.addressId)
    assert.sameMembers(joined.addressIds, [addressId, ada.addressId])
    assert.strictEqual(await join(tab, ada, addressId), joined.group_id)
  })

  it("joins a room that is all it names", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const joined: Loose = await tab.run(
      ({ kept }, ids) => kept.client.conversation.join(ids),
      { fromAddressId: ada.addressId, addressIds: [addressId] }
    )
    assert.strictEqual(joined.group_id, `sw_${addressId}`)
  })

  it("two who join each other are in one conversation", async () => {
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await using one = await open(server(), ada)
    await using other = await open(server(), grace)
    const groupId = await join(one, ada, grace.addressId)
    assert.match(groupId, /^sw_[^_]+_[^_]+$/)
    assert.strictEqual(await join(other, grace, ada.addressId), groupId)
  })

  it("is refused its own address, two rooms, and another's name", async () => {
    const [lab, attic] = [await server().room("lab"), await server().room("attic")]
    const [ada, eve] = [await server().person("ada"), await server().person("eve")]
    await using tab = await open(server(), ada)
    const refused = (fromAddressId: string, addressIds: ReadonlyArray<string>) =>
      failure(tab.run(({ kept }, ids) => kept.client.conversation.join(ids), {
        fromAddressId,
        addressIds: [...addressIds]
      }))
    await refused(ada.addressId, [ada.addressId, ada.addressId])
    await refused(ada.addressId, [lab.addressId, attic.addressId])
    await refused(eve.addressId, [lab.addressId, eve.addressId])
    const { exchanges } = await tab.seen()
    assert.deepStrictEqual(exchanges.map(({ status }) => status), [422, 422, 422])
  })

  it("is refused a group nobody began, and an id that is none", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await failure(sendTo(tab, ada, "sw_00000000-0000-4000-8000-000000000000", "hello?"))
    await failure(sendTo(tab, ada, "00000000-0000-4000-8000-000000000000", "hello?"))
    const history = tab.run(
      ({ kept }, groupId) => kept.client.conversation.getConversationMessages({ groupId }).then(() => undefined),
      "sw_00000000-0000-4000-8000-000000000000"
    )
    await failure(history)
    const { exchanges } = await tab.seen()
    assert.deepStrictEqual(exchanges.map(({ status }) => status), [404, 422, 404])
  })

  it("sends to a room, with metadata and details", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const groupId = await join(tab, ada, addressId)
    const answer: Loose = await sendTo(tab, ada, groupId, "lunch?", {
      metadata: { tone: "casual" },
      details: { ref: 1 }
    })
    assert.deepInclude(answer, { group_id: groupId, text: "lunch?", from_fabric_address_id: ada.addressId })
    const data: Loose = await tab.run(
      async ({ kept }, groupId) => (await kept.client.conversation.getConversationMessages({ groupId })).data,
      groupId
    )
    assert.deepInclude(data[0], { text: "lunch?", metadata: { tone: "casual" }, details: { ref: 1 } })
  })

  it("sends to a subscriber, who can answer", async () => {
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await using one = await open(server(), ada)
    await using other = await open(server(), grace)
    await send(one, ada, grace.addressId, "hello grace")
    const event = await told(other, "hello grace")
    assert.strictEqual(event.from_fabric_address_id, ada.addressId)
    await sendTo(other, grace, event.group_id, "hello ada")
    assert.strictEqual((await told(one, "hello ada")).group_id, event.group_id)
  })

  it("is refused an empty text", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const error = await failure(send(tab, ada, addressId, ""))
    assert.strictEqual(error.message, "Error sending message to conversation!")
    assert.strictEqual((await tab.seen()).exchanges.at(-1)?.status, 422)
  })

  it("is refused everything once its token has expired", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    assert.strictEqual((await failure(tab.run(({ kept }) => kept.client.getSubscriberInfo()))).name, "AuthError")
    await failure(send(tab, ada, addressId, "hello"))
    assert.deepStrictEqual(await server().stored(addressId), [])
  })
})

describe.concurrent("reading", () => {
  it("lists conversations, the most recently active first, as objects", async () => {
    const [lab, attic] = [await server().room("lab"), await server().room("attic")]
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await send(tab, ada, lab.addressId, "one")
    await send(tab, ada, attic.addressId, "two")
    await send(tab, ada, lab.addressId, "three")
    const list: Loose = await tab.run(async ({ kept }) => {
      const page = await kept.client.conversation.getConversations()
      const [newest]: Loose = page.data
      const messages = await newest.getMessages({ pageSize: 2 })
      return {
        items: page.data.map((item: Loose) => ({
          createdAt: item.createdAt,
          groupId: item.groupId,
          lastMessageAt: item.lastMessageAt,
          metadata: item.metadata,
          name: item.name
        })),
        texts: messages.data.map((message: Loose) => message.text)
      }
    })
    assert.deepStrictEqual(list.items.map(({ name }: Loose) => name), [lab.name, attic.name])
    const [{ createdAt, groupId, lastMessageAt, metadata }] = list.items
    assert.strictEqual(groupId, `sw_${lab.addressId}`)
    assert.deepStrictEqual(metadata, {})
    assert.isAbove(createdAt, 1e12)
    assert.isAtLeast(lastMessageAt, createdAt)
    assert.deepStrictEqual(list.texts, ["three", "one"])
  })

  it("pages through conversations", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const rooms = [await server().room("one"), await server().room("two"), await server().room("three")]
    for (const { addressId } of rooms) {
      await send(tab, ada, addressId, "hello")
    }
    const pages: Loose = await tab.run(async ({ kept }) => {
      const names = (page: Loose) => page.data.map(({ name }: Loose) => name)
      const one: Loose = await kept.client.conversation.getConversations({ pageSize: 2 })
      const two = await one.nextPage()
      return { one: names(one), two: names(two), back: names(await two.prevPage()), last: two.hasNext }
    })
    const [one, two, three] = rooms.map(({ name }) => name)
    assert.deepStrictEqual(pages, { one: [three, two], two: [one], back: [three, two], last: false })
  })

  it("reads a conversation, newest first, with every field its users are promised", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const groupId = await join(tab, ada, addressId)
    await sendTo(tab, ada, groupId, "first")
    await sendTo(tab, ada, groupId, "second")
    const data: Loose = await tab.run(
      async ({ kept }, groupId) => (await kept.client.conversation.getConversationMessages({ groupId })).data,
      groupId
    )
    assert.deepStrictEqual(data.map((message: Loose) => message.text), ["second", "first"])
    const { id, ts, ...message } = data[0]
    assert.match(id, /^[\da-f-]{36}$/)
    assert.isAbove(ts, 1e9)
    assert.isBelow(ts, 1e11)
    assert.deepInclude(message, {
      type: "message",
      subtype: "chat",
      kind: null,
      group_id: groupId,
      from_address_id: ada.addressId,
      from_fabric_address_id: ada.addressId,
      metadata: {},
      details: {}
    })
  })

  it("pages through a conversation, back and forth, while more is being said", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().seed(...[1, 2, 3, 4, 5].map((number) => ({ from: ada.id, addressId, text: String(number) })))
    const ids = { groupId: await join(tab, ada, addressId), fromAddressId: ada.addressId }
    const pages: Loose = await tab.run(async ({ kept }, { fromAddressId, groupId }) => {
      const texts = (page: Loose) => page?.data.map(({ text }: Loose) => text).join("")
      const one: Loose = await kept.client.conversation.getConversationMessages({ groupId, pageSize: 2 })
      await kept.client.conversation.sendMessage({ groupId, fromAddressId, text: "6" })
      const two = await one.nextPage()
      const three = await two.nextPage()
      return {
        ahead: [one, two, three].map(texts),
        ends: [one.hasPrev, one.hasNext, three.hasPrev, three.hasNext],
        beyond: await three.nextPage(),
        back: texts(await three.prevPage()),
        self: texts(await two.self()),
        first: texts(await three.firstPage())
      }
    }, ids)
    assert.deepStrictEqual(pages, {
      ahead: ["54", "32", "1"],
      ends: [false, true, true, false],
      beyond: undefined,
      back: "32",
      self: "32",
      first: "65"
    })
  })

  it("reads the messages of all its conversations, and of no other", async () => {
    const [lab, attic, secret] = [await server().room("lab"), await server().room("attic"), await server().room("x")]
    const [ada, eve] = [await server().person("ada"), await server().person("eve")]
    await server().seed({ from: eve.id, addressId: secret.addressId, text: "secret" })
    await using tab = await open(server(), ada)
    await send(tab, ada, lab.addressId, "one")
    await send(tab, ada, attic.addressId, "two")
    const read: Loose = await tab.run(async ({ kept }) => {
      const page: Loose = await kept.client.conversation.getMessages({ pageSize: 1 })
      const next = await page.nextPage()
      return [...page.data, ...next.data].map(({ group_id, text }: Loose) => [group_id, text])
    })
    assert.deepStrictEqual(read, [[`sw_${attic.addressId}`, "two"], [`sw_${lab.addressId}`, "one"]])
  })

  it("collects pages of chat from between call logs, with the names of those who spoke", async () => {
    const { addressId } = await server().room("lab")
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await server().seed(
      ...[1, 2, 3, 4, 5, 6].map((number) =>
        number % 2 === 0
          ? { from: ada.id, addressId, subtype: "log", kind: "call_ended", details: { status: "ended" } }
          : { from: number === 1 ? grace.id : ada.id, addressId, text: String(number) }
      )
    )
    await using tab = await open(server(), ada)
    const read: Loose = await tab.run(async ({ kept }, groupId) => {
      const page: Loose = await kept.client.chat.getMessages({ groupId, pageSize: 2 })
      const next = await page.nextPage()
      const said = (page: Loose) => page.data.map(({ text, user_name }: Loose) => [text, user_name])
      return [said(page), said(next)]
    }, await join(tab, ada, addressId))
    const [adaShown, graceShown] = [`ada of ${ada.name}`, `grace of ${grace.name}`]
    assert.deepStrictEqual(read, [[["5", adaShown], ["3", adaShown]], [["1", graceShown]]])
  })

  it("knows its own addresses", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const ids = await tab.run(async ({ kept }) => (await kept.client.address.getMyAddresses()).map(({ id }) => id))
    assert.deepStrictEqual(ids, [ada.addressId])
  })
})

describe.concurrent("events", () => {
  it("tells the author of its own message", async () => {
    const { addressId, name } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const groupId = await join(tab, ada, addressId)
    await sendTo(tab, ada, groupId, "hello", { metadata: { tone: "casual" }, details: { ref: 1 } })
    const event = await told(tab, "hello")
    assert.deepInclude(event, {
      type: "message",
      subtype: "chat",
      kind: null,
      hidden: false,
      group_id: groupId,
      from_address_id: ada.addressId,
      from_fabric_address_id: ada.addressId,
      user_name: `ada of ${ada.name}`,
      conversation_name: name,
      metadata: { tone: "casual" },
      details: { ref: 1 }
    })
    assert.isNumber(event.ts)
  })

  it("tells of another's message in a room that was joined, and of none in a room that was not", async () => {
    const [lab, attic] = [await server().room("lab"), await server().room("attic")]
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await using tab = await open(server(), ada)
    await join(tab, ada, lab.addressId)
    await server().seed(
      { from: grace.id, addressId: attic.addressId, text: "elsewhere" },
      { from: grace.id, addressId: lab.addressId, text: "here" }
    )
    assert.strictEqual((await told(tab, "here")).from_fabric_address_id, grace.addressId)
    assert.deepStrictEqual(await texts(tab), ["here"])
  })

  it("tells of a call log, but not those who asked for chat", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    // this release asks for an address id, but compares it with the group's
    await tab.run(
      ({ kept }, addressId) =>
        kept.client.chat.subscribe({ addressId, onMessage: (event) => kept.chats.push(event) }).then(() => undefined),
      await join(tab, ada, addressId)
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
    await told(tab, "did you see the call?")
    const seen: Loose = await tab.run(({ kept }) => ({
      events: kept.events.map(({ details, kind, subtype, text }) => [subtype, kind, text, details]),
      chats: kept.chats.map(({ text }) => text)
    }))
    assert.deepStrictEqual(seen, {
      events: [
        ["log", "call_started", null, { status: "started", start_time: 1.5 }],
        ["chat", null, "did you see the call?", {}]
      ],
      chats: ["did you see the call?"]
    })
  })

  it("chat.subscribe is about one conversation, and ends with unsubscribe", async () => {
    const [lab, attic] = [await server().room("lab"), await server().room("attic")]
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await tab.run(async ({ kept }, addressId) => {
      kept.subscription = await kept.client.chat.subscribe({ addressId, onMessage: (event) => kept.chats.push(event) })
    }, await join(tab, ada, lab.addressId))
    await send(tab, ada, attic.addressId, "elsewhere")
    await send(tab, ada, lab.addressId, "here")
    await told(tab, "here")
    await tab.run(({ kept }) => {
      kept.subscription.unsubscribe()
    })
    await send(tab, ada, lab.addressId, "late")
    await told(tab, "late")
    assert.deepStrictEqual(await tab.run(({ kept }) => kept.chats.map(({ text }) => text)), ["here"])
  })

  it("tells nothing after unsubscribe", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await send(tab, ada, addressId, "before")
    await told(tab, "before")
    await tab.run(async ({ kept }) => {
      kept.subscription.unsubscribe()
      await kept.client.conversation.subscribe((event) => kept.chats.push(event))
    })
    await send(tab, ada, addressId, "after")
    await tab.run(({ kept, until }) => until("the other callback", () => kept.chats.length > 0))
    assert.deepStrictEqual(await texts(tab), ["before"])
  })

  it("tells two tabs of one subscriber", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using one = await open(server(), ada)
    await using two = await open(server(), ada)
    await send(one, ada, addressId, "to both")
    assert.strictEqual((await told(one, "to both")).id, (await told(two, "to both")).id)
    assert.lengthOf(await server().sessions(ada), 2)
  })

  it("keeps the order in which things were said", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const said = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    await server().seed(...said.map((text) => ({ from: ada.id, addressId, text })))
    await told(tab, "message 49")
    assert.deepStrictEqual(await texts(tab), said)
    await eventually("every event is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
  })
})

describe.concurrent("when the connection breaks", () => {
  it("resumes after an abrupt drop, and hears what was said meanwhile", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const [before] = await server().sessions(ada)
    assert.strictEqual(await server().drop(ada), 1)
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await told(tab, "meanwhile")
    const { params, result } = await reconnected(tab)
    assert.strictEqual(params.protocol, before?.protocol)
    assert.isString(params.authorization_state)
    assert.isTrue(result.session_restored)
    assert.strictEqual(result.protocol, before?.protocol)
    assert.lengthOf(await server().sessions(ada), 1)
    await send(tab, ada, addressId, "afterwards")
    await told(tab, "afterwards")
  })

  it("resumes after a close frame, too", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().drop(ada, 1001)
    assert.isTrue((await reconnected(tab)).result.session_restored)
  })

  it("is sent again, in order, what it did not acknowledge", async () => {
    await using own = await Server.start()
    const { addressId } = await own.room("lab")
    const ada = await own.person("ada")
    await using tab = await open(own, ada)
    await settled(tab)
    // answered after what was sent before, so that the next acknowledgements are those of messages
    await tab.run(({ kept }) => kept.client.offline())
    // they get lost on the way
    await own.faults({
      match: { on: "frame", direction: "in", method: "signalwire.event" },
      action: { type: "drop" },
      times: 2
    })
    await own.seed({ from: ada.id, addressId, text: "one" }, { from: ada.id, addressId, text: "two" })
    await told(tab, "two")
    await own.drop(ada)
    await own.seed({ from: ada.id, addressId, text: "three" })
    await told(tab, "three")
    assert.deepStrictEqual(await texts(tab), ["one", "two", "one", "two", "three"])
    await eventually("every event is acknowledged", () => own.sessions(ada), ([session]) => session?.unacked === 0)
  })

  it("resumes with a token that has expired meanwhile", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await server().drop(ada)
    assert.isTrue((await reconnected(tab)).result.session_restored)
    await server().seed({ from: ada.id, addressId, text: "still here" })
    await told(tab, "still here")
  })

  it("is let go when its token expires, and goes on with its session", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(
      server(),
      () => server().admin<{ token: string }>("POST", "/tokens", { subscriberId: ada.id, ttlSeconds: 12 })
    )
    assert.isTrue((await reconnected(tab)).result.session_restored)
    const { frames } = await tab.seen()
    assert.isTrue(frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.disconnect")))
    await server().seed({ from: ada.id, addressId, text: "still here" })
    await told(tab, "still here")
  })

  it("resumes on the next page load with what it kept", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    const first = await open(server(), ada)
    const { kept } = await eventually(
      "state and protocol are kept",
      () => first.seen(),
      ({ kept }) => Object.keys(kept.session).length === 2
    )
    await first.close()
    await eventually("the socket is gone", () => server().sessions(ada), ([session]) => session?.connected === false)
    await server().seed({ from: ada.id, addressId, text: "while loading" })
    await using second = await open(server(), ada, kept)
    assert.isTrue((await reconnected(second, 1)).result.session_restored)
    // it comes with the answer, before this client's users can subscribe
    await eventually(
      "the event",
      () => second.seen(),
      ({ frames }) => frames.some(({ text }) => text.includes("while loading"))
    )
    await eventually("it is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
    await send(second, ada, addressId, "loaded")
    await told(second, "loaded")
  })

  it("begins anew with what the server does not remember", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    const session = { "pt-SAT": "signalwire_a_b_c", "as-SAT": "bm9uY2U=:Y2lwaGVy" }
    await using tab = await open(server(), ada, { session, local: {} })
    const { params, result } = await reconnected(tab, 1)
    assert.strictEqual(params.protocol, "signalwire_a_b_c")
    assert.isFalse(result.session_restored)
    assert.notStrictEqual(result.protocol, "signalwire_a_b_c")
    await send(tab, ada, addressId, "hello")
    await told(tab, "hello")
  })

  it("comes back when the server says it restarts, though it shows what was forgotten", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id, restart: true })
    const { params, result } = await reconnected(tab)
    assert.isString(params.protocol)
    assert.isFalse(result.session_restored)
    await send(tab, ada, addressId, "hello again")
    await told(tab, "hello again")
  })

  it("comes back to its session when the server disconnects without a restart", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id })
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await told(tab, "meanwhile")
    assert.isTrue((await reconnected(tab)).result.session_restored)
  })

  it("notices a server that has fallen silent, and comes back", async () => {
    await using own = await Server.start()
    const { addressId } = await own.room("lab")
    const ada = await own.person("ada")
    await using tab = await open(own, ada)
    await eventually(
      "a ping has armed the watchdog",
      () => tab.seen(),
      ({ frames }) => frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.ping"))
    )
    await own.faults({
      match: { on: "frame", direction: "out", method: "signalwire.ping" },
      action: { type: "silent" },
      times: 1
    })
    await tab.run(({ page, until }) => until("another socket", () => page.sockets.length > 1))
    assert.isTrue((await reconnected(tab)).result.session_restored)
    await send(tab, ada, addressId, "hello")
    await told(tab, "hello")
  })
})

describe.concurrent("another token", () => {
  it("re-authenticates the live session", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const minted = await server().admin<{ token: string }>("POST", "/tokens", { subscriberId: ada.id, ttlSeconds: 600 })
    await tab.run(({ kept }, token) => kept.client.updateToken(token), minted.token)
    const { frames } = await eventually(
      "an answer",
      () => tab.seen(),
      ({ frames }) =>
        frames.some(({ text }) => text.includes("authorization_state") && text.includes("signalwire.event")) &&
        frames.filter(({ direction, text }) => direction === "in" && text.includes("fabric_subscriber")).length === 2
    )
    const [request] = await sent(tab, "signalwire.reauthenticate")
    assert.strictEqual(request.params.authentication.jwt_token, minted.token)
    const answer: Loose = frames
      .filter(({ direction }) => direction === "in")
      .map(({ text }): Loose => JSON.parse(text))
      .find(({ id, result }) => id === request.id && result !== undefined)
    assert.strictEqual(request.params.authentication.project, answer.result.authorization.project_id)
    assert.lengthOf((await tab.seen()).sockets, 1)
    await send(tab, ada, addressId, "hello")
    await told(tab, "hello")
  })

  it("cannot be another subscriber's", async () => {
    const [ada, eve] = [await server().person("ada"), await server().person("eve")]
    await using tab = await open(server(), ada)
    await tab.run(({ kept }, token) => {
      void kept.client.updateToken(token).catch(() => undefined)
    }, eve.token)
    const [request] = await eventually(
      "the request",
      () => sent(tab, "signalwire.reauthenticate"),
      (all) => all.length > 0
    )
    const answer: Loose = await eventually("its answer", async () =>
      (await tab.seen()).frames
        .filter(({ direction }) => direction === "in")
        .map(({ text }): Loose => JSON.parse(text))
        .find(({ id }) => id === request.id), (frame) => frame !== undefined)
    assert.strictEqual(answer.error.code, -32002)
  })
})

describe("the tab itself", () => {
  it("routes nothing but what the client asks for", async () => {
    await using tab = await Tab.open("group", server().info)
    const { exchanges, sockets } = await tab.seen()
    assert.deepStrictEqual([exchanges, sockets], [[], []])
  })
})
