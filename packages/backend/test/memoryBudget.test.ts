import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { MemoryBudget } from "../src/internal/memoryBudget.ts"
import { connect, withBackend } from "./support.ts"

let now = 0

describe("the memory budget for slow clients", () => {
  it("disconnects the client that holds the most when the limit is exceeded", () => {
    const budget = new MemoryBudget(100, () => now)
    const evicted: Array<string> = []
    const [a, b, c] = ["a", "b", "c"].map((name) => budget.open(() => evicted.push(name)))
    a?.set(30)
    b?.set(60)
    c?.set(10)
    assert.deepStrictEqual(evicted, [])
    c?.set(11)
    assert.deepStrictEqual(evicted, ["b"])
    assert.strictEqual(budget.total, 41)
  })
  it("evicts clients that hold a little for a long time before one that holds much for a moment", () => {
    const budget = new MemoryBudget(1000, () => now)
    const evicted: Array<string> = []
    const slow = Array.from({ length: 9 }, (_, n) => budget.open(() => evicted.push(`slow ${n}`)))
    for (const one of slow) one.set(100)
    now += 1000
    budget.open(() => evicted.push("quick")).set(500)
    assert.deepStrictEqual(evicted, ["slow 0", "slow 1", "slow 2", "slow 3"])
  })
  it("does not count evicted and closed reservations, whatever is set later", () => {
    const budget = new MemoryBudget(100, () => now)
    let evictions = 0
    const [a, b] = [budget.open(() => evictions++), budget.open(() => evictions++)]
    a.set(200)
    a.set(50)
    b.set(50)
    b.close()
    b.set(90)
    assert.strictEqual(evictions, 1)
    assert.strictEqual(budget.total, 0)
  })
  it.effect("is released when the session and its socket are evicted", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, addSubscriber, request, addRoom }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const client = yield* openSocket
      yield* connect(client, ada.token)
      yield* request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text: "hi" } })
      assert.isAbove(backend.budget.total, 0)
      yield* client.disconnect
      yield* Effect.yieldNow
      assert.isAbove(backend.budget.total, 0)
      const [session] = backend.sessions()
      if (session !== undefined) backend.removeSession(session)
      assert.strictEqual(backend.budget.total, 0)
    })))
  it.effect("disconnects only the session that holds the most", () =>
    withBackend(
      Effect.fnUntraced(function*({ openSocket, addSubscriber, request, addRoom }) {
        const [ada, grace, office, lab] = [
          yield* addSubscriber("ada"),
          yield* addSubscriber("grace"),
          yield* addRoom("office"),
          yield* addRoom("lab")
        ]
        const [greedy, other] = [yield* openSocket, yield* openSocket]
        yield* connect(greedy, ada.token)
        yield* connect(other, grace.token)
        const send = (sender: typeof ada, to: string, text: string) =>
          request("POST", "/api/fabric/messages", { ...sender, body: { conversation_id: to, text } })
        yield* send(grace, lab, "hi")
        for (let n = 0; n < 20; n++) yield* send(ada, office, "x".repeat(9000))
        assert.strictEqual(yield* greedy.closed, 1013)
        assert.strictEqual((yield* other.next).params.params.text, "hi")
        yield* other.send({ jsonrpc: "2.0", id: "p", method: "signalwire.ping" })
        assert.strictEqual((yield* other.next).id, "p")
      }),
      { maxHeldBytes: 300_000 }
    ))
})
