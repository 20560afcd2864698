/** Connecting, going online and offline, and registering devices. */
import { assert, describe, it } from "vitest"
import type { Server } from "../../src/Server.ts"
import { eventually, failure, sent, type UntypedJson } from "../support.ts"
import type { OlderClient } from "./OlderClient.ts"

export const connecting = (server: () => Server, client: OlderClient): void => {
  describe.concurrent("connecting", () => {
    it("connects and authenticates, and uses the same token for REST", async () => {
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await tab.run(({ state }) => state.client.getSubscriberInfo())
      const { exchanges, sockets } = await tab.traffic()
      assert.match(sockets[0] ?? "", /^wss:\/\/puc\./)
      assert.match(exchanges[0]?.url ?? "", /^https:\/\/fabric\./)
      assert.strictEqual(exchanges[0]?.authorization, `Bearer ${ada.token}`)
      const [connect] = await sent(tab, "signalwire.connect")
      assert.strictEqual(connect.params.agent, client.agent)
      assert.strictEqual(connect.params.authentication.jwt_token, ada.token)
    })

    it("rejects with an AuthError for an unknown token", async () => {
      const error = await failure(client.open(server(), { token: "eyJhbGciOiJkaXIiLCJ0eXAiOiJTQVQifQ..a.b.c" }))
      assert.strictEqual(error.name, "AuthError")
      assert.strictEqual(error.code, "-32002")
    })

    it("rejects with an AuthError for an expired token", async () => {
      const ada = await server().createSubscriber("ada")
      await server().admin("POST", "/tokens/expire", { token: ada.token })
      assert.strictEqual((await failure(client.open(server(), ada))).name, "AuthError")
    })

    it("goes online and offline", async () => {
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      await tab.run(({ state }) => state.client.online({ incomingCallHandlers: {} }))
      await tab.run(({ state }) => state.client.offline())
      assert.lengthOf(await sent(tab, "subscriber.online"), 1)
      assert.lengthOf(await sent(tab, "subscriber.offline"), 1)
    })

    it("disconnects, forgets its session, and connects again", async () => {
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      await tab.run(({ state }) => state.client.disconnect())
      await eventually(
        "the session has no socket",
        () => server().sessions(ada),
        (all) => all.every(({ connected }) => !connected)
      )
      await eventually(
        "the storage is clean",
        () => tab.traffic(),
        ({ storage }) => Object.keys(storage.session).length === 0
      )
      await tab.run(async ({ state, vendor }, token) => {
        state.client = await vendor.SignalWire({ token })
      }, ada.token)
      const connects = await sent(tab, "signalwire.connect")
      assert.lengthOf(connects, 2)
      assert.isUndefined(connects[1].params.protocol)
    })

    it("registers and unregisters a device", async () => {
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const device: UntypedJson = await tab.run(({ state }) =>
        state.client.registerDevice({ deviceType: "iOS", deviceToken: "apns" })
      )
      assert.isString(device.id)
      assert.strictEqual(device.device_type, "iOS")
      await tab.run(({ state }, id) => state.client.unregisterDevice({ id }), device.id)
      const { exchanges } = await tab.traffic()
      assert.deepStrictEqual(exchanges.map(({ method, status }) => [method, Math.floor(status / 100)]), [
        ["POST", 2],
        ["DELETE", 2]
      ])
    })
  })
}
