/**
 * The v4 generation, `@signalwire/js` 4.0.0-beta.12: conversations through its directory of addresses, on the sandbox.
 */
import type * as Vendor from "vendor-v4"
import { assert, describe, it } from "vitest"
import type { Kept } from "../src/environment.ts"
import { type Person, Server } from "../src/Server.ts"
import { Tab } from "../src/Tab.ts"
import { eventually, failure, type Loose, reconnected, sent, settled, shareServer } from "./support.ts"

const server = shareServer()

interface Keep {
  client: Vendor.SignalWire
  errors: Array<{ readonly name: string; readonly message: string }>
  /** By id, once it is known. */
  addresses: Record<string, Vendor.Address>
  texts: Record<string, Loose>
  history: Record<string, Loose>
}
type V4Tab = Tab<typeof Vendor, Keep>

/** A tab whose client has begun to connect. */
const begin = async (server: Server, token: string, kept?: Kept, options: Vendor.SignalWireOptions = {}) => {
  const tab: V4Tab = await Tab.open("v4", server.info, kept)
  await tab.run(({ kept, vendor }, { options, token }) => {
    kept.errors = []
    kept.addresses = {}
    kept.texts = {}
    kept.history = {}
    kept.client = new vendor.SignalWire(new vendor.StaticCredentialProvider({ token }), options)
    kept.client.errors$.subscribe(({ message, name }) => kept.errors.push({ message, name }))
  }, { token, options })
  return tab
}
const ready = (tab: V4Tab) =>
  tab.run(({ kept, until }) =>
    until("connected and registered", () => kept.client.isConnected && kept.client.isRegistered)
  )
/** A tab whose client is connected. */
const open = async (
  server: Server,
  { token }: Pick<Person, "token">,
  kept?: Kept,
  options: Vendor.SignalWireOptions = {}
) => {
  const tab = await begin(server, token, kept, options)
  await ready(tab)
  return tab
}
const errorOf = (tab: V4Tab) => tab.run(({ kept, until }) => until("an error", () => kept.errors.at(-1)))
/** Knows an address, and how it is shown. */
const meet = (tab: V4Tab, id: string) =>
  tab.run(async ({ kept, until }, id) => {
    kept.client.directory?.get$(id)?.subscribe((address) => {
      kept.addresses[id] = address
    })
    const { displayName, locked, name, type } = await until("the address", () => kept.addresses[id])
    return { displayName, locked, name, type }
  }, id)
/** Opens the messages and the calls of an address; answers when the newest are there. */
const read = async (tab: V4Tab, id: string) => {
  await meet(tab, id)
  await tab.run(async ({ kept, until }, id) => {
    const address = kept.addresses[id]
    address?.textMessages$.subscribe((texts) => {
      kept.texts[id] = texts
    })
    address?.history$.subscribe((history) => {
      kept.history[id] = history
    })
    await until("the messages", () => kept.texts[id] !== undefined && kept.history[id] !== undefined)
    await until("a page", () => kept.texts[id].loading === false)
  }, id)
}
const texts = (tab: V4Tab, id: string): Promise<Loose> =>
  tab.run(({ kept }, id) => kept.texts[id].values.map(({ text }: Loose) => text), id)
const told = (tab: V4Tab, id: string, text: string): Promise<Loose> =>
  tab.run(async ({ kept, until }, { id, text }) => {
    const { created, id: messageId } = await until(
      `message ${text}`,
      () => kept.texts[id].values.find((message: Loose) => message.text === text)
    )
    return { created, id: messageId }
  }, { id, text })
const send = (tab: V4Tab, id: string, text: string) =>
  tab.run(({ kept }, { id, text }) => kept.addresses[id]?.sendText(text), { id, text })

