/**
 * Decides which tokens are removed: those that expired some time ago, and the least valuable ones if there are too many. A
 * guest is removed together with its last token.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Arr from "effect/Array"
import type * as Records from "../Records.ts"
import type { State } from "./state.ts"
import * as TokenClaims from "./tokenClaims.ts"
import { tokenBytes } from "./tokenStore.ts"

/** How long an expired token is kept, in seconds, so that the error can say that it has expired. */
const retention = 600

/** The maximum memory for the tokens of one subscriber, of one guest, and of all, in bytes; and the maximum number of guests. */
const limits = { subscriber: 2 * 1024 * 1024, guest: 16 * 1024, all: 64 * 1024 * 1024, guests: 2000 }

/** How often all tokens are checked for expiry, in seconds. */
const sweepInterval = 10

/** Expired tokens are evicted first, then refresh tokens, then access tokens; within each group the oldest first. */
const priorities = [0, 1, 2]
const priorityOf = ({ expiresAt, kind }: Records.Token, now: number): number =>
  expiresAt <= now ? 0 : kind === "Refresh" ? 1 : 2

/**
 * Returns a function that computes the changes that make room for tokens that are about to be added; they all belong to one
 * subscriber. It must be called while the write lock is held.
 */
export const make = (state: State) => {
  let sweptAt = -Infinity

  const changesFor = (tokens: ReadonlySet<Records.Token>, keptOwner: SubscriberId | undefined) => {
    const changes: Array<Records.Change> = []
    for (const removed of Object.values(Arr.groupBy(tokens, (token) => token.subscriberId))) {
      const [{ subscriberId }] = removed
      // the profile in the tokens is stored separately before they are removed
      if (removed.some(({ token }) => TokenClaims.decode(token).profile !== undefined)) {
        changes.push({ _tag: "ProfileUpdated", subscriberId, profile: state.profileOf(subscriberId) })
      }
      for (const { token } of removed) changes.push({ _tag: "TokenRemoved", token })
      const isLast = removed.length === state.tokens.countOf(subscriberId)
      if (isLast && subscriberId !== keptOwner && state.guests.has(subscriberId)) {
        changes.push({ _tag: "GuestRemoved", subscriberId })
      }
    }
    return changes
  }

  return (now: number, added: ReadonlyArray<Records.Token>): ReadonlyArray<Records.Change> => {
    const seconds = now / 1000
    const tokens = new Set<Records.Token>()
    const evict = (from: () => Iterable<Records.Token>, surplus: number) => {
      let left = surplus
      for (const priority of priorities) {
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
      for (const token of state.tokens.values()) if (token.expiresAt + retention < seconds) tokens.add(token)
    }
    const bytes = added.reduce((sum, token) => sum + tokenBytes(token), 0)
    evict(() => state.tokens.values(), state.tokens.bytes + bytes - limits.all)
    const owner = added[0]?.subscriberId
    if (owner !== undefined) {
      const limit = state.guests.has(owner) ? limits.guest : limits.subscriber
      evict(() => state.tokens.of(owner), state.tokens.bytesOf(owner) + bytes - limit)
    }
    const isNewGuest = owner !== undefined && !state.subscribers.has(owner)
    let surplus = state.guests.size + (isNewGuest ? 1 : 0) - limits.guests
    for (const guest of state.guests) {
      if (surplus <= 0) break
      if (guest === owner) continue
      surplus--
      evict(() => state.tokens.of(guest), Infinity)
    }
    return changesFor(tokens, owner)
  }
}
