import { assert, describe, it } from "vitest"
import { count, countUnseen, lostAfter, observe, type Shown, type TallyInput } from "../src/tally.ts"

const pane = (
  ids: ReadonlyArray<string> = [],
  outgoing: ReadonlyArray<[string, "sending" | "failed"]> = []
): Shown => ({
  stored: new Map(ids.map((id) => [id, ids.filter((other) => other === id).length])),
  outgoing: new Map(outgoing)
})

/** One message that was sent, stored and shown in both panes long ago. */
const delivered: TallyInput = {
  sent: [{ clientId: "c1", at: 0, shown: [] }],
  stored: new Map([["c1", ["m1"]]]),
  panes: [pane(["m1"]), pane(["m1"])],
  connectedSince: 0,
  now: 10 * lostAfter
}

const counted = { sent: 1, stored: 1, shown: 1, pending: 0, failed: 0, lost: 0, duplicates: 0 }

describe("the tally of messages", () => {
  it("counts a message as shown that is stored and shown in both panes", () => {
    assert.deepStrictEqual(count(delivered), counted)
  })
  it("counts a message as lost that is missing in a pane after the deadline", () => {
    const input = { ...delivered, panes: [pane(["m1"]), pane()] }
    assert.deepStrictEqual(count(input), { ...counted, shown: 0, lost: 1 })
  })
  it("counts a message as lost that is not stored", () => {
    const input = { ...delivered, stored: new Map(), panes: [pane(), pane()] }
    assert.deepStrictEqual(count(input), { ...counted, stored: 0, shown: 0, lost: 1 })
  })
  it("does not count a message as lost if a pane is not connected, or was not until recently", () => {
    const missing = { ...delivered, panes: [pane(["m1"]), pane()] }
    for (const connectedSince of [null, delivered.now - lostAfter + 1]) {
      assert.deepStrictEqual(count({ ...missing, connectedSince }), { ...counted, shown: 0, pending: 1 })
    }
    assert.strictEqual(count({ ...missing, connectedSince: delivered.now - lostAfter }).lost, 1)
  })
  it("does not count a message as lost while it is being sent", () => {
    const input = { ...delivered, stored: new Map(), panes: [pane([], [["c1", "sending"]]), pane()] }
    assert.deepStrictEqual(count(input), { ...counted, stored: 0, shown: 0, pending: 1 })
  })
  it("does not count a message as lost before the stored messages were read", () => {
    assert.deepStrictEqual(count({ ...delivered, stored: null }), { ...counted, stored: 0, shown: 0, pending: 1 })
  })
  it("counts a failed send as failed", () => {
    const input = { ...delivered, stored: new Map(), panes: [pane([], [["c1", "failed"]]), pane()] }
    assert.deepStrictEqual(count(input), { ...counted, stored: 0, shown: 0, failed: 1 })
  })
  it("counts a message as shown even if the panes no longer keep it", () => {
    const sent = observe(delivered.sent, delivered.stored, delivered.panes)
    assert.deepStrictEqual(count({ ...delivered, sent, panes: [pane(["m2"]), pane(["m2"])] }), counted)
    // without changes it is the same array, so that nothing is rendered again
    assert.strictEqual(observe(sent, delivered.stored, delivered.panes), sent)
  })
  it("counts messages that were neither stored nor shown", () => {
    const sent = ["stored", "shown", "unseen"].map((clientId) => ({
      clientId,
      at: 0,
      shown: clientId === "shown" ? [1, 0] : [0, 0]
    }))
    assert.strictEqual(countUnseen(sent, new Map([["stored", ["m1"]]])), 1)
    assert.strictEqual(countUnseen(sent, null), 2)
  })
  it("detects a message that is stored twice, but shown once", () => {
    const stored = new Map([["c1", ["m1", "m2"]]])
    assert.deepStrictEqual(count({ ...delivered, stored }), { ...counted, duplicates: 1 })
  })
  it("detects a message that is shown twice in a pane, but stored once", () => {
    assert.deepStrictEqual(count({ ...delivered, panes: [pane(["m1", "m1"]), pane(["m1"])] }), {
      ...counted,
      duplicates: 1
    })
  })
})