describe.concurrent("connecting", () => {
  it("asks who it is, connects, authenticates and registers", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const { exchanges, sockets } = await tab.seen()
    assert.match(exchanges[0]?.url ?? "", /^https:\/\/fabric\.[^/]+\/api\/fabric\/subscriber\/info$/)
    assert.match(sockets[0] ?? "", /^wss:\/\/puc\./)
    const [connect] = await sent(tab, "signalwire.connect")
    assert.strictEqual(connect.params.agent, "signalwire-js/4.0.0")
    assert.isString(connect.params.dpop_token)
    assert.lengthOf(await sent(tab, "subscriber.online"), 1)
    assert.deepStrictEqual(await tab.run(({ kept }) => kept.errors), [])
  })

  it("knows its user", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const user: Loose = await tab.run(({ kept }) => {
      const user: Loose = kept.client.user
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

  it("reports a token the server does not know, and opens no socket", async () => {
    await using tab = await begin(server(), "eyJhbGciOiJkaXIiLCJ0eXAiOiJTQVQifQ..a.b.c")
    assert.strictEqual((await errorOf(tab)).message, "Unexpected Error at Error fetching user information")
    const { exchanges, sockets } = await tab.seen()
    assert.deepStrictEqual([exchanges.map(({ status }) => status), sockets], [[401], []])
  })

  it("reports a token that has expired", async () => {
    const ada = await server().person("ada")
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await using tab = await begin(server(), ada.token)
    assert.strictEqual((await errorOf(tab)).message, "Unexpected Error at Error fetching user information")
  })

  it("reports a token that is none, without asking anybody", async () => {
    await using tab = await begin(server(), "nonsense")
    assert.match((await errorOf(tab)).message, /Invalid JWT/)
    assert.deepStrictEqual((await tab.seen()).exchanges, [])
  })

  it("unregisters and registers again", async () => {
    await using tab = await open(server(), await server().person("ada"))
    await tab.run(({ kept }) => kept.client.unregister())
    assert.isFalse(await tab.run(({ kept }) => kept.client.isRegistered))
    await tab.run(({ kept }) => kept.client.register())
    assert.isTrue(await tab.run(({ kept }) => kept.client.isRegistered))
  })

  it("disconnects, forgets its session, and connects again", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await tab.run(({ kept }) => kept.client.disconnect())
    await eventually("no socket", () => server().sessions(ada), (all) => all.every(({ connected }) => !connected))
    await tab.run(({ kept }) => kept.client.connect())
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
    await using tab = await open(own, await own.person("ada"))
    const names: Loose = await tab.run(async ({ kept, until }) => {
      const directory = await until("the directory", () => kept.client.directory)
      directory.addresses$.subscribe()
      directory.loadMore()
      await until("the first page", () => directory.addresses.length === 50)
      directory.loadMore()
      await until("the second page", () => directory.addresses.length > 60)
      await until("their states", () => directory.addresses.every((address: Loose) => address.state !== null))
      return directory.addresses.map(({ name }) => name)
    })
    assert.lengthOf(names, 64)
    assert.deepStrictEqual(names, names.toSorted())
  })

  it("knows an address by its id", async () => {
    const room = await server().room("lab")
    await using tab = await open(server(), await server().person("ada"))
    assert.deepStrictEqual(await meet(tab, room.addressId), {
      displayName: room.name,
      locked: false,
      name: room.name,
      type: "room"
    })
  })

  it("finds an address by a name that must be encoded, and none by a name that nobody has", async () => {
    const room = await server().room("Q&A + #1 / ä")
    await using tab = await open(server(), await server().person("ada"))
    const find = (name: string) => tab.run(({ kept }, name) => kept.client.directory?.findAddressIdByURI(name), name)
    assert.strictEqual(await find(room.name), room.addressId)
    assert.isUndefined(await find("nobody-at-all"))
  })
})

describe.concurrent("sending", () => {
  it("joins a room once, and sends", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await meet(tab, addressId)
    await send(tab, addressId, "one")
    await send(tab, addressId, "two")
    const { exchanges } = await tab.seen()
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

  it("sends to a subscriber, who can answer", async () => {
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await using one = await open(server(), ada)
    await using other = await open(server(), grace)
    await read(one, grace.addressId)
    await read(other, ada.addressId)
    await send(one, grace.addressId, "hello grace")
    await told(other, ada.addressId, "hello grace")
    await send(other, ada.addressId, "hello ada")
    await told(one, grace.addressId, "hello ada")
    assert.deepStrictEqual(await texts(other, ada.addressId), ["hello grace", "hello ada"])
  })

  it("is refused its own address", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await meet(tab, ada.addressId)
    assert.strictEqual((await failure(send(tab, ada.addressId, "me"))).message, "Join Failed - Unexpected response")
    assert.strictEqual((await tab.seen()).exchanges.at(-1)?.status, 422)
  })

  it("is refused an empty text", async () => {
    const { addressId } = await server().room("lab")
    await using tab = await open(server(), await server().person("ada"))
    await meet(tab, addressId)
    const error = await failure(send(tab, addressId, ""))
    assert.strictEqual(error.message, "Send Text Failed - Unexpected response")
    assert.strictEqual((await tab.seen()).exchanges.at(-1)?.status, 422)
  })

  it("is refused everything once its token has expired", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await meet(tab, addressId)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await failure(send(tab, addressId, "hello"))
    assert.strictEqual((await tab.seen()).exchanges.at(-1)?.status, 401)
  })
})

