/** Replacing the token of a session. */
import { assert, describe, it } from "vitest"
import type { Server } from "../../src/Server.ts"
import { eventually, receivedEvent, sent, type UntypedJson } from "../support.ts"
import type { OlderClient } from "./OlderClient.ts"

export const tokens = (server: () => Server, client: OlderClient): void => {
  describe.concurrent("replacing the token", () => {
    it("re-authenticates the session", async () => {
      const { addressId } = await server().createRoom("lab")
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      const minted = await server().admin<{ token: string }>("POST", "/tokens", {
        subscriberId: ada.id,
        ttlSeconds: 600
      })
      await client.updateToken(tab, minted.token)
      const { frames } = await eventually(
        "a response",
        () => tab.traffic(),
        ({ frames }) =>
          frames.some(({ text }) => text.includes("authorization_state") && text.includes("signalwire.event")) &&
          frames.filter(({ direction, text }) => direction === "in" && text.includes("fabric_subscriber")).length === 2
      )
      const [request] = await sent(tab, "signalwire.reauthenticate")
      assert.strictEqual(request.params.authentication.jwt_token, minted.token)
      const response: UntypedJson = frames
        .filter(({ direction }) => direction === "in")
        .map(({ text }): UntypedJson => JSON.parse(text))
        .find(({ id, result }) => id === request.id && result !== undefined)
      assert.strictEqual(request.params.authentication.project, response.result.authorization.project_id)
      assert.lengthOf((await tab.traffic()).sockets, 1)
      await client.send(tab, ada, addressId, "hello")
      await receivedEvent(tab, "hello")
    })

    it("is refused the token of another subscriber", async () => {
      const [ada, eve] = [await server().createSubscriber("ada"), await server().createSubscriber("eve")]
      await using tab = await client.open(server(), ada)
      await tab.run(({ state }, token) => {
        void state.client.updateToken(token).catch(() => undefined)
      }, eve.token)
      const [request] = await eventually(
        "the request",
        () => sent(tab, "signalwire.reauthenticate"),
        (all) => all.length > 0
      )
      const response: UntypedJson = await eventually("its response", async () =>
        (await tab.traffic()).frames
          .filter(({ direction }) => direction === "in")
          .map(({ text }): UntypedJson => JSON.parse(text))
          .find(({ id }) => id === request.id), (frame) => frame !== undefined)
      assert.strictEqual(response.error.code, -32002)
    })
  })
}
