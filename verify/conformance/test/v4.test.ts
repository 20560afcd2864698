/** The v4 generation, `@signalwire/js` 4.0.0-beta.12: conversations through its directory of addresses, on the sandbox. */
import { assert, describe, it } from "vitest"
import { Server } from "../src/Server.ts"
import { eventually, failure, sent, shareServer, type UntypedJson } from "./support.ts"
import { begin, errorOf, findAddress, open, read, receivedMessage, receivedTexts, send } from "./v4Support.ts"

const server = shareServer()

describe.concurrent("connecting", () => {
  it("reads its user, connects, authenticates and registers", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    const { exchanges, sockets } = await tab.traffic()
    assert.match(exchanges[0]?.url ?? "", /^https:\/\/fabric\.[^/]+\/api\/fabric\/subscriber\/info$/)
    assert.match(sockets[0] ?? "", /^wss:\/\/puc\./)
    const [connect] = await sent(tab, "signalwire.connect")
    assert.strictEqual(connect.params.agent, "signalwire-js/4.0.0")
    assert.isString(connect.params.dpop_token)
    assert.lengthOf(await sent(tab, "subscriber.online"), 1)
    assert.deepStrictEqual(await tab.run(({ state }) => state.errors), [])
  })

  it("returns its user", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    const user: UntypedJson = await tab.run(({ state }) => {
      const user: UntypedJson = state.client.user
      return {
        id: user.id,
        email: user.email,
        displayName: user.displayName,
        own: user.addresses[0].id,
        claims: user.satClaims
      }
    })
    assert.match(user.email, /@/)
    assert.deepInclude(user, {
      id: ada.id,
      displayName: `ada of ${ada.name}`,
      own: ada.addressId,
      claims: undefined
    })
  })

  it("reports an unknown token, and opens no socket", async () => {
    await using tab = await begin(server(), "eyJhbGciOiJkaXIiLCJ0eXAiOiJTQVQifQ..a.b.c")
    assert.strictEqual((await errorOf(tab)).message, "Unexpected Error at Error fetching user information")
    const { exchanges, sockets } = await tab.traffic()
    assert.deepStrictEqual([exchanges.map(({ status }) => status), sockets], [[401], []])
  })

  it("reports an expired token", async () => {
    const ada = await server().createSubscriber("ada")
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await using tab = await begin(server(), ada.token)
    assert.strictEqual((await errorOf(tab)).message, "Unexpected Error at Error fetching user information")
  })

  it("reports an invalid token, without a request", async () => {
    await using tab = await begin(server(), "nonsense")
    assert.match((await errorOf(tab)).message, /Invalid JWT/)
    assert.deepStrictEqual((await tab.traffic()).exchanges, [])
  })

  it("unregisters and registers again", async () => {
    await using tab = await open(server(), await server().createSubscriber("ada"))
    await tab.run(({ state }) => state.client.unregister())
    assert.isFalse(await tab.run(({ state }) => state.client.isRegistered))
    await tab.run(({ state }) => state.client.register())
    assert.isTrue(await tab.run(({ state }) => state.client.isRegistered))
  })

  it("disconnects, forgets its session, and connects again", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await tab.run(({ state }) => state.client.disconnect())
    await eventually("no socket", () => server().sessions(ada), (all) => all.every(({ connected }) => !connected))
    await tab.run(({ state }) => state.client.connect())
    const connects = await sent(tab, "signalwire.connect")
    assert.lengthOf(connects, 2)
    assert.isUndefined(connects[1].params.protocol)
  })
})

