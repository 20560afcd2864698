import { AddressId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Checkpoint from "../src/internal/checkpoint.ts"
import { type Accepted, Merge } from "../src/internal/merge.ts"
import { copy, message } from "./support.ts"

const make = () => new Merge({ overlapSeconds: 30, memory: 8192, countsLiveAsVerified: false })

const bytesOf = (merge: Merge): number => JSON.stringify(Checkpoint.fromState(merge.state())).length

/** A merge that resumes from the checkpoint of another. */
const restarted = (merge: Merge): Merge => {
  const next = make()
  next.resume(Checkpoint.toResumePoint(JSON.parse(JSON.stringify(Checkpoint.fromState(merge.state())))))
  return next
}

const idsOf = (admitted: ReadonlyArray<Accepted<unknown>>) => admitted.map(({ message }) => message)

describe("checkpoint", () => {
  it("P1.5: is smaller than 16 kB, whatever the traffic and however often it was resumed", () => {
    let merge = make()
    const sizes: Array<number> = []
    for (let second = 0; second < 40; second++) {
      merge.acceptAll(
        Arr.makeBy(
          900,
          (n) =>
            copy(`dddddddd-0000-4000-8000-${second}-${n}`, 1_735_790_645 + second + n / 900, `send ${second} ${n}`, {
              fromAddressId: AddressId.make("aaaaaaaa-0000-4000-8000-000000000001")
            })
        )
      )
      sizes.push(bytesOf(merge))
      if (second % 7 === 0) merge = restarted(merge)
    }
    assert.isBelow(Math.max(...sizes), 16 * 1024)
    assert.isAbove(sizes.at(-1) ?? 0, 8 * 1024)
  })

  it("P1.5: recognizes the newest messages of several processes, not those of the first", () => {
    const first = make()
    first.acceptAll(Arr.makeBy(1500, (n) => message(`first ${n}`, 1000 + n / 100)))
    const second = restarted(first)
    const newest = Arr.makeBy(500, (n) => message(`second ${n}`, 1100 + n / 100))
    second.acceptAll(newest)
    assert.deepStrictEqual(idsOf(restarted(second).acceptAll(newest)), [])
  })

  it("P1.5: accepts a late message that is newer than every message it no longer recognizes", () => {
    const merge = make()
    // the newest 1,024 are saved: those from 1019.76 on
    merge.acceptAll(Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + n / 100)))
    const late = message("late", 1019.755)
    assert.deepStrictEqual(idsOf(restarted(merge).acceptAll([late])), [late])
  })

  it("P1.5: recognizes the newest messages, accepts late ones among them, and repeats no older message", () => {
    const merge = make()
    const accepted = Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + n / 100))
    merge.acceptAll(accepted)
    const next = restarted(merge)
    const late = message("late", 1029.005)
    const after = message("after", 1031)
    assert.deepStrictEqual(idsOf(next.acceptAll([after, late, message("too late", 1010), ...accepted])), [late, after])
  })

  it("P1.5: accepts messages that become visible late anywhere in the overlap, if all of it fits", () => {
    const merge = make()
    merge.acceptAll(Arr.makeBy(1024, (n) => message(`m${n}`, 1000 + n / 100)))
    const late = message("late", 1000.005)
    assert.deepStrictEqual(idsOf(restarted(merge).acceptAll([late])), [late])
  })

  it("P1.5: loses no message of the newest time, although not all of them fit", () => {
    const merge = make()
    const accepted = Arr.makeBy(3000, (n) => message(`m${n}`, 1000))
    const before = Arr.makeBy(50, (n) => message(`before ${n}`, 999))
    merge.acceptAll([...before, ...accepted])
    const next = restarted(merge)
    const rest = Arr.makeBy(10, (n) => message(`rest ${n}`, 1000))
    const admitted = new Set(idsOf(next.acceptAll([...before, ...accepted, ...rest])))
    assert.isTrue(rest.every((one) => admitted.has(one)))
    assert.isTrue(before.every((one) => !admitted.has(one)))
    assert.isAtMost(accepted.filter((one) => admitted.has(one)).length, 3000 - 1024)
  })

  it("P1.5: saves the newest messages when many share a time", () => {
    const merge = make()
    const accepted = Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + Math.floor(n / 300)))
    merge.acceptAll(accepted)
    const late = message("late", 1008)
    assert.deepStrictEqual(idsOf(restarted(merge).acceptAll([late, ...accepted])), [late])
  })

  it("P1.5: saves the newest messages, even if others were received after them", () => {
    const merge = make()
    const accepted = Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + n / 100)).toReversed()
    for (const message of accepted) merge.accept(message)
    merge.acceptAll([message("m2999", 1029.99)])
    const late = message("late", 1029.005)
    assert.deepStrictEqual(idsOf(restarted(merge).acceptAll([late, ...accepted])), [late])
  })

  it("keeps messages that did not come again for the next restart", () => {
    const merge = make()
    const live = message("live before it is in history", 1000)
    merge.acceptAll([message("a", 999)])
    merge.accept(live)
    const next = restarted(merge)
    assert.deepStrictEqual(next.acceptAll([message("a", 999)]), [])
    assert.deepStrictEqual(restarted(next).acceptAll([message("a", 999), live]), [])
  })

  it("P2.3: recognizes the last sends, even those from long ago", () => {
    const merge = make()
    merge.acceptAll([copy("first", 1, "send"), copy("another", 2, "another send")])
    merge.acceptAll(Arr.makeBy(2000, (n) => message(`m${n}`, 1000 + n / 100)))
    assert.deepStrictEqual(restarted(merge).acceptAll([copy("second", 2000, "send")]), [])
  })
})
