/**
 * Mints, expires and refreshes tokens, and authenticates callers.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Token from "@effect-signalwire/schema/Token"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Admin from "../Admin.ts"
import * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import type { StorageError } from "../Storage.ts"
import type { Service } from "./contract.ts"
import type { Core } from "./core.ts"
import type { Directory } from "./directory.ts"
import * as TokenClaims from "./tokenClaims.ts"
import * as TokenEviction from "./tokenEviction.ts"

/** The lifetime of a token that its client can renew and that is not bound to a key, in seconds. */
const unboundLifetime = 60

/** How much longer a refresh token is valid than its access token, in seconds. */
const refreshLifetime = 300

export type Tokens = ReturnType<typeof make>

export const make = (
  { commit, identity, ids, now, settings, state, withWriteLock }: Core,
  { addressOf, newGuest, emptyToken, toCaller }: Directory
) => {
  const makeToken = (
    kind: Records.Token["kind"],
    subscriberId: SubscriberId,
    expiresAt: number,
    claims: TokenClaims.TokenClaims
  ): Records.Token => ({
    token: Token.encode(
      { alg: "dir", enc: "A256GCM", ch: settings.host, typ: kind },
      [ids.base64Url(12), TokenClaims.encode(claims) ?? ids.base64Url(64), ids.base64Url(16)]
    ),
    kind,
    jti: ids.uuid(),
    subscriberId,
    expiresAt
  })
  const evictionChanges = TokenEviction.make(state)
  /** Mints a pair of tokens for a subscriber. `adding` are changes to commit before, such as adding the subscriber. */
  const mintPair = (
    subscriberId: SubscriberId,
    options: Parameters<Service["mint"]>[1],
    adding: ReadonlyArray<Records.Change> = []
  ) =>
    Effect.suspend(() => {
      const seconds = now() / 1000
      const claims = options?.claims ?? {}
      const requested = options?.expiresAt ??
        Math.floor(seconds) + (options?.ttlSeconds ?? Math.floor(settings.tokenLifetime / 1000))
      const isBound = options?.bound === true || claims.fingerprint !== undefined
      const expiresAt = claims.scope?.includes(TokenClaims.refreshScope) === true && !isBound
        ? Math.min(requested, Math.floor(seconds) + unboundLifetime)
        : requested
      const token = makeToken("SAT", subscriberId, expiresAt, claims)
      // valid for longer than the access token, as in production; the profile is already stored with the subscriber
      const { profile, ...refreshClaims } = claims
      const refresh = makeToken("Refresh", subscriberId, Math.max(expiresAt, seconds) + refreshLifetime, refreshClaims)
      const minted = withWriteLock(Effect.suspend((): Effect.Effect<void, ApiError.ApiError | StorageError> =>
        // a guest may have been removed meanwhile
        adding.length === 0 && !state.subscribers.has(subscriberId) ? Effect.fail(ApiError.notFound) : commit([
          ...adding,
          ...evictionChanges(now(), [token, refresh]),
          { _tag: "TokenMinted", token },
          { _tag: "TokenMinted", token: refresh },
          // stored separately, so that it remains when the token is removed and an older token cannot overwrite it
          ...(profile === undefined
            ? []
            : [
              {
                _tag: "ProfileUpdated",
                subscriberId,
                profile: { ...state.profileOf(subscriberId), ...profile }
              } as const
            ])
        ])
      ))
      return Effect.as(minted, { subscriberId, token: token.token, refreshToken: refresh.token, expiresAt })
    })
  const mint: Service["mint"] = (id, options) =>
    Effect.flatMap(toCaller(id, emptyToken(id)), ({ subscriber }) => mintPair(subscriber.id, options))
  const mintGuest: Service["mintGuest"] = ({ allowed, attribute, expiresAt }) =>
    Effect.suspend((): ReturnType<Service["mintGuest"]> => {
      const found = allowed.flatMap((id) => addressOf(id)?.id ?? [])
      if (found.length < allowed.length) {
        return Effect.fail(ApiError.validation("does_not_exist", "an address does not exist", attribute))
      }
      const subscriber = newGuest()
      return mintPair(subscriber.id, { expiresAt, claims: { allowed_addresses: found } }, [
        { _tag: "SubscriberAdded", subscriber }
      ])
    })
  const isExpired = (token: Records.Token) => token.expiresAt * 1000 <= now()
  const expire: Service["expire"] = (token) =>
    withWriteLock(
      Effect.suspend((): Effect.Effect<void, ApiError.ApiError | StorageError> =>
        state.tokens.get(token) !== undefined
          ? commit([{ _tag: "TokenExpired", token, expiresAt: Math.floor(now() / 1000) - 1 }])
          : Effect.fail(ApiError.notFound)
      )
    )
  const refresh: Service["refresh"] = (refreshToken) =>
    Effect.suspend(() => {
      const token = state.tokens.get(refreshToken)
      const attribute = "refresh_token"
      if (token === undefined) {
        return Effect.fail(ApiError.validation("token_invalid", "The token is invalid", attribute))
      }
      if (token.kind !== "Refresh") {
        return Effect.fail(ApiError.validation("not_a_refresh_token", "The token is not a refresh token", attribute))
      }
      return isExpired(token)
        ? Effect.fail(ApiError.validation("token_expired", "The token has expired", attribute))
        : mint(token.subscriberId, { claims: TokenClaims.decode(token.token) })
    })
  const authenticate: Service["authenticate"] = (text) =>
    Effect.suspend(() => {
      const token = state.tokens.get(text)
      return token === undefined || token.kind !== "SAT" || isExpired(token)
        ? Effect.fail(ApiError.unauthorized)
        : Effect.mapError(toCaller(token.subscriberId, token), () => ApiError.unauthorized)
    })

  /** Returns whether a token was minted for the current host and port: stored tokens may be from a server at another one. */
  const isForThisHost = ({ token }: Records.Token) =>
    Result.match(Token.decodeHeader(token), { onFailure: () => false, onSuccess: ({ ch }) => ch === settings.host })
  const currentToken = Effect.fnUntraced(function*(subscriberId: SubscriberId) {
    const newest = [...state.tokens.of(subscriberId)].findLast((token) =>
      token.kind === "SAT" && !isExpired(token) && isForThisHost(token)
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

  /** Returns the current state of a token, which may have been expired. */
  const current = (token: Records.Token): Records.Token => state.tokens.get(token.token) ?? token

  /** Removes tokens that have expired, and guests without tokens. */
  const removeExpired = withWriteLock(Effect.suspend(() => commit(evictionChanges(now(), []))))

  return { authenticate, current, expire, isExpired, mint, mintGuest, ready, refresh, removeExpired }
}