describe.concurrent("the directory", () => {
  it("lists addresses by name, page after page", async () => {
    await using own = await Server.start()
    for (const number of Array.from({ length: 60 }, (_, index) => index)) {
      await own.admin("POST", "/rooms", { name: `room-${String(number).padStart(2, "0")}` })
    }
    await using tab = await open(own, await own.createSubscriber("ada"))
    const names: UntypedJson = await tab.run(async ({ state, until }) => {
      const directory = await until("the directory", () => state.client.directory)
      directory.addresses$.subscribe()
      directory.loadMore()
      await until("the first page", () => directory.addresses.length === 50)
      directory.loadMore()
      await until("the second page", () => directory.addresses.length > 60)
      await until("their states", () => directory.addresses.every((address: UntypedJson) => address.state !== null))
      return directory.addresses.map(({ name }) => name)
    })
    assert.lengthOf(names, 64)
    assert.deepStrictEqual(names, names.toSorted())
  })

  it("finds an address by its id", async () => {
    const room = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    assert.deepStrictEqual(await findAddress(tab, room.addressId), {
      displayName: room.name,
      locked: false,
      name: room.name,
      type: "room"
    })
  })

  it("finds an address by a name that must be encoded, and none by an unknown name", async () => {
    const room = await server().createRoom("Q&A + #1 / ä")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    const find = (name: string) => tab.run(({ state }, name) => state.client.directory?.findAddressIdByURI(name), name)
    assert.strictEqual(await find(room.name), room.addressId)
    assert.isUndefined(await find("nobody-at-all"))
  })
})

describe.concurrent("sending", () => {
  it("joins a room once, and sends", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await findAddress(tab, addressId)
    await send(tab, addressId, "one")
    await send(tab, addressId, "two")
    const { exchanges } = await tab.traffic()
    const posts = exchanges.filter(({ method }) => method === "POST").map(({ body, url }) => ({
      path: new URL(url).pathname,
      body: JSON.parse(body ?? "")
    }))
    const from_fabric_address_id = ada.addressId
    assert.deepStrictEqual(posts, [
      {
        path: "/api/fabric/conversations/join",
        body: { from_fabric_address_id, fabric_address_ids: [addressId, ada.addressId] }
      },
      { path: "/api/fabric/messages", body: { group_id: `sw_${addressId}`, from_fabric_address_id, text: "one" } },
      { path: "/api/fabric/messages", body: { group_id: `sw_${addressId}`, from_fabric_address_id, text: "two" } }
    ])
    assert.deepStrictEqual((await server().stored(addressId)).map(({ text }) => text), ["one", "two"])
  })

  it("sends to a subscriber, who can reply", async () => {
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await using one = await open(server(), ada)
    await using other = await open(server(), grace)
    await read(one, grace.addressId)
    await read(other, ada.addressId)
    await send(one, grace.addressId, "hello grace")
    await receivedMessage(other, ada.addressId, "hello grace")
    await send(other, ada.addressId, "hello ada")
    await receivedMessage(one, grace.addressId, "hello ada")
    assert.deepStrictEqual(await receivedTexts(other, ada.addressId), ["hello grace", "hello ada"])
  })

  it("cannot join its own address", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await findAddress(tab, ada.addressId)
    assert.strictEqual((await failure(send(tab, ada.addressId, "me"))).message, "Join Failed - Unexpected response")
    assert.strictEqual((await tab.traffic()).exchanges.at(-1)?.status, 422)
  })

  it("cannot send an empty message", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    await findAddress(tab, addressId)
    const error = await failure(send(tab, addressId, ""))
    assert.strictEqual(error.message, "Send Text Failed - Unexpected response")
    assert.strictEqual((await tab.traffic()).exchanges.at(-1)?.status, 422)
  })

  it("cannot do anything with an expired token", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await findAddress(tab, addressId)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await failure(send(tab, addressId, "hello"))
    assert.strictEqual((await tab.traffic()).exchanges.at(-1)?.status, 401)
  })
})

