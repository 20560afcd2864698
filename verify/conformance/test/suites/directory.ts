/** Reading the subscriber and its addresses. */
import { assert, describe, it } from "vitest"
import type { Server } from "../../src/Server.ts"
import { failure, type UntypedJson } from "../support.ts"
import type { OlderClient } from "./OlderClient.ts"

export const directory = (server: () => Server, client: OlderClient): void => {
  describe.concurrent("subscriber and addresses", () => {
    it("returns the subscriber with its own addresses", async () => {
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      const info: UntypedJson = await tab.run(({ state }) => state.client.getSubscriberInfo())
      assert.strictEqual(info.id, ada.id)
      assert.isString(info.email)
      assert.isString(info.push_notification_key)
      assert.isArray(info.app_settings.scopes)
      assert.deepStrictEqual(info.fabric_addresses.map((address: UntypedJson) => address.id), [ada.addressId])
      assert.isUndefined(info.sat_claims)
    })

    it("finds an address by id", async () => {
      const room = await server().createRoom("lab")
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const address: UntypedJson = await tab.run(
        ({ state }, id) => state.client.address.getAddress({ id }),
        room.addressId
      )
      assert.strictEqual(address.name, room.name)
      assert.strictEqual(address.type, "room")
      assert.strictEqual(address.locked, false)
      assert.isFalse(Number.isNaN(Date.parse(address.created_at)))
      assert.isString(address.channels.messaging)
    })

    it("finds an address by a name, which it does not encode", async () => {
      const ada = await server().createSubscriber("ada lovelace")
      await using tab = await client.open(server(), ada)
      const address: UntypedJson = await tab.run(
        ({ state }, name) => state.client.address.getAddress({ name }),
        ada.name
      )
      assert.strictEqual(address.id, ada.addressId)
    })

    it("rejects with 404 for an unknown address, by id and by name", async () => {
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const byId = tab.run(({ state }) =>
        state.client.address.getAddress({ id: "00000000-0000-4000-8000-000000000000" })
      )
      assert.strictEqual((await failure(byId)).code, "404")
      const byName = tab.run(({ state }) => state.client.address.getAddress({ name: "unknown" }))
      assert.strictEqual((await failure(byName)).code, "404")
    })

    it("lists the addresses of a type", async () => {
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const types = await tab.run(async ({ state }) => {
        const page = await state.client.address.getAddresses({ type: "room", pageSize: 1000 })
        return page.data.map(({ type }: UntypedJson): string => type)
      })
      assert.deepStrictEqual([...new Set(types)], ["room"])
    })

    it("lists addresses by display name", async () => {
      const ada = await server().createSubscriber("ada")
      await using tab = await client.open(server(), ada)
      const ids = await tab.run(async ({ state }, displayName) => {
        const page = await state.client.address.getAddresses({ displayName })
        return page.data.map(({ id }: UntypedJson) => id)
      }, `ada of ${ada.name}`)
      assert.deepStrictEqual(ids, [ada.addressId])
    })

    it("sorts addresses by name and by age, ascending and descending", async () => {
      const displayName = `a tree (${client.name})`
      for (const name of ["cedar", "alder", "birch"]) {
        await server().admin("POST", "/rooms", { name: `${client.name}-${name}`, displayName })
      }
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const list = (sortBy: "name" | "created_at", sortOrder: "asc" | "desc") =>
        tab.run(async ({ state }, options) => {
          const page = await state.client.address.getAddresses(options)
          return page.data.map(({ name }: UntypedJson) => name.replace(/^\w+-/, "")).join(" ")
        }, { displayName, sortBy, sortOrder })
      assert.strictEqual(await list("name", "asc"), "alder birch cedar")
      assert.strictEqual(await list("name", "desc"), "cedar birch alder")
      assert.strictEqual(await list("created_at", "asc"), "cedar alder birch")
      assert.strictEqual(await list("created_at", "desc"), "birch alder cedar")
    })

    it("pages through addresses: next, previous, first and the same page", async () => {
      const displayName = `paged (${client.name})`
      for (const number of [1, 2, 3, 4, 5]) {
        await server().admin("POST", "/rooms", { name: `${client.name}-page-${number}`, displayName })
      }
      await using tab = await client.open(server(), await server().createSubscriber("ada"))
      const pages: UntypedJson = await tab.run(async ({ state }, displayName) => {
        const names = (page: UntypedJson) => page?.data.map(({ name }: UntypedJson) => name.slice(-1)).join("")
        const one: UntypedJson = await state.client.address.getAddresses({
          displayName,
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
      }, displayName)
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
}
