/** Which tokens and guests make room for new ones. */
import { AddressId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import { Secrets } from "../src/internal/secrets.ts"
import { State } from "../src/internal/state.ts"
import * as TokenClaims from "../src/internal/tokenClaims.ts"
import * as TokenEviction from "../src/internal/tokenEviction.ts"
import type { Change, Token } from "../src/Records.ts"

const idOf = (n: number) => SubscriberId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)
const ada = idOf(1)

/** A token that takes this many bytes. */
const tokenOf = (token: string, bytes: number, more: Partial<Token> = {}): Token => ({
  token: `${token} ${"x".repeat(bytes - 3072 - token.length - 1)}`,
  kind: "SAT",
  jti: "",
  subscriberId: ada,
  expiresAt: 1000,
  ...more
})
const refresh = { kind: "Refresh" } as const
const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Secrets that are not indexed: the tokens of these tests are large. */
class NoSecrets extends Secrets {
  override add(): void {}
  override delete(): void {}
}

const add = (state: State, ...tokens: ReadonlyArray<Token>) => {
  for (const token of tokens) state.apply({ _tag: "TokenMinted", token })
}
const addSubscriber = (state: State, id: SubscriberId, isGuest = false) => {
  const subscriber = { id, name: id, displayName: id, email: null, createdAt: 0 }
  state.apply({ _tag: "SubscriberAdded", subscriber })
  if (isGuest) return
  const address = {
    id: AddressId.make(id),
    type: "subscriber",
    name: id,
    displayName: id,
    resourceId: id,
    createdAt: 0
  } as const
  state.apply({ _tag: "AddressAdded", address })
}
/** A state with a subscriber, and what makes room for its tokens. */
const make = () => {
  const state = new State(new NoSecrets())
  addSubscriber(state, ada)
  return { state, changesFor: TokenEviction.make(state) }
}
const removed = (changes: ReadonlyArray<Change>) =>
  changes.flatMap((change) => change._tag === "TokenRemoved" ? [change.token.split(" ")[0]] : [])

/** A token that takes a quarter of what a subscriber may have. */
const quarter = (token: string, more: Partial<Token> = {}) => tokenOf(token, mebibyte / 2, more)

describe("the tokens of a subscriber", () => {
  it("are kept while they take at most two mebibytes together with the new ones", () => {
    const { changesFor, state } = make()
    add(state, quarter("a"), quarter("b"), quarter("c"))
    assert.deepStrictEqual(changesFor(0, [quarter("d")]), [])
    assert.deepStrictEqual(removed(changesFor(0, [tokenOf("d", mebibyte / 2 + 1)])), ["a"])
    assert.deepStrictEqual(removed(changesFor(0, [quarter("d"), tokenOf("e", mebibyte / 2 + 1)])), ["a", "b"])
  })

  it("are removed if they are expired, then if they are refresh tokens, then all, and the oldest first", () => {
    const { changesFor, state } = make()
    add(
      state,
      quarter("valid"),
      quarter("refresh", refresh),
      quarter("expired", { expiresAt: 500 }),
      quarter("next", refresh)
    )
    const removedFor = (count: number) =>
      removed(changesFor(500_000, Array.from({ length: count }, (_, n) => quarter(`new ${n}`))))
    assert.deepStrictEqual(removedFor(1), ["expired"])
    assert.deepStrictEqual(removedFor(2), ["expired", "refresh"])
    assert.deepStrictEqual(removedFor(3), ["expired", "refresh", "next"])
    assert.deepStrictEqual(removedFor(4), ["expired", "refresh", "next", "valid"])
    assert.deepStrictEqual(removedFor(5), ["expired", "refresh", "next", "valid"])
  })

  it("are not removed for those of another subscriber", () => {
    const { changesFor, state } = make()
    addSubscriber(state, idOf(2))
    add(state, quarter("a"), quarter("b"), quarter("c"), quarter("d"))
    assert.deepStrictEqual(changesFor(0, [quarter("e", { subscriberId: idOf(2) })]), [])
  })

  it("take at most 64 mebibytes together with those of all others", () => {
    const { changesFor, state } = make()
    for (let n = 2; n <= 33; n++) {
      addSubscriber(state, idOf(n))
      for (const name of ["a", "b", "c", "d"]) add(state, quarter(`${name}${n}`, { subscriberId: idOf(n) }))
    }
    assert.deepStrictEqual(removed(changesFor(0, [])), [])
    assert.deepStrictEqual(removed(changesFor(0, [quarter("new")])), ["a2"])
    add(state, quarter("old", { expiresAt: 0 }))
    assert.deepStrictEqual(removed(changesFor(0, [])), ["old"])
    assert.deepStrictEqual(removed(changesFor(0, [quarter("new")])), ["old", "a2"])
  })

  it("leave the profile that they contain", () => {
    const { changesFor, state } = make()
    const claims = TokenClaims.encode({ profile: { job_title: "Analyst", country: "UK" } })
    add(state, { ...tokenOf("t", 4000, { expiresAt: 0 }), token: `a.b.c.${claims}.d` })
    state.apply({ _tag: "ProfileUpdated", subscriberId: ada, profile: { country: "FR" } })
    assert.deepStrictEqual(changesFor(601_000, []), [
      { _tag: "ProfileUpdated", subscriberId: ada, profile: { job_title: "Analyst", country: "FR" } },
      { _tag: "TokenRemoved", token: `a.b.c.${claims}.d` }
    ])
  })

  it("are removed when they have been expired for more than ten minutes", () => {
    const { changesFor, state } = make()
    add(state, tokenOf("early", 4000, { expiresAt: 0 }), tokenOf("late", 4000, { expiresAt: 1 }))
    assert.deepStrictEqual(removed(changesFor(600_000, [])), [])
    assert.deepStrictEqual(removed(changesFor(610_000, [])), ["early", "late"])
    state.apply({ _tag: "TokenRemoved", token: "unknown" })
  })

  it("are checked for expiry every ten seconds, and when the clock was set back", () => {
    const { changesFor, state } = make()
    add(state, tokenOf("a", 4000, { expiresAt: 0 }))
    assert.deepStrictEqual(removed(changesFor(595_000, [])), [])
    assert.deepStrictEqual(removed(changesFor(604_999, [])), [])
    assert.deepStrictEqual(removed(changesFor(605_000, [])), ["a"])
    assert.deepStrictEqual(removed(changesFor(605_001, [])), [])
    assert.deepStrictEqual(removed(changesFor(604_000, [])), ["a"])
  })
})

