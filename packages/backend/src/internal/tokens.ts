/**
 * Tokens: minting, expiring, refreshing them, and who they belong to.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Token from "@effect-signalwire/schema/Token"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Admin from "../Admin.ts"
import type { Service } from "../Backend.ts"
import type * as Records from "../Records.ts"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"
import * as Claims from "./claims.ts"
import type { Core } from "./core.ts"
import type { Directory } from "./directory.ts"
import * as TokenEviction from "./tokenEviction.ts"

/** How long a token lives whose client may renew it without a key, in seconds. */
const unboundLifetime = 60

export type Tokens = ReturnType<typeof make>

export const make = (
  { chance, commit, exclusively, identity, now, settings, state }: Core,
  { addressOf, newGuest, noToken, toViewer }: Directory
) => {
  const makeToken = (
    kind: Records.Token["kind"],
    subscriberId: SubscriberId,
    expiresAt: number,
    claims: Claims.Claims
  ): Records.Token => ({
    token: Token.encode(
      { alg: "dir", enc: "A256GCM", ch: settings.host, typ: kind },
      [chance.opaque(12), Claims.seal(claims) ?? chance.opaque(64), chance.opaque(16)]
    ),
    kind,
    jti: chance.uuid(),
    subscriberId,
    expiresAt
  })
  const evictedFor = TokenEviction.make(state)
  /** Mints a pair for a subscriber, who may have to be added first. */
  const mintPair = (
    subscriberId: SubscriberId,
    options: Parameters<Service["mint"]>[1],
    adding: ReadonlyArray<Records.Change> = []
  ) =>
    Effect.suspend(() => {
      const seconds = now() / 1000
      const claims = options?.claims ?? {}
      const asked = options?.expiresAt ??
        Math.floor(seconds) + (options?.ttlSeconds ?? Math.floor(settings.tokenLifetime / 1000))
      const isBound = options?.bound === true || claims.fingerprint !== undefined
      const expiresAt = claims.scope?.includes(Claims.refreshScope) === true && !isBound
        ? Math.min(asked, Math.floor(seconds) + unboundLifetime)
        : asked
      const token = makeToken("SAT", subscriberId, expiresAt, claims)
      // outlives the token it renews, as the service's does; what was said of the subscriber is known by now
      const { profile, ...kept } = claims
      const refresh = makeToken("Refresh", subscriberId, Math.max(expiresAt, seconds) + 300, kept)
      const minted = exclusively(Effect.suspend((): Effect.Effect<void, Refused.Refused | StorageError> =>
        // a guest may have been removed in the meantime
        adding.length === 0 && !state.subscribers.has(subscriberId) ? Effect.fail(Refused.notFound) : commit([
          ...adding,
          ...evictedFor(now(), [token, refresh]),
          { _tag: "TokenMinted", token },
          { _tag: "TokenMinted", token: refresh },
          // kept by itself, so that it outlives the token, and an older token never replaces it
          ...(profile === undefined
            ? []
            : [
              {
                _tag: "SubscriberDescribed",
                subscriberId,
                profile: { ...state.profileOf(subscriberId), ...profile }
              } as const
            ])
        ])
      ))
      return Effect.as(minted, { subscriberId, token: token.token, refreshToken: refresh.token, expiresAt })
    })
  const mint: Service["mint"] = (id, options) =>
    Effect.flatMap(toViewer(id, noToken(id)), ({ subscriber }) => mintPair(subscriber.id, options))
  const mintGuest: Service["mintGuest"] = ({ allowed, attribute, expiresAt }) =>
    Effect.suspend((): ReturnType<Service["mintGuest"]> => {
      const found = allowed.flatMap((id) => addressOf(id)?.id ?? [])
      if (found.length < allowed.length) {
        return Effect.fail(Refused.invalid("does_not_exist", "an address is not known", attribute))
      }
      const subscriber = newGuest()
      return mintPair(subscriber.id, { expiresAt, claims: { allowed_addresses: found } }, [
        { _tag: "SubscriberAdded", subscriber }
      ])
    })
  const isExpired = (token: Records.Token) => token.expiresAt * 1000 <= now()
  const expire: Service["expire"] = (token) =>
    exclusively(
      Effect.suspend((): Effect.Effect<void, Refused.Refused | StorageError> =>
        state.tokens.get(token) !== undefined
          ? commit([{ _tag: "TokenExpired", token, expiresAt: Math.floor(now() / 1000) - 1 }])
          : Effect.fail(Refused.notFound)
      )
    )
  const refresh: Service["refresh"] = (refreshToken) =>
    Effect.suspend(() => {
      const token = state.tokens.get(refreshToken)
      const attribute = "refresh_token"
      if (token === undefined) return Effect.fail(Refused.invalid("token_invalid", "The token is invalid", attribute))
      if (token.kind !== "Refresh") {
        return Effect.fail(Refused.invalid("not_a_refresh_token", "The token is not a refresh token", attribute))
      }
      return isExpired(token)
        ? Effect.fail(Refused.invalid("token_expired", "The token has expired", attribute))
        : mint(token.subscriberId, { claims: Claims.read(token.token) })
    })
  const authenticate: Service["authenticate"] = (text) =>
    Effect.suspend(() => {
      const token = state.tokens.get(text)
      return token === undefined || token.kind !== "SAT" || isExpired(token)
        ? Effect.fail(Refused.unauthorized)
        : Effect.mapError(toViewer(token.subscriberId, token), () => Refused.unauthorized)
    })

  /** Not so a token that was minted when the server was at another host or port. */
  const leadsHere = ({ token }: Records.Token) =>
    Result.match(Token.decodeHeader(token), { onFailure: () => false, onSuccess: ({ ch }) => ch === settings.host })
  const currentToken = Effect.fnUntraced(function*(subscriberId: SubscriberId) {
    const newest = [...state.tokens.of(subscriberId)].findLast((token) =>
      token.kind === "SAT" && !isExpired(token) && leadsHere(token)
    )
    return newest ?? (yield* mint(subscriberId))
  })
  const ready: Service["ready"] = Effect.gen(function*() {
    const subscribers: Array<Admin.Ready["subscribers"][number]> = []
    for (const subscriber of state.subscribers.values()) {
      const address = state.ownAddresses.get(subscriber.id)
      if (address === undefined) continue
      const { expiresAt, token } = yield* currentToken(subscriber.id)
      subscribers.push({ id: subscriber.id, name: subscriber.name, addressId: address.id, token, expiresAt })
    }
    const rooms = [...state.addresses.values()]
      .filter((address) => address.type === "room")
      .map((address) => ({ name: address.name, addressId: address.id }))
    return { projectId: identity.projectId, apiToken: identity.apiToken, subscribers, rooms }
  })

  /** A token as it is now: it may have been expired. */
  const current = (token: Records.Token): Records.Token => state.tokens.get(token.token) ?? token

  /** Forgets what is worth nothing any more. */
  const removeExpired = exclusively(Effect.suspend(() => commit(evictedFor(now(), []))))

  return { authenticate, current, expire, isExpired, mint, mintGuest, ready, refresh, removeExpired }
}