describe.concurrent("reading", () => {
  it("reads messages, newest first, with their senders and times", async () => {
    const { addressId } = await server().createRoom("lab")
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await server().seed({ from: ada.id, addressId, text: "first" }, { from: grace.id, addressId, text: "second" })
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    assert.deepStrictEqual(await receivedTexts(tab, addressId), ["second", "first"])
    // float seconds
    const { created } = await receivedMessage(tab, addressId, "first")
    assert.isAbove(created, 1e9)
    assert.isBelow(created, 1e11)
    const sender = await tab.run(async ({ state, until }, id) => {
      let sender = ""
      state.texts[id].values[0].fromAddress$.subscribe((address: UntypedJson) => {
        sender = address.displayName
      })
      return until("the sender", () => sender)
    }, addressId)
    assert.strictEqual(sender, `grace of ${grace.name}`)
  })

  it("reads call logs separately from messages", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await server().seed(
      { from: ada.id, addressId, text: "call me" },
      {
        from: ada.id,
        addressId,
        subtype: "log",
        kind: "call_ended",
        details: { status: "ended", start_time: 1.5, end_time: 2.5 }
      }
    )
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    const calls: UntypedJson = await tab.run(async ({ state, until }, id) => {
      await until("the log", () => state.history[id].values.length > 0)
      return state.history[id].values.map(({ ended, kind, started, status }: UntypedJson) => ({
        ended,
        kind,
        started,
        status
      }))
    }, addressId)
    assert.deepStrictEqual(calls, [{ ended: 2.5, kind: "call_ended", started: 1.5, status: "ended" }])
    assert.deepStrictEqual(await receivedTexts(tab, addressId), ["call me"])
  })

  it("reads older messages with loadMore", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await server().seed(
      ...Array.from({ length: 150 }, (_, index) => ({ from: ada.id, addressId, text: `message ${index}`, push: false }))
    )
    await using tab = await open(server(), ada)
    // the messages alone: a second view would ask for a second page
    await findAddress(tab, addressId)
    const counts: UntypedJson = await tab.run(async ({ state, until }, id) => {
      state.addresses[id]?.textMessages$.subscribe((texts) => {
        state.texts[id] = texts
      })
      await until("the first page", () => state.texts[id]?.values.length === 100)
      const more = state.texts[id].hasMore
      state.texts[id].loadMore()
      await until("the second page", () => state.texts[id].values.length === 150)
      return [more, state.texts[id].hasMore]
    }, addressId)
    assert.deepStrictEqual(counts, [true, false])
    assert.deepStrictEqual(
      await receivedTexts(tab, addressId),
      Array.from({ length: 150 }, (_, index) => `message ${149 - index}`)
    )
  })

  it("reports a history that it must not read", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    const missing = "00000000-0000-4000-8000-000000000000"
    await tab.run(({ state }, id) => {
      state.client.directory?.get$(id)
      void state.client.directory?.get(id)?.textMessages$.subscribe({
        error: ({ message, name }) => state.errors.push({ message, name })
      })
    }, missing)
    assert.strictEqual((await errorOf(tab)).message, "Join Failed - Unexpected response")
  })
})

describe.concurrent("events", () => {
  it("delivers its own message to the author, once", async () => {
    const { addressId } = await server().createRoom("lab")
    await using tab = await open(server(), await server().createSubscriber("ada"))
    await read(tab, addressId)
    await send(tab, addressId, "hello")
    await receivedMessage(tab, addressId, "hello")
    assert.deepStrictEqual(await receivedTexts(tab, addressId), ["hello"])
  })

  it("delivers messages and calls of others", async () => {
    const { addressId } = await server().createRoom("lab")
    const [ada, grace] = [await server().createSubscriber("ada"), await server().createSubscriber("grace")]
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().seed(
      { from: grace.id, addressId, text: "hello" },
      { from: grace.id, addressId, subtype: "log", kind: "call_started", details: { status: "started", start_time: 3 } }
    )
    await receivedMessage(tab, addressId, "hello")
    const call = await tab.run(async ({ state, until }, id) => {
      const { kind, started } = await until("the call", () => state.history[id].values[0])
      return { kind, started }
    }, addressId)
    assert.deepStrictEqual(call, { kind: "call_started", started: 3 })
  })

  it("delivers messages to two tabs of one subscriber", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using one = await open(server(), ada)
    await using two = await open(server(), ada)
    await read(one, addressId)
    await read(two, addressId)
    await send(one, addressId, "to both")
    assert.strictEqual(
      (await receivedMessage(one, addressId, "to both")).id,
      (await receivedMessage(two, addressId, "to both")).id
    )
    assert.lengthOf(await server().sessions(ada), 2)
  })

  it("acknowledges events", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    await server().seed(...texts.map((text) => ({ from: ada.id, addressId, text })))
    await receivedMessage(tab, addressId, "message 49")
    assert.deepStrictEqual(await receivedTexts(tab, addressId), texts)
    await eventually("every event is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
  })
})
