/** Compares the page's decoders with the schemas of the admin API. */
import * as Admin from "@effect-signalwire/backend/Admin"
import * as Faults from "@effect-signalwire/backend/Faults"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as Schema from "effect/Schema"
import { assert, beforeAll, describe, it } from "vitest"
import type { AdminApi } from "../src/admin/api.ts"
import type { Decoder } from "../src/admin/decoding.ts"
import { decodeDirectory, decodeLog, decodeRules, decodeSessions, decodeStored } from "../src/admin/models.ts"
import type { NewRule } from "../src/admin/models.ts"
import { faults } from "../src/faultButtons.ts"

describe("the page's decoders", () => {
  let sandbox: Awaited<ReturnType<typeof Sandbox.start>>

  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${sandbox.http}${path}`, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${sandbox.subscribers[0]?.token}` },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) })
    })
    assert.isTrue(response.ok)
    return response.json()
  }
  /** Decodes a response with the page's decoder and with the schema. */
  const both = async <A, S extends Schema.ConstraintDecoder<unknown>>(path: string, decode: Decoder<A>, schema: S) => {
    const response = await request("GET", path)
    return [decode(response, path), Schema.decodeUnknownSync(schema)(response)] as const
  }

  beforeAll(async () => {
    sandbox = await Sandbox.start({ wireLog: true })
    const socket = new WebSocket(sandbox.ws)
    await new Promise((resolve) => socket.addEventListener("open", resolve))
    socket.send(JSON.stringify({
      jsonrpc: "2.0",
      id: "1",
      method: "signalwire.connect",
      params: {
        version: { major: 4, minor: 0, revision: 0 },
        authentication: { jwt_token: sandbox.subscribers[0]?.token }
      }
    }))
    await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }))
    await request("POST", "/api/fabric/messages", {
      conversation_id: sandbox.rooms[0]?.addressId,
      text: "hello",
      metadata: { effect_signalwire_id: "c1" }
    })
    return () => sandbox.stop()
  })

  it("decode the directory", async () => {
    const [page, schema] = await both("/_sandbox", decodeDirectory, Admin.Ready)
    assert.deepStrictEqual(page, {
      projectId: schema.projectId,
      subscribers: schema.subscribers.map(({ addressId, id, name, token }) => ({ addressId, id, name, token })),
      rooms: schema.rooms
    })
  })
  it("decode sessions", async () => {
    const [page, schema] = await both("/_sandbox/sessions", decodeSessions, Admin.SessionList)
    assert.strictEqual(page.length, 1)
    assert.deepStrictEqual(page, schema.sessions)
  })
  it("decode stored messages, with client ids", async () => {
    const [page, schema] = await both("/_sandbox/messages", decodeStored, Admin.StoredMessages)
    assert.deepStrictEqual(page, schema.messages.map(({ id }) => ({ id, clientId: "c1" })))
    assert.strictEqual(page.length, 1)
  })
  it("decode every kind of entry of the wire log", async () => {
    const [page, schema] = await both("/_sandbox/log", decodeLog, Admin.WireLogList)
    assert.deepStrictEqual<ReadonlyArray<unknown>>(page.entries.map(({ raw }) => raw), schema.entries)
    assert.includeMembers(page.entries.map(({ on }) => on), ["request", "response", "opened", "frame"])
  })
  it("decode fault rules, with their remaining times and durations", async () => {
    const rule = { match: { on: "http", path: "/x" }, action: { type: "refuse" }, times: 3, forMillis: 60_000 }
    await request("PUT", "/_sandbox/faults", { rules: [rule] })
    const [page, schema] = await both("/_sandbox/faults", decodeRules, Faults.Rules)
    assert.deepStrictEqual<unknown>(page, schema.rules)
    assert.deepStrictEqual([page[0]?.match, page[0]?.action, page[0]?.times], [rule.match, rule.action, 3])
    assert.isAtMost(page[0]?.forMillis ?? Infinity, 60_000)
  })
  it("report the path of an unexpected value", () => {
    assert.throws(
      () => decodeDirectory({ projectId: "p", subscribers: [{}], rooms: [] }, "ready"),
      /ready\.subscribers\[0\]\.id/
    )
  })
})

describe("the rules of the buttons", () => {
  it("are accepted by the sandbox", async () => {
    const added: Array<NewRule> = []
    const unexpected = () => Promise.reject(new Error("unexpected call"))
    const admin: AdminApi = {
      directory: unexpected,
      sessions: async () => [
        { protocol: "p", subscriberId: "s1", connected: true, unacked: 0, bytes: 0 }
      ],
      rules: unexpected,
      addRules: async (rules) => void added.push(...rules),
      clearRules: unexpected,
      log: unexpected,
      enableLog: unexpected,
      clearLog: unexpected,
      stored: unexpected,
      dropSockets: async () => 0,
      mintToken: unexpected,
      expireToken: async () => {}
    }
    for (const subscriberId of [undefined, "s1"]) {
      for (const fault of faults) await fault.run(admin, { subscriberId, tokens: ["t"] })
    }
    assert.isNotEmpty(added)
    Schema.decodeUnknownSync(Faults.Rules)({ rules: added }, { onExcessProperty: "error" })
  })
})