describe.concurrent("reading", () => {
  it("reads what was said, newest first, with who said it and when", async () => {
    const { addressId } = await server().room("lab")
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await server().seed({ from: ada.id, addressId, text: "first" }, { from: grace.id, addressId, text: "second" })
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    assert.deepStrictEqual(await texts(tab, addressId), ["second", "first"])
    // float seconds
    const { created } = await told(tab, addressId, "first")
    assert.isAbove(created, 1e9)
    assert.isBelow(created, 1e11)
    const sender = await tab.run(async ({ kept, until }, id) => {
      let sender = ""
      kept.texts[id].values[0].fromAddress$.subscribe((address: Loose) => {
        sender = address.displayName
      })
      return until("the sender", () => sender)
    }, addressId)
    assert.strictEqual(sender, `grace of ${grace.name}`)
  })

  it("reads call logs apart from what was said", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
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
    const calls: Loose = await tab.run(async ({ kept, until }, id) => {
      await until("the log", () => kept.history[id].values.length > 0)
      return kept.history[id].values.map(({ ended, kind, started, status }: Loose) => ({
        ended,
        kind,
        started,
        status
      }))
    }, addressId)
    assert.deepStrictEqual(calls, [{ ended: 2.5, kind: "call_ended", started: 1.5, status: "ended" }])
    assert.deepStrictEqual(await texts(tab, addressId), ["call me"])
  })

  it("reads older messages when asked for more", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await server().seed(
      ...Array.from({ length: 150 }, (_, index) => ({ from: ada.id, addressId, text: `message ${index}`, push: false }))
    )
    await using tab = await open(server(), ada)
    // the messages alone: a second view would ask for a second page
    await meet(tab, addressId)
    const counts: Loose = await tab.run(async ({ kept, until }, id) => {
      kept.addresses[id]?.textMessages$.subscribe((texts) => {
        kept.texts[id] = texts
      })
      await until("the first page", () => kept.texts[id]?.values.length === 100)
      const more = kept.texts[id].hasMore
      kept.texts[id].loadMore()
      await until("the second page", () => kept.texts[id].values.length === 150)
      return [more, kept.texts[id].hasMore]
    }, addressId)
    assert.deepStrictEqual(counts, [true, false])
    assert.deepStrictEqual(
      await texts(tab, addressId),
      Array.from({ length: 150 }, (_, index) => `message ${149 - index}`)
    )
  })

  it("reports a history it may not read", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    const missing = "00000000-0000-4000-8000-000000000000"
    await tab.run(({ kept }, id) => {
      kept.client.directory?.get$(id)
      void kept.client.directory?.get(id)?.textMessages$.subscribe({
        error: ({ message, name }) => kept.errors.push({ message, name })
      })
    }, missing)
    assert.strictEqual((await errorOf(tab)).message, "Join Failed - Unexpected response")
  })
})

describe.concurrent("events", () => {
  it("tells the author of its own message, once", async () => {
    const { addressId } = await server().room("lab")
    await using tab = await open(server(), await server().person("ada"))
    await read(tab, addressId)
    await send(tab, addressId, "hello")
    await told(tab, addressId, "hello")
    assert.deepStrictEqual(await texts(tab, addressId), ["hello"])
  })

  it("tells of another's message, and of a call", async () => {
    const { addressId } = await server().room("lab")
    const [ada, grace] = [await server().person("ada"), await server().person("grace")]
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().seed(
      { from: grace.id, addressId, text: "hello" },
      { from: grace.id, addressId, subtype: "log", kind: "call_started", details: { status: "started", start_time: 3 } }
    )
    await told(tab, addressId, "hello")
    const call = await tab.run(async ({ kept, until }, id) => {
      const { kind, started } = await until("the call", () => kept.history[id].values[0])
      return { kind, started }
    }, addressId)
    assert.deepStrictEqual(call, { kind: "call_started", started: 3 })
  })

  it("tells two tabs of one subscriber", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using one = await open(server(), ada)
    await using two = await open(server(), ada)
    await read(one, addressId)
    await read(two, addressId)
    await send(one, addressId, "to both")
    assert.strictEqual((await told(one, addressId, "to both")).id, (await told(two, addressId, "to both")).id)
    assert.lengthOf(await server().sessions(ada), 2)
  })

  it("acknowledges what it is told", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    const said = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    await server().seed(...said.map((text) => ({ from: ada.id, addressId, text })))
    await told(tab, addressId, "message 49")
    assert.deepStrictEqual(await texts(tab, addressId), said)
    await eventually("every event is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
  })
})

