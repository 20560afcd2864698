/** The v4 generation, `@signalwire/js` 4.0.0-beta.12: broken connections and credentials, on the sandbox. */
import { assert, describe, it } from "vitest"
import { Server } from "../src/Server.ts"
import { Tab } from "../src/Tab.ts"
import { eventually, failure, reconnected, sent, settled, shareServer, type UntypedJson } from "./support.ts"
import { begin, findAddress, open, read, ready, receivedMessage, receivedTexts, type V4Tab } from "./v4Support.ts"

const server = shareServer()

describe.concurrent("recovery", () => {
  it("resumes its session after an abrupt drop, and receives what was sent in the meantime", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    const [before] = await server().sessions(ada)
    await server().drop(ada)
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await receivedMessage(tab, addressId, "meanwhile")
    const { params, result } = await reconnected(tab)
    assert.strictEqual(params.protocol, before?.protocol)
    assert.isString(params.authorization_state)
    assert.isTrue(result.session_restored)
    await eventually("registered again", () => sent(tab, "subscriber.online"), (all) => all.length === 2)
  })

  it("receives unacknowledged events again, and shows them once", async () => {
    await using own = await Server.start()
    const { addressId } = await own.createRoom("lab")
    const ada = await own.createSubscriber("ada")
    await using tab = await open(own, ada)
    await read(tab, addressId)
    await settled(tab)
    await tab.run(({ state }) => state.client.unregister())
    await own.setFaults({
      match: { on: "frame", direction: "in", method: "signalwire.event" },
      action: { type: "drop" },
      times: 2
    })
    await own.seed({ from: ada.id, addressId, text: "one" }, { from: ada.id, addressId, text: "two" })
    await receivedMessage(tab, addressId, "two")
    await own.drop(ada)
    await own.seed({ from: ada.id, addressId, text: "three" })
    await receivedMessage(tab, addressId, "three")
    assert.deepStrictEqual(await receivedTexts(tab, addressId), ["one", "two", "three"])
    const { frames } = await tab.traffic()
    const again = frames.filter(({ direction, text }) => direction === "in" && text.includes("\"text\":\"one\""))
    assert.deepStrictEqual(again.map(({ socket }) => socket), [1, 2])
    await eventually("every event is acknowledged", () => own.sessions(ada), ([session]) => session?.unacked === 0)
  })

  it("resumes its session with an expired token", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    await server().drop(ada)
    assert.isTrue((await reconnected(tab)).result.session_restored)
    await server().seed({ from: ada.id, addressId, text: "still here" })
    await receivedMessage(tab, addressId, "still here")
  })

  it("is disconnected when its token expires, and resumes its session", async () => {
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await server().admin("POST", "/tokens/expire", { token: ada.token })
    assert.isTrue((await reconnected(tab)).result.session_restored)
    const { frames } = await tab.traffic()
    assert.isTrue(frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.disconnect")))
    await eventually("registered again", () => sent(tab, "subscriber.online"), (all) => all.length === 2)
  })

  it("resumes its session after a page reload, from the web storage", async () => {
    const ada = await server().createSubscriber("ada")
    const first = await open(server(), ada)
    const { storage } = await eventually(
      "the state is stored",
      () => first.traffic(),
      ({ storage }) => Object.keys(storage.session).some((key) => key.endsWith(":as"))
    )
    await first.close()
    await eventually("the socket is gone", () => server().sessions(ada), ([session]) => session?.connected === false)
    await using second = await open(server(), ada, storage)
    assert.isTrue((await reconnected(second, 1)).result.session_restored)
  })

  it("starts a new session when the server does not know the stored one", async () => {
    const ada = await server().createSubscriber("ada")
    const session = { [`sw:${ada.id}:pt`]: "\"signalwire_a_b_c\"", [`sw:${ada.id}:as`]: "\"bm9uY2U=:Y2lwaGVy\"" }
    await using tab = await open(server(), ada, { session, local: {} })
    const { params, result } = await reconnected(tab, 1)
    assert.strictEqual(params.protocol, "signalwire_a_b_c")
    assert.isFalse(result.session_restored)
  })

  it("starts a new session after a server restart, though it does not respond to the request", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id, restart: true })
    assert.isFalse((await reconnected(tab)).result.session_restored)
    await server().seed({ from: ada.id, addressId, text: "hello again" })
    await receivedMessage(tab, addressId, "hello again")
  })

  it("resumes its session when the server disconnects it without a restart", async () => {
    const { addressId } = await server().createRoom("lab")
    const ada = await server().createSubscriber("ada")
    await using tab = await open(server(), ada)
    await read(tab, addressId)
    await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id })
    await server().seed({ from: ada.id, addressId, text: "meanwhile" })
    await receivedMessage(tab, addressId, "meanwhile")
    assert.isTrue((await reconnected(tab)).result.session_restored)
  })

  it("starts a new session when the resumed one is refused", async () => {
    await using own = await Server.start()
    const ada = await own.createSubscriber("ada")
    await using tab = await open(own, ada)
    await own.setFaults({
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32003, message: "Requester validation failed" },
      times: 1
    })
    await own.drop(ada)
    const { params, result } = await reconnected(tab, 3)
    assert.isUndefined(params.protocol)
    assert.isFalse(result.session_restored)
  })

  it("retries when the server fails once", async () => {
    await using own = await Server.start()
    const ada = await own.createSubscriber("ada")
    await own.setFaults({
      match: { on: "http", path: "/api/fabric/subscriber/info" },
      action: { type: "answer", status: 503 },
      times: 1
    })
    await using tab = await open(own, ada)
    assert.deepStrictEqual((await tab.traffic()).exchanges.slice(0, 2).map(({ status }) => status), [503, 200])
  })
})

