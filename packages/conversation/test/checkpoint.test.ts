import { AddressId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Checkpoint from "../src/internal/checkpoint.ts"
import * as Merge from "../src/internal/merge.ts"
import { copy, message } from "./support.ts"

const make = () => Merge.make({ overlapSeconds: 30, memory: 8192, trustLive: false })

const bytesOf = (merge: Merge.Merge): number => JSON.stringify(Checkpoint.write(merge.standing())).length

/** Another one that goes on, after what was saved was written and read. */
const restarted = (merge: Merge.Merge): Merge.Merge => {
  const next = make()
  next.resume(Checkpoint.read(JSON.parse(JSON.stringify(Checkpoint.write(merge.standing())))))
  return next
}

const idsOf = (admitted: ReadonlyArray<Merge.Admitted<unknown>>) => admitted.map(({ message }) => message)

describe("what is saved of a merge", () => {
  it("P1.5: is less than 16 kB, whatever has come and however often it was gone on with", () => {
    let merge = make()
    const sizes: Array<number> = []
    for (let second = 0; second < 40; second++) {
      merge.admitAll(
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

  it("P1.5: tells the newest messages from what becomes visible late among them, and repeats none of the others", () => {
    const merge = make()
    const handedOut = Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + n / 100))
    merge.admitAll(handedOut)
    const next = restarted(merge)
    const late = message("late", 1029.005)
    const after = message("after", 1031)
    assert.deepStrictEqual(idsOf(next.admitAll([after, late, message("too late", 1010), ...handedOut])), [late, after])
  })

  it("P1.5: loses nothing of the newest time, although not all of it fits", () => {
    const merge = make()
    const handedOut = Arr.makeBy(3000, (n) => message(`m${n}`, 1000))
    const before = Arr.makeBy(50, (n) => message(`before ${n}`, 999))
    merge.admitAll([...before, ...handedOut])
    const next = restarted(merge)
    const rest = Arr.makeBy(10, (n) => message(`rest ${n}`, 1000))
    const admitted = new Set(idsOf(next.admitAll([...before, ...handedOut, ...rest])))
    assert.isTrue(rest.every((one) => admitted.has(one)))
    assert.isTrue(before.every((one) => !admitted.has(one)))
    assert.isAtMost(handedOut.filter((one) => admitted.has(one)).length, 3000 - 1024)
  })

  it("P1.5: has all of the newest messages where the saved ones stand at few times", () => {
    const merge = make()
    const handedOut = Arr.makeBy(3000, (n) => message(`m${n}`, 1000 + Math.floor(n / 300)))
    merge.admitAll(handedOut)
    const late = message("late", 1008)
    assert.deepStrictEqual(idsOf(restarted(merge).admitAll([late, ...handedOut])), [late])
  })

  it("keeps what was not met again for the next one", () => {
    const merge = make()
    const heard = message("heard before history told it", 1000)
    merge.admitAll([message("a", 999)])
    merge.admit(heard)
    const next = restarted(merge)
    assert.deepStrictEqual(next.admitAll([message("a", 999)]), [])
    assert.deepStrictEqual(restarted(next).admitAll([message("a", 999), heard]), [])
  })

  it("P2.3: knows the sends that were seen last, also those from long ago", () => {
    const merge = make()
    merge.admitAll([copy("first", 1, "send"), copy("another", 2, "another send")])
    merge.admitAll(Arr.makeBy(2000, (n) => message(`m${n}`, 1000 + n / 100)))
    assert.deepStrictEqual(restarted(merge).admitAll([copy("second", 2000, "send")]), [])
  })
})