describe("the tokens of a guest", () => {
  const guest = idOf(100)
  const withGuests = (count: number) => {
    const world = make()
    for (let n = 0; n < count; n++) {
      addSubscriber(world.state, idOf(100 + n), true)
      add(world.state, tokenOf(`guest ${n}`, 4 * kibibyte, { subscriberId: idOf(100 + n) }))
    }
    return world
  }
  const guestsRemoved = (changes: ReadonlyArray<Change>) =>
    changes.flatMap((change) => change._tag === "GuestRemoved" ? [change.subscriberId] : [])

  it("take at most sixteen kibibytes", () => {
    const { changesFor, state } = withGuests(1)
    const next = (name: string) => tokenOf(name, 4 * kibibyte, { subscriberId: guest })
    add(state, next("b"), next("c"))
    assert.deepStrictEqual(changesFor(0, [next("d")]), [])
    assert.deepStrictEqual(removed(changesFor(0, [next("d"), next("e")])), ["guest"])
  })

  it("are removed together with the guest, unless new ones are added", () => {
    const { changesFor, state } = withGuests(2)
    add(state, tokenOf("other", 4000, { subscriberId: idOf(101), expiresAt: 5000 }))
    const changes = changesFor(2_000_000, [tokenOf("new", 4000, { subscriberId: guest })])
    assert.deepStrictEqual(removed(changes), ["guest", "guest"])
    assert.deepStrictEqual(guestsRemoved(changes), [])
    assert.deepStrictEqual(guestsRemoved(TokenEviction.make(state)(2_000_000, [])), [guest])
  })

  it("of the oldest ones are removed if there are more than two thousand guests with the new one", () => {
    const { changesFor } = withGuests(2000)
    const known = tokenOf("new", 4000, { subscriberId: guest })
    assert.deepStrictEqual(changesFor(0, [known]), [])
    assert.deepStrictEqual(changesFor(0, [tokenOf("new", 4000)]), [])
    const stranger = tokenOf("new", 4000, { subscriberId: idOf(99) })
    assert.deepStrictEqual(guestsRemoved(changesFor(0, [stranger])), [guest])
    const { changesFor: changesForMore } = withGuests(2002)
    assert.deepStrictEqual(guestsRemoved(changesForMore(0, [])), [guest, idOf(101)])
    assert.deepStrictEqual(guestsRemoved(changesForMore(0, [known])), [idOf(101), idOf(102)])
  })

  it("do not remove a subscriber with an address, which is no guest", () => {
    const { changesFor, state } = make()
    add(state, tokenOf("a", 4000, { expiresAt: 0 }))
    assert.deepStrictEqual(changesFor(700_000, []).map(({ _tag }) => _tag), ["TokenRemoved"])
  })
})
