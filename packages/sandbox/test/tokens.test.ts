import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, it } from "@effect/vitest"
import { join } from "node:path"
import { request, temporary } from "./support.ts"

it("the claims of tokens are stored: profile, allowed addresses and scope", async () => {
  using folder = temporary()
  const data = join(folder.path, "chat.db")
  const start = () => Sandbox.start({ data })
  const mint = async ({ apiToken, http, projectId }: Sandbox.Info, path: string, body: object) => {
    const response = await fetch(http + path, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${projectId}:${apiToken}`)}` },
      body: JSON.stringify(body)
    })
    const { token }: { token: string } = await response.json()
    return token
  }

  const first = await start()
  const office = first.rooms[0]?.addressId
  const ada = await mint(first, "/api/fabric/subscribers/tokens", {
    reference: "countess",
    first_name: "Ada",
    display_name: "The Countess",
    scope: ["sat:refresh"]
  })
  const guest = await mint(first, "/api/fabric/guests/tokens", { allowed_addresses: [office] })
  await first.stop()

  await using second = await start()
  const info = await request(second, "GET", "/api/fabric/subscriber/info", { token: ada })
  assert.deepInclude(info.body, { first_name: "Ada", display_name: "The Countess" })
  assert.deepStrictEqual(info.body.sat_claims.scope, ["sat:refresh"])
  assert.strictEqual(info.body.fabric_addresses[0].display_name, "The Countess")
  const list = await request(second, "GET", "/api/fabric/addresses", { token: guest })
  assert.deepStrictEqual(list.body.data.map(({ id }: { id: string }) => id), [office])
})

it("tokens contain a host whose first label can be replaced, as the vendor's clients do", async () => {
  await using sandbox = await Sandbox.start()
  const [header = ""] = (sandbox.subscribers[0]?.token ?? "").split(".")
  const { ch }: { ch: string } = JSON.parse(atob(header.replaceAll("-", "+").replaceAll("_", "/")))
  const { port } = new URL(sandbox.http)
  assert.strictEqual(ch, `puc.localhost:${port}`)
  assert.strictEqual(new URL(`https://fabric.${ch.split(".").slice(1).join(".")}`).host, `fabric.localhost:${port}`)
})

it("links are absolute, with the origin of the sandbox, if the option is set", async () => {
  await using sandbox = await Sandbox.start({ links: "absolute", rooms: ["a", "b"] })
  const token = sandbox.subscribers[0]?.token ?? ""
  const { body } = await request(sandbox, "GET", "/api/fabric/addresses?page_size=1", { token })
  assert.strictEqual(new URL(body.links.next).origin, sandbox.http)
})
