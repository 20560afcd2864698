/**
 * Known failures of clients of this protocol, in requests and sends: tested with a sandbox process, or with a server that
 * sends responses the sandbox never sends.
 */
import type { ConversationMessage } from "@effect-signalwire/promise"
import * as Schedule from "effect/Schedule"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { eventually, failure, open, openProcess, serve } from "../support.ts"

/** Matches the requests that send messages. */
const onSend = { on: "http", method: "POST", path: "/api/fabric/messages" } as const

describe("acceptance: requests", () => {
  it("A07: a link to another origin is refused, and no request is sent there", async () => {
    await using other = await serve((_, response) => response.end("{}"))
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "application/json")
      const next = `http://127.0.0.1:${other.port}/api/fabric/messages?page_token=x`
      response.end(JSON.stringify({ data: [], links: { next } }))
    })
    const error = await failure(
      server.client.conversation.getMessages().then((page) => page.nextPage())
    )
    assert.strictEqual(error.reason._tag, "ForeignLink")
    assert.deepStrictEqual(other.requests, [])
  })

  it("A08: a send whose response is lost, or that fails with 503, is stored once and succeeds", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    await sandbox.setFaults({ match: onSend, action: { type: "loseAnswer" }, times: 1 })
    await ada.conversation.sendMessage({ addressId: sandbox.office, text: "lost" })
    await sandbox.setFaults({ match: onSend, action: { type: "answer", status: 503 }, times: 1 })
    await ada.conversation.sendMessage({ addressId: sandbox.office, text: "unavailable" })
    assert.deepStrictEqual(await sandbox.storedTexts(sandbox.office), ["lost", "unavailable"])
  })

  it("A09: metadata and details are the same in the send, in history and in the event", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    const events: Array<ConversationMessage> = []
    await ada.conversation.subscribe((message) => events.push(message))
    const [metadata, details] = [{ order: { id: 7, tags: ["a", null] } }, { price: 1.5 }]
    await ada.conversation.sendMessage({ addressId: sandbox.office, text: "hello", metadata, details })
    await eventually(() => assert.strictEqual(events.length, 1))
    const { data } = await ada.conversation.getConversationMessages({ addressId: sandbox.office })
    assert.deepStrictEqual(
      [...events, ...data].map(({ details, metadata }) => ({ details, metadata })),
      [{ details, metadata }, { details, metadata }]
    )
  })

  it("A10: one token refresh serves concurrent calls with a refused token, and the socket receives the new token too", async () => {
    await using sandbox = await open()
    const { token } = await sandbox.admin((admin) => admin.mintToken({ subscriberId: sandbox.ada.id }))
    const [authorizations, frames]: [Array<string | null>, Array<string>] = [[], []]
    class Recording extends WebSocket {
      override send(data: string): void {
        frames.push(data)
        super.send(data)
      }
    }
    let refreshes = 0
    const ada = await sandbox.asAda({
      onRefreshToken: async () => {
        refreshes++
        await sleep(20)
        return token
      },
      fetch: (input, init) => {
        authorizations.push(new Request(input, init).headers.get("authorization"))
        return fetch(input, init)
      },
      WebSocket: Recording
    })
    await ada.conversation.subscribe(() => {})
    await sandbox.admin((admin) => admin.expireToken(sandbox.ada.token))
    await Promise.all(Array.from({ length: 10 }, () => ada.conversation.getConversations()))
    await eventually(() => assert.isTrue(frames.some((frame) => frame.includes(token))))
    await ada.conversation.getConversations()
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    assert.strictEqual(refreshes, 1)
  })

  it("A12: fifty concurrent calls all end within the deadline while the server is down", async () => {
    await using sandbox = await openProcess()
    const ada = await sandbox.asAda({ sendDeadline: "2 seconds" })
    await ada.conversation.subscribe(() => {})
    await sandbox.process.kill()
    const calls = Array.from({ length: 10 }, (_, index) => [
      ada.conversation.sendMessage({ addressId: sandbox.office, text: `first ${index}` }),
      ada.conversation.sendMessage({ addressId: sandbox.office, text: `second ${index}` }),
      ada.conversation.join({ addressId: sandbox.office }),
      ada.conversation.getConversations(),
      ada.conversation.getConversationMessages({ addressId: sandbox.lab })
    ]).flat().map(failure)
    // with one deadline after another, the sends would take 40 seconds
    const failures = await Promise.race([Promise.all(calls), sleep(30_000, undefined, { ref: false })])
    assert.strictEqual(failures?.length, 50)
    await sandbox.process.restart()
  }, 240_000)

  it("A16: since, until and limit apply also when the server ignores them", async () => {
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "application/json")
      const common = {
        type: "message",
        subtype: "chat",
        kind: null,
        conversation_id: "room",
        user_id: "u",
        details: {}
      }
      const data = [5, 4, 3, 2, 1].map((ts) => ({ ...common, id: `m${ts}`, ts, text: String(ts) }))
      response.end(JSON.stringify({ data, links: {} }))
    })
    const texts = async (options: { readonly limit?: number; readonly since?: number; readonly until?: number }) =>
      (await server.client.conversation.getMessages(options)).data.map(({ text }) => text)
    assert.deepStrictEqual(await texts({ since: 3 }), ["5", "4", "3"])
    assert.deepStrictEqual(await texts({ until: 3 }), ["3", "2", "1"])
    assert.deepStrictEqual(await texts({ limit: 2 }), ["5", "4"])
    assert.deepStrictEqual(await texts({ since: 2, until: 4, limit: 2 }), ["4", "3"])
  })

  it("A17: responses that are not JSON, empty, or an error message are typed failures with their status", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda({ http: { retry: Schedule.recurs(0) } })
    const reasonOf = async (action: { readonly status: number; readonly text?: string; readonly body?: unknown }) => {
      await sandbox.setFaults({
        match: { on: "http", method: "GET", path: "/api/fabric/conversations" },
        action: { type: "answer", ...action }
      })
      return (await failure(ada.conversation.getConversations())).reason
    }
    const gateway = await reasonOf({ status: 502, text: "<html>Bad gateway</html>" })
    assert.strictEqual(gateway._tag === "ServerError" ? gateway.status : gateway._tag, 502)
    const empty = await reasonOf({ status: 204, text: "" })
    assert.strictEqual(empty._tag, "Malformed")
    assert.include(empty.message, "204")
    const failed = await reasonOf({ status: 500, body: { error: "out of order" } })
    assert.strictEqual(failed._tag === "ServerError" ? failed.status : failed._tag, 500)
    assert.include(failed.message, "out of order")
  })
})
