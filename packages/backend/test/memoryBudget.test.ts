import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { MemoryBudget } from "../src/internal/memoryBudget.ts"
import { connect, inWorld } from "./support.ts"

let now = 0

describe("what is held for slow clients", () => {
  it("may be as much as the limit in all; beyond it, the client that holds most is disconnected", () => {
    const budget = new MemoryBudget(100, () => now)
    const gone: Array<string> = []
    const [a, b, c] = ["a", "b", "c"].map((name) => budget.open(() => gone.push(name)))
    a?.set(30)
    b?.set(60)
    c?.set(10)
    assert.deepStrictEqual(gone, [])
    c?.set(11)
    assert.deepStrictEqual(gone, ["b"])
    assert.strictEqual(budget.total, 41)
  })
  it("is given up where a little is held for long by many, not where much is held for a moment", () => {
    const budget = new MemoryBudget(1000, () => now)
    const gone: Array<string> = []
    const slow = Array.from({ length: 9 }, (_, n) => budget.open(() => gone.push(`slow ${n}`)))
    for (const one of slow) one.set(100)
    now += 1000
    budget.open(() => gone.push("quick")).set(500)
    assert.deepStrictEqual(gone, ["slow 0", "slow 1", "slow 2", "slow 3"])
  })
  it("does not count what was disconnected or closed, whatever is set later", () => {
    const budget = new MemoryBudget(100, () => now)
    let letGo = 0
    const [a, b] = [budget.open(() => letGo++), budget.open(() => letGo++)]
    a.set(200)
    a.set(50)
    b.set(50)
    b.close()
    b.set(90)
    assert.strictEqual(letGo, 1)
    assert.strictEqual(budget.total, 0)
  })
  it.effect("is given up with its socket and its session", () =>
    inWorld(Effect.fnUntraced(function*({ backend, dial, person, request, room }) {
      const [ada, office] = [yield* person("ada"), yield* room("office")]
      const client = yield* dial
      yield* connect(client, ada.token)
      yield* request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text: "hi" } })
      assert.isAbove(backend.budget.total, 0)
      yield* client.hangUp
      yield* Effect.yieldNow
      assert.isAbove(backend.budget.total, 0)
      const [session] = backend.sessions()
      if (session !== undefined) backend.forget(session)
      assert.strictEqual(backend.budget.total, 0)
    })))
  it.effect("does not stand in the way of others: beyond the limit the session that holds most is given up", () =>
    inWorld(
      Effect.fnUntraced(function*({ dial, person, request, room }) {
        const [ada, grace, office, lab] = [
          yield* person("ada"),
          yield* person("grace"),
          yield* room("office"),
          yield* room("lab")
        ]
        const [greedy, modest] = [yield* dial, yield* dial]
        yield* connect(greedy, ada.token)
        yield* connect(modest, grace.token)
        const say = (who: typeof ada, to: string, text: string) =>
          request("POST", "/api/fabric/messages", { ...who, body: { conversation_id: to, text } })
        yield* say(grace, lab, "hi")
        for (let n = 0; n < 20; n++) yield* say(ada, office, "x".repeat(9000))
        assert.strictEqual(yield* greedy.closed, 1013)
        assert.strictEqual((yield* modest.next).params.params.text, "hi")
        yield* modest.send({ jsonrpc: "2.0", id: "p", method: "signalwire.ping" })
        assert.strictEqual((yield* modest.next).id, "p")
      }),
      { maxHeldBytes: 300_000 }
    ))
})