describe.concurrent("when the connection breaks", () => {
  it("resumes after an abrupt drop, and hears what was said meanwhile", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    const [before] = await server().sessions(ada)
    await server().drop(ada)
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await told(tab, addressId, "meanwhile")
    const { params, result } = await reconnected(tab)
    assert.strictEqual(params.protocol, before?.protocol)
    assert.isString(params.authorization_state)
    assert.isTrue(result.session_restored)
    await eventually("registered again", () => sent(tab, "subscriber.online"), (all) => all.length === 2)
  })

  it("is sent again what it did not acknowledge, and shows it once", async () => {
    await using own = await Server.start()
    const { addressId } = await own.room("lab")
    const ada = await own.person("ada")
    await using tab = await open(own, ada)
    await read(tab, addressId)
    await settled(tab)
    await tab.run(({ kept }) => kept.client.unregister())
    await own.faults({
      match: { on: "frame", direction: "in", method: "signalwire.event" },
      action: { type: "drop" },
      times: 2
    })
    await own.seed({ from: ada.id, addressId, text: "one" }, { from: ada.id, addressId, text: "two" })
    await told(tab, addressId, "two")
    await own.drop(ada)
    await own.seed({ from: ada.id, addressId, text: "three" })
    await told(tab, addressId, "three")
    assert.deepStrictEqual(await texts(tab, addressId), ["one", "two", "three"])
    const { frames } = await tab.seen()
    const again = frames.filter(({ direction, text }) => direction === "in" && text.includes("\"text\":\"one\""))
    assert.deepStrictEqual(again.map(({ socket }) => socket), [1, 2])
    await eventually("every event is acknowledged", () => own.sessions(ada), ([session]) => session?.unacked === 0)
  })

  it("resumes with a token that has expired meanwhile", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await server().drop(ada)
    assert.isTrue((await reconnected(tab)).result.session_restored)
    await server().seed({ from: ada.id, addressId, text: "still here" })
    await told(tab, addressId, "still here")
  })

  it("is let go when its token expires, and goes on with its session", async () => {
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    assert.isTrue((await reconnected(tab)).result.session_restored)
    const { frames } = await tab.seen()
    assert.isTrue(frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.disconnect")))
    await eventually("registered again", () => sent(tab, "subscriber.online"), (all) => all.length === 2)
  })

  it("resumes on the next page load with what it kept", async () => {
    const ada = await server().person("ada")
    const first = await open(server(), ada)
    const { kept } = await eventually(
      "the state is kept",
      () => first.seen(),
      ({ kept }) => Object.keys(kept.session).some((key) => key.endsWith(":as"))
    )
    await first.close()
    await eventually("the socket is gone", () => server().sessions(ada), ([session]) => session?.connected === false)
    await using second = await open(server(), ada, kept)
    assert.isTrue((await reconnected(second, 1)).result.session_restored)
  })

  it("begins anew with what the server does not remember", async () => {
    const ada = await server().person("ada")
    const session = { [`sw:${ada.id}:pt`]: "\"signalwire_a_b_c\"", [`sw:${ada.id}:as`]: "\"bm9uY2U=:Y2lwaGVy\"" }
    await using tab = await open(server(), ada, { session, local: {} })
    const { params, result } = await reconnected(tab, 1)
    assert.strictEqual(params.protocol, "signalwire_a_b_c")
    assert.isFalse(result.session_restored)
  })

  it("comes back when the server says it restarts, though it does not answer that", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id, restart: true })
    assert.isFalse((await reconnected(tab)).result.session_restored)
    await server().seed({ from: ada.id, addressId, text: "hello again" })
    await told(tab, addressId, "hello again")
  })

  it("comes back to its session when the server disconnects without a restart", async () => {
    const { addressId } = await server().room("lab")
    const ada = await server().person("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id })
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await told(tab, addressId, "meanwhile")
    assert.isTrue((await reconnected(tab)).result.session_restored)
  })

  it("begins anew when a resumed session is refused", async () => {
    await using own = await Server.start()
    const ada = await own.person("ada")
    await using tab = await open(own, ada)
    await own.faults({
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32003, message: "Requester validation failed" },
      times: 1
    })
    await own.drop(ada)
    const { params, result } = await reconnected(tab, 3)
    assert.isUndefined(params.protocol)
    assert.isFalse(result.session_restored)
  })

  it("tries again when the server fails once", async () => {
    await using own = await Server.start()
    const ada = await own.person("ada")
    await own.faults({
      match: { on: "http", path: "/api/fabric/subscriber/info" },
      action: { type: "answer", status: 503 },
      times: 1
    })
    await using tab = await open(own, ada)
    assert.deepStrictEqual((await tab.seen()).exchanges.slice(0, 2).map(({ status }) => status), [503, 200])
  })
})

