/**
 * Which tokens are changesFor: those that are priority nothing any more, and the oldest where there are too many. A guest is
 * changesFor with its last token.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type * as Records from "../Records.ts"
import * as Claims from "./claims.ts"
import type { State } from "./state.ts"
import { tokenBytes } from "./tokenStore.ts"

/** How long after its end a token is told from one that never was, in seconds: those who come late are told why. */
const memory = 600

/** How much the tokens of one subscriber, of one guest, and all of them may evict, in bytes; and how many guests there are. */
const limits = { subscriber: 2 * 1024 * 1024, guest: 16 * 1024, all: 64 * 1024 * 1024, guests: 2000 }

/** How often all tokens are looked at, in seconds. */
const sweepInterval = 10

/** How much would be lost with a token: the least comes first. */
const priorityOf = ({ expiresAt, kind }: Records.Token, now: number): number =>
  expiresAt <= now ? 0 : kind === "SAT" ? 2 : 1

/** What is changesFor when tokens are added, or before any is. Called with the change at hand, one at a time. */
export const make = (state: State) => {
  let sweptAt = -Infinity

  const changesFor = (tokens: ReadonlySet<Records.Token>): ReadonlyArray<Records.Change> => {
    const changes: Array<Records.Change> = []
    const owners = new Map<SubscriberId, Array<Records.Token>>()
    for (const token of tokens) {
      owners.set(token.subscriberId, [...owners.get(token.subscriberId) ?? [], token])
      changes.push({ _tag: "TokenRemoved", token: token.token })
    }
    for (const [subscriberId, those] of owners) {
      const isGuest = state.guests.has(subscriberId)
      if (isGuest && those.length === [...state.tokens.of(subscriberId)].length) {
        changes.push({ _tag: "GuestRemoved", subscriberId })
      } // what tokens said of a subscriber outlives them
      else if (those.some(({ token }) => Claims.read(token).profile !== undefined)) {
        changes.unshift({ _tag: "SubscriberDescribed", subscriberId, profile: state.profileOf(subscriberId) })
      }
    }
    return changes
  }

  return (now: number, added: ReadonlyArray<Records.Token>): ReadonlyArray<Records.Change> => {
    const seconds = now / 1000
    const tokens = new Set<Records.Token>()
    /** First those that have expired, then those that only renew others, the oldest of each first. */
    const evict = (from: () => Iterable<Records.Token>, tooMuch: number) => {
      let left = tooMuch
      for (const priority of [0, 1, 2]) {
        if (left <= 0) return
        for (const token of from()) {
          if (left <= 0) return
          if (priorityOf(token, seconds) !== priority || tokens.has(token)) continue
          left -= tokenBytes(token)
          tokens.add(token)
        }
      }
    }
    if (seconds - sweptAt >= sweepInterval || seconds < sweptAt) {
      sweptAt = seconds
      for (const token of state.tokens.values()) if (token.expiresAt + memory < seconds) tokens.add(token)
    }
    const bytes = added.reduce((sum, token) => sum + tokenBytes(token), 0)
    evict(() => state.tokens.values(), state.tokens.bytes + bytes - limits.all)
    const [owner] = added
    if (owner !== undefined) {
      const { subscriberId } = owner
      const limit = state.guests.has(subscriberId) ? limits.guest : limits.subscriber
      evict(() => state.tokens.of(subscriberId), state.tokens.bytesOf(subscriberId) + bytes - limit)
    }
    let surplus = state.guests.size - limits.guests
    for (const guest of state.guests) {
      if (surplus <= 0) break
      surplus--
      evict(() => state.tokens.of(guest), Infinity)
    }
    return changesFor(tokens)
  }
}
