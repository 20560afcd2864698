/** Broken connections, and sessions that are resumed. */
import { assert, describe, it } from "vitest"
import { Server } from "../../src/Server.ts"
import { eventually, receivedEvent, receivedTexts, reconnected, settled } from "../support.ts"
import type { OlderClient } from "./OlderClient.ts"

export const recovery = (server: () => Server, client: OlderClient): void => {
  describe.concurrent("recovery", () => {
    it("resumes its session after an abrupt drop, and receives what was sent in the meantime", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      const [before] = await server().sessions(ada)
      assert.strictEqual(await server().drop(ada), 1)
      await server().seed({ from: ada.id, addressId, text: "meanwhile" })
      await receivedEvent(tab, "meanwhile")
      const { params, result } = await reconnected(tab)
      assert.strictEqual(params.protocol, before?.protocol)
      assert.isString(params.authorization_state)
      assert.isTrue(result.session_restored)
      assert.strictEqual(result.protocol, before?.protocol)
      assert.lengthOf(await server().sessions(ada), 1)
      await client.send(tab, ada, addressId, "afterwards")
      await receivedEvent(tab, "afterwards")
    })

    it("resumes its session after a close frame", async () => {
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await server().drop(ada, 1001)
      assert.isTrue((await reconnected(tab)).result.session_restored)
    })

    it("receives unacknowledged events again, in order", async () => {
      await using own = await Server.start()
      const { addressId } = await own.createRoom("lab")
      const ada = await own.createSubscriber("ada")
      await using tab = await client.open(own, ada)
      await settled(tab)
      // the response comes after earlier frames, so that the next acknowledgements are those of messages
      await tab.run(({ state }) => state.client.offline())
      // acknowledgements are lost
      await own.setFaults({
        match: { on: "frame", direction: "in", method: "signalwire.event" },
        action: { type: "drop" },
        times: 2
      })
      await own.seed({ from: ada.id, addressId, text: "one" }, { from: ada.id, addressId, text: "two" })
      await receivedEvent(tab, "two")
      await own.drop(ada)
      await own.seed({ from: ada.id, addressId, text: "three" })
      await receivedEvent(tab, "three")
      assert.deepStrictEqual(await receivedTexts(tab), ["one", "two", "one", "two", "three"])
      await eventually("every event is acknowledged", () => own.sessions(ada), ([session]) => session?.unacked === 0)
    })

    it("resumes its session with an expired token", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await server().admin("POST", "/tokens/expire", { token: ada.token })
      await server().drop(ada)
      assert.isTrue((await reconnected(tab)).result.session_restored)
      await server().seed({ from: ada.id, addressId, text: "still here" })
      await receivedEvent(tab, "still here")
    })

    it("is disconnected when its token expires, and resumes its session", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(
        server(),
        () => server().admin<{ token: string }>("POST", "/tokens", { subscriberId: ada.id, ttlSeconds: 12 })
      )
      assert.isTrue((await reconnected(tab)).result.session_restored)
      const { frames } = await tab.traffic()
      assert.isTrue(frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.disconnect")))
      await server().seed({ from: ada.id, addressId, text: "still here" })
      await receivedEvent(tab, "still here")
    })

    it("resumes its session after a page reload, from the web storage", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      const first = await client.open(server(), ada)
      const { storage } = await eventually(
        "state and protocol are stored",
        () => first.traffic(),
        ({ storage }) => Object.keys(storage.session).length === 2
      )
      await first.close()
      await eventually("the socket is gone", () => server().sessions(ada), ([session]) => session?.connected === false)
      await server().seed({ from: ada.id, addressId, text: "while loading" })
      await using second = await client.open(server(), ada, storage)
      assert.isTrue((await reconnected(second, 1)).result.session_restored)
      // it arrives with the response to connect, before users of this client can subscribe
      await eventually(
        "the event",
        () => second.traffic(),
        ({ frames }) => frames.some(({ text }) => text.includes("while loading"))
      )
      await eventually("it is acknowledged", () => server().sessions(ada), ([session]) => session?.unacked === 0)
      await client.send(second, ada, addressId, "loaded")
      await receivedEvent(second, "loaded")
    })

    it("starts a new session when the server does not know the stored one", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      const session = { "pt-SAT": "signalwire_a_b_c", "as-SAT": "bm9uY2U=:Y2lwaGVy" }
      await using tab = await client.open(server(), ada, { session, local: {} })
      const { params, result } = await reconnected(tab, 1)
      assert.strictEqual(params.protocol, "signalwire_a_b_c")
      assert.isFalse(result.session_restored)
      assert.notStrictEqual(result.protocol, "signalwire_a_b_c")
      await client.send(tab, ada, addressId, "hello")
      await receivedEvent(tab, "hello")
    })

    it("starts a new session after a server restart, though it asks for the old one", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id, restart: true })
      const { params, result } = await reconnected(tab)
      assert.isString(params.protocol)
      assert.isFalse(result.session_restored)
      await client.send(tab, ada, addressId, "hello again")
      await receivedEvent(tab, "hello again")
    })

    it("resumes its session when the server disconnects it without a restart", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await server().admin("POST", "/sessions/disconnect", { subscriberId: ada.id })
      await server().seed({ from: ada.id, addressId, text: "meanwhile" })
      await receivedEvent(tab, "meanwhile")
      assert.isTrue((await reconnected(tab)).result.session_restored)
    })

    it("detects a silent server after a ping, and resumes its session", async () => {
      await using own = await Server.start()
      const { addressId } = await own.createRoom("lab")
      const ada = await own.createSubscriber("ada")
      await using tab = await client.open(own, ada)
      await eventually(
        "a ping has started the watchdog",
        () => tab.traffic(),
        ({ frames }) => frames.some(({ direction, text }) => direction === "in" && text.includes("signalwire.ping"))
      )
      await own.setFaults({
        match: { on: "frame", direction: "out", method: "signalwire.ping" },
        action: { type: "silent" },
        times: 1
      })
      await tab.run(({ page, until }) => until("another socket", () => page.sockets.length > 1))
      assert.isTrue((await reconnected(tab)).result.session_restored)
      await client.send(tab, ada, addressId, "hello")
      await receivedEvent(tab, "hello")
    })
  })
}