describe.concurrent("credentials", () => {
  it("are bound to the client's own key when they may be refreshed", async () => {
    const { addressId } = await server().room("lab")
    const own = server()
    await using tab: V4Tab = await Tab.open("v4", own.info)
    const reference = `bound-${addressId}`
    // the application's server mints a token for the key that the client made
    await tab.run(({ kept, vendor }, { authorization, reference, url }) => {
      kept.errors = []
      kept.addresses = {}
      kept.client = new vendor.SignalWire({
        authenticate: async (context) => {
          const response = await fetch(url, {
            method: "POST",
            headers: { authorization },
            body: JSON.stringify({ reference, scope: ["sat:refresh"], fingerprint: context?.fingerprint })
          })
          const { token }: { token: string } = await response.json()
          return { token }
        }
      })
      kept.client.errors$.subscribe(({ message, name }) => kept.errors.push({ message, name }))
    }, {
      reference,
      url: `${own.info.http}/api/fabric/subscribers/tokens`,
      authorization: `Basic ${btoa(`${own.info.projectId}:${own.info.apiToken}`)}`
    })
    await ready(tab)
    const claims: Loose = await tab.run(({ kept }) => kept.client.user?.satClaims)
    assert.deepStrictEqual(claims.scope, ["sat:refresh"])
    const [request] = await eventually(
      "re-authenticated",
      () => sent(tab, "signalwire.reauthenticate"),
      (all) => all.length > 0
    )
    assert.isString(request.params.dpop_token)
    await meet(tab, addressId)
    const { exchanges } = await tab.seen()
    const renewed = exchanges.find(({ url }) => url.endsWith("/api/fabric/subscriber/devices/token"))
    assert.strictEqual(renewed?.status, 200)
    // from then on REST uses the token that was renewed
    assert.strictEqual(
      exchanges.at(-1)?.authorization,
      `Bearer ${request.params.authentication.jwt_token}`
    )
    assert.deepStrictEqual(await tab.run(({ kept }) => kept.errors), [])
  })

  it("may be a guest's, who sees what it is allowed to and cannot be called", async () => {
    const [lab, attic] = [await server().room("lab"), await server().room("attic")]
    const { token } = await server().manage<{ token: string }>("/api/fabric/guests/tokens", {
      allowed_addresses: [lab.addressId]
    })
    await using tab = await begin(server(), token, undefined, { skipRegister: true })
    await tab.run(({ kept, until }) => until("connected", () => kept.client.isConnected))
    const names = await tab.run(async ({ kept, until }) => {
      const directory = await until("the directory", () => kept.client.directory)
      directory.loadMore()
      await until("addresses", () => directory.addresses.length > 0)
      await until("their states", () => directory.addresses.every((address: Loose) => address.state !== null))
      return directory.addresses.map(({ name }) => name)
    })
    assert.deepStrictEqual(names, [lab.name])
    assert.notInclude(names, attic.name)
    await failure(tab.run(({ kept }) => kept.client.register()))
  })

  it("may come from an embed key", async () => {
    const { addressId, name } = await server().room("lab")
    await using tab: V4Tab = await Tab.open("v4", server().info)
    await tab.run(({ kept, vendor }, key) => {
      kept.addresses = {}
      kept.client = new vendor.SignalWire(
        new vendor.EmbedTokenCredentialProvider("space.example.test", key),
        { skipRegister: true }
      )
    }, `c2c_${addressId}`)
    await tab.run(({ kept, until }) => until("connected", () => kept.client.isConnected))
    assert.strictEqual((await meet(tab, addressId)).name, name)
  })
})