describe.concurrent("credentials", () => {
  it("are bound to the client's key when they can be refreshed", async () => {
    const { addressId } = await server().createRoom("lab")
    const own = server()
    await using tab: V4Tab = await Tab.open("v4", own.info)
    const reference = `bound-${addressId}`
    // the application's server mints a token for the key that the client made
    await tab.run(({ state, vendor }, { authorization, reference, url }) => {
      state.errors = []
      state.addresses = {}
      state.client = new vendor.SignalWire({
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
      state.client.errors$.subscribe(({ message, name }) => state.errors.push({ message, name }))
    }, {
      reference,
      url: `${own.info.http}/api/fabric/subscribers/tokens`,
      authorization: `Basic ${btoa(`${own.info.projectId}:${own.info.apiToken}`)}`
    })
    await ready(tab)
    const claims: UntypedJson = await tab.run(({ state }) => state.client.user?.satClaims)
    assert.deepStrictEqual(claims.scope, ["sat:refresh"])
    const [request] = await eventually(
      "re-authenticated",
      () => sent(tab, "signalwire.reauthenticate"),
      (all) => all.length > 0
    )
    assert.isString(request.params.dpop_token)
    await findAddress(tab, addressId)
    const { exchanges } = await tab.traffic()
    const renewed = exchanges.find(({ url }) => url.endsWith("/api/fabric/subscriber/devices/token"))
    assert.strictEqual(renewed?.status, 200)
    // from then on REST uses the token that was renewed
    assert.strictEqual(
      exchanges.at(-1)?.authorization,
      `Bearer ${request.params.authentication.jwt_token}`
    )
    assert.deepStrictEqual(await tab.run(({ state }) => state.errors), [])
  })

  it("can be those of a guest, who sees only allowed addresses and cannot be called", async () => {
    const [lab, attic] = [await server().createRoom("lab"), await server().createRoom("attic")]
    const { token } = await server().management<{ token: string }>("/api/fabric/guests/tokens", {
      allowed_addresses: [lab.addressId]
    })
    await using tab = await begin(server(), token, undefined, { skipRegister: true })
    await tab.run(({ state, until }) => until("connected", () => state.client.isConnected))
    const names = await tab.run(async ({ state, until }) => {
      const directory = await until("the directory", () => state.client.directory)
      directory.loadMore()
      await until("addresses", () => directory.addresses.length > 0)
      await until("their states", () => directory.addresses.every((address: UntypedJson) => address.state !== null))
      return directory.addresses.map(({ name }) => name)
    })
    assert.deepStrictEqual(names, [lab.name])
    assert.notInclude(names, attic.name)
    await failure(tab.run(({ state }) => state.client.register()))
  })

  it("can come from an embed key", async () => {
    const { addressId, name } = await server().createRoom("lab")
    await using tab: V4Tab = await Tab.open("v4", server().info)
    await tab.run(({ state, vendor }, key) => {
      state.addresses = {}
      state.client = new vendor.SignalWire(
        new vendor.EmbedTokenCredentialProvider("space.example.test", key),
        { skipRegister: true }
      )
    }, `c2c_${addressId}`)
    await tab.run(({ state, until }) => until("connected", () => state.client.isConnected))
    assert.strictEqual((await findAddress(tab, addressId)).name, name)
  })
})
