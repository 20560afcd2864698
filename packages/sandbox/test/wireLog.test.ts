import type { Entry } from "@effect-signalwire/backend/WireLog"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Client, fixtures, request, temporary } from "./support.ts"

const enable = (info: Sandbox.Info, enabled: boolean) => request(info, "PUT", "/_sandbox/log", { body: { enabled } })
const entries = async (info: Sandbox.Info): Promise<ReadonlyArray<Entry>> =>
  (await request(info, "GET", "/_sandbox/log")).body.entries

/** Opens a session, pushes a message to it, reauthenticates, and closes it. */
const runSession = async (info: Sandbox.Info) => {
  const { ada, grace } = fixtures(info)
  const client = await Client.open(info.ws)
  const session = await client.connect(grace.token)
  await request(info, "POST", "/api/fabric/messages?a=b", {
    ...ada,
    body: { conversation_id: grace.addressId, text: "hi", metadata: { token: "mine" } }
  })
  client.acknowledge(await client.next())
  client.send({ id: "r", method: "signalwire.reauthenticate", params: { authentication: { jwt_token: grace.token } } })
  await client.next()
  client.close()
  await client.closed
  return session
}

describe("the wire log", () => {
  it("is empty until it is enabled, and does not grow after it was disabled", async () => {
    await using info = await Sandbox.start()
    await runSession(info)
    assert.deepStrictEqual(await entries(info), [])
    await enable(info, true)
    await runSession(info)
    const before = (await entries(info)).length
    assert.isAbove(before, 5)
    await enable(info, false)
    await runSession(info)
    assert.strictEqual((await entries(info)).length, before)
    await request(info, "DELETE", "/_sandbox/log")
    assert.deepStrictEqual(await entries(info), [])
  })
  it("contains every request with its response, and every frame in both directions", async () => {
    await using info = await Sandbox.start({ wireLog: true })
    const { ada, grace } = fixtures(info)
    const { protocol } = await runSession(info)
    const log = await entries(info)
    const logged = log.find((entry) => entry.on === "request")
    assert.strictEqual(logged?.method, "POST")
    assert.strictEqual(logged?.path, "/api/fabric/messages?a=b")
    assert.strictEqual(logged?.authorization, "Bearer [redacted]")
    assert.strictEqual(logged?.subscriberId, ada.id)
    assert.deepNestedInclude(logged?.body, { conversation_id: grace.addressId, text: "hi" })
    const response = log.find((entry) => entry.on === "response")
    assert.strictEqual(response?.exchange, logged?.exchange)
    assert.strictEqual(response?.status, 200)
    const frames = log.flatMap((entry) => entry.on === "frame" ? [`${entry.direction} ${entry.method}`] : [])
    assert.deepStrictEqual(frames.slice(0, 5), [
      "in signalwire.connect",
      "out signalwire.connect",
      "out signalwire.event",
      "in signalwire.event",
      "out signalwire.event"
    ])
    const event = log.findLast((entry) => entry.on === "frame" && entry.direction === "out")
    assert.strictEqual(event?.on === "frame" ? event.session : undefined, protocol)
    assert.strictEqual(log.at(-1)?.on, "closed")
    assert.isTrue(log.every(({ seq }, index) => seq === index + 1))
  })
  it("contains the fault that was carried out", async () => {
    await using info = await Sandbox.start({ wireLog: true })
    const { ada } = fixtures(info)
    await request(info, "PUT", "/_sandbox/faults", {
      body: {
        rules: [
          { match: { on: "http" }, action: { type: "loseAnswer" }, times: 1 },
          { match: { on: "frame", direction: "in" }, action: { type: "close" }, times: 1 },
          { match: { on: "connect" }, action: { type: "answer", status: 503 }, times: 1 }
        ]
      }
    })
    await request(info, "GET", "/api/fabric/messages", ada).catch(() => {})
    await new Client(info.ws).closed
    const client = await Client.open(info.ws)
    client.connect(ada.token).catch(() => {})
    await client.closed
    const seen = (await entries(info)).map(({ fault, on }) => [on, fault])
    assert.deepStrictEqual(seen, [
      ["request", "loseAnswer"],
      ["response", "loseAnswer"],
      ["refused", "answer"],
      ["opened", null],
      ["frame", "close"],
      ["closed", null]
    ])
    assert.isNull((await entries(info)).find((entry) => entry.on === "response")?.status)
  })
  it("contains no secrets, however they were sent", async () => {
    await using info = await Sandbox.start({ wireLog: true })
    const { ada, grace } = fixtures(info)
    const { authorization_state } = await runSession(info)
    const client = await Client.open(info.ws)
    await client.connect(grace.token)
    await request(info, "POST", "/api/fabric/subscribers/tokens/refresh", { body: { refresh_token: "mine-secret" } })
    await request(info, "GET", `/api/fabric/messages?token=${ada.token}`, ada)
    await request(info, "POST", "/api/fabric/messages", {
      ...ada,
      body: { conversation_id: grace.addressId, text: `my token is ${ada.token}`, details: { [ada.token]: 1 } }
    })
    await client.next()
    client.sendRaw(`{"id":1,"method":"signalwire.connect","params":{"authentication":{"jwt_token":"${ada.token}`)
    client.sendRaw(`{"refresh_token" : "mine-secret`)
    await client.next()
    await client.next()
    const text = JSON.stringify(await entries(info))
    for (const secret of [ada.token, grace.token, authorization_state, "mine-secret", ada.token.slice(0, 40)]) {
      assert.notInclude(text, secret)
    }
    assert.include(text, "my token is [redacted]")
  })
  it("keeps the newest entries, and counts the dropped ones", async () => {
    await using info = await Sandbox.start({ wireLog: true })
    const { ada } = fixtures(info)
    const client = await Client.open(info.ws)
    await client.connect(ada.token)
    for (let n = 0; n < 6000; n++) client.send({ id: `p${n}`, method: "signalwire.ping" })
    while ((await client.next()).id !== "p5999");
    const { body } = await request(info, "GET", "/_sandbox/log")
    assert.strictEqual(body.entries.length, 10_000)
    assert.isAbove(body.forgotten, 2000)
    assert.strictEqual(body.entries.at(-1).frame.id, "p5999")
  })
  it("is appended to a file, one line per entry", async () => {
    using directory = temporary()
    const file = join(directory.path, "wire.log")
    for (let n = 1; n <= 2; n++) {
      const info = await Sandbox.start({ log: file })
      await runSession(info)
      const kept = await entries(info)
      await info.stop()
      const lines = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line))
      assert.deepStrictEqual(lines.slice(-kept.length), [...kept])
    }
  })
  it("causes an error if its file cannot be written", async () => {
    const file = "/no/such/folder/wire.log"
    assert.isFalse(existsSync(file))
    const error = await Sandbox.start({ log: file }).catch((error: unknown) => error)
    assert.instanceOf(error, Sandbox.SandboxError)
    assert.include(String(error), file)
  })
})
