/** Known failures of clients of this protocol, in the delivery of messages: tested with a sandbox process. */
import type { ConnectionState } from "@effect-signalwire/promise"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"
import { eventually, failure, open, recordMessages } from "../support.ts"

const refuseSockets = { match: { on: "connect" }, action: { type: "refuse" } } as const

/** Collects items up to the first for which `isLast` holds. */
const takeUntil = async <A>(items: AsyncIterable<A>, isLast: (item: A) => boolean): Promise<Array<A>> => {
  const taken: Array<A> = []
  for await (const item of items) {
    taken.push(item)
    if (isLast(item)) break
  }
  return taken
}

describe("acceptance: delivery", () => {
  it("A01: a subscriber that throws loses no messages, and neither does another subscriber", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    const [throwing, other] = [recordMessages(), recordMessages()]
    await ada.conversation.subscribe((message) => {
      throwing.onMessage(message)
      throw new Error("bad")
    })
    await ada.conversation.subscribe(other.onMessage)
    await sandbox.seed(sandbox.office, ["1"])
    await other.until("1")
    await sandbox.seed(sandbox.office, ["2"])
    await Promise.all([other.until("2"), throwing.until("2")])
    assert.deepStrictEqual([other.messages, throwing.messages], [["1", "2"], ["1", "2"]])
  })

  it("A02: messages that are stored while the socket is down are delivered once and in order", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    const received = recordMessages()
    await ada.conversation.subscribe(received.onMessage)
    await sandbox.setFaults(refuseSockets)
    assert.strictEqual(await sandbox.admin((admin) => admin.drop()), 1)
    await sandbox.seed(sandbox.office, ["1", "2", "3"])
    assert.deepStrictEqual(received.messages, [])
    await sandbox.setFaults()
    await received.until("3")
    await sandbox.seed(sandbox.office, ["4"])
    await received.until("4")
    assert.deepStrictEqual(received.messages, ["1", "2", "3", "4"])
  })

  it("A03: an event that is sent again after it was acknowledged is delivered once", async () => {
    await using sandbox = await open()
    let repeated = 0
    class Repeating extends WebSocket {
      readonly #events = new Map<string, string>()
      constructor(url: string) {
        super(url)
        this.addEventListener("message", ({ data }) => {
          const frame = JsonRpc.parse(String(data))
          if (frame._tag === "Success" && frame.success._tag === "Request") {
            this.#events.set(JsonRpc.acknowledge(frame.success.id), String(data))
          }
        })
      }
      override send(data: string): void {
        super.send(data)
        const event = this.#events.get(data)
        if (!this.#events.delete(data) || event?.includes("conversation.message") !== true) return
        repeated++
        this.dispatchEvent(new MessageEvent("message", { data: event }))
      }
    }
    const ada = await sandbox.asAda({ WebSocket: Repeating })
    const received = recordMessages()
    await ada.conversation.subscribe(received.onMessage)
    await sandbox.seed(sandbox.office, ["1"])
    await received.until("1")
    await eventually(() => assert.isAbove(repeated, 0))
    await sandbox.seed(sandbox.office, ["2"])
    await received.until("2")
    assert.deepStrictEqual(received.messages, ["1", "2"])
  })

  it("A11: two timelines that are open at the same time contain only messages of their own conversation", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    const rooms = [["office", sandbox.office], ["lab", sandbox.lab]] as const
    const timelines = rooms.map(([name, addressId]) =>
      takeUntil(
        ada.conversation.timeline({ addressId }),
        (event) => event._tag === "Message" && event.message.text === `${name} 3`
      )
    )
    for (const count of [1, 2, 3]) {
      for (const [name, addressId] of rooms) {
        await sandbox.seed(addressId, [`${name} ${count}`])
      }
    }
    const texts = (await Promise.all(timelines)).map((events) =>
      events.flatMap((event) => event._tag === "Message" ? event.message.text ?? "" : [])
    )
    assert.deepStrictEqual(texts, [["office 1", "office 2", "office 3"], ["lab 1", "lab 2", "lab 3"]])
  })

  it("A15: a token that expires in more than 30 days is not refreshed immediately", async () => {
    await using sandbox = await open()
    const minted = await sandbox.admin((admin) =>
      admin.mintToken({ subscriberId: sandbox.ada.id, ttlSeconds: 40 * 24 * 3600 })
    )
    assert.isAbove(minted.expiresAt, Date.now() / 1000 + 39 * 24 * 3600)
    let refreshes = 0
    const ada = await sandbox.asAda({
      token: minted.token,
      onRefreshToken: () => {
        refreshes++
        return minted.token
      }
    })
    const received = recordMessages()
    await ada.conversation.subscribe(received.onMessage)
    await sandbox.seed(sandbox.office, ["1"])
    await received.until("1")
    // a timer of more than 2^31 ms would have fired by now
    await sleep(100)
    assert.strictEqual(refreshes, 0)
  })

  it("A18: a malformed event is logged, and does not end the subscription", async () => {
    await using sandbox = await open()
    const warnings: Array<string> = []
    const ada = await sandbox.asAda({ logger: { warn: (message) => warnings.push(message), error: () => {} } })
    const received = recordMessages()
    await ada.conversation.subscribe(received.onMessage)
    await sandbox.setFaults({
      match: { on: "frame", direction: "out", eventType: "conversation.*" },
      action: { type: "malformed" },
      times: 1
    })
    await sandbox.seed(sandbox.office, ["1"])
    await eventually(() => assert.strictEqual(warnings.length, 1))
    await sandbox.seed(sandbox.office, ["2"])
    await received.until("2")
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("A19: two clients with different tokens in one process are independent", async () => {
    await using sandbox = await open()
    const ada = await sandbox.asAda()
    const grace = await sandbox.client({ token: sandbox.grace.token })
    await grace.conversation.join({ addressId: sandbox.office })
    const received = recordMessages()
    const states: Array<ConnectionState["_tag"]> = []
    await ada.conversation.subscribe(() => {})
    await grace.conversation.subscribe(received.onMessage)
    grace.connection.onChange(({ _tag }) => states.push(_tag))
    await sandbox.admin((admin) => admin.expireToken(sandbox.ada.token))
    assert.strictEqual((await failure(ada.conversation.getConversations())).reason._tag, "Unauthorized")
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId: sandbox.office, text: "still here" })
    await received.until("still here")
    assert.deepStrictEqual([...new Set(states)], ["Connected"])
    const [message] = (await grace.conversation.getMessages()).data
    assert.strictEqual(message?.user_id, sandbox.grace.id)
  })

  it("A20: after unsubscribe and disconnect, no callback runs, no timer remains, and the socket is closed", async () => {
    await using sandbox = await open()
    await sandbox.asAda()
    const program = fileURLToPath(new URL("../programs/unsubscribes.ts", import.meta.url))
    const child = fork(program, [sandbox.urls.http, sandbox.ada.token, sandbox.office])
    const events: Array<unknown> = []
    child.on("message", (message) => events.push(message))
    const exited = once(child, "exit")
    await eventually(() => assert.deepStrictEqual(events, ["subscribed"]))
    await sandbox.seed(sandbox.office, ["1"])
    await eventually(() => assert.deepStrictEqual(events, ["subscribed", "received 1", "unsubscribed"]))
    await sandbox.seed(sandbox.office, ["2"])
    child.send("disconnect")
    // nothing keeps the process from ending
    assert.deepStrictEqual(await exited, [0, null])
    assert.deepStrictEqual(events, ["subscribed", "received 1", "unsubscribed", "disconnected"])
    await eventually(async () => {
      const sessions = await sandbox.admin((admin) => admin.sessions)
      assert.isTrue(sessions.every(({ connected }) => !connected))
    })
  })
})
