/**
 * Routes that mint and renew tokens: for subscribers, guests, invitations, and embedded pages.
 */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type { Profile } from "../Records.ts"
import type { Service } from "./contract.ts"
import { bodyObject, json } from "./http.ts"
import { optionalString, requiredString } from "./parameters.ts"
import type { Routing } from "./routing.ts"
import type { TokenClaims } from "./tokenClaims.ts"

/** The maximum number of addresses that a guest can see. */
const maxAllowedAddresses = 10

/** The latest expiry of a token, in unix seconds: in the year 2223. */
const maxExpiry = 8e9

/** The maximum number of scopes of a token, and the maximum length of a scope and of an application id. */
const maxScopes = 32
const maxScopeLength = 100

/** The maximum length of a field of a profile. */
const maxProfileLength = 200

/** The prefix of an embed token; the rest is the id of the address. */
const embedPrefix = "c2c_"

const expiry = (body: JsonObject, name: string): Effect.Effect<number | undefined, ApiError.ApiError> => {
  const value = body[name] ?? undefined
  return value === undefined || (typeof value === "number" && value >= 0 && value <= maxExpiry)
    ? Effect.succeed(value)
    : Effect.fail(ApiError.invalidParameter(name, `must be a time in unix seconds, at most ${maxExpiry}`))
}

/** Reads an optional list of strings. */
const optionalStrings = (
  body: JsonObject,
  name: string
): Effect.Effect<ReadonlyArray<string> | undefined, ApiError.ApiError> => {
  const value = body[name] ?? undefined
  if (value === undefined) return Effect.succeed(undefined)
  const strings = Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []
  return Array.isArray(value) && strings.length === value.length
    ? Effect.succeed(strings)
    : Effect.fail(ApiError.invalidParameter(name, "must be a list of strings"))
}

const profileOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<Profile, ApiError.ApiError> {
  const profile: { -readonly [Name in keyof Profile]: Profile[Name] } = {}
  const names = [
    "display_name",
    "first_name",
    "last_name",
    "job_title",
    "time_zone",
    "country",
    "region",
    "company_name"
  ] as const
  for (const name of names) {
    const text = yield* optionalString(body, name)
    if (text !== undefined && text.length > maxProfileLength) {
      return yield* ApiError.validation(
        "character_limit_exceeded",
        `${name} is longer than ${maxProfileLength} characters`,
        name
      )
    }
    if (text !== undefined) profile[name] = text
  }
  return profile
})

const claimsOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<TokenClaims, ApiError.ApiError> {
  const scope = yield* optionalStrings(body, "scope")
  const fingerprint = yield* optionalString(body, "fingerprint")
  const applicationId = yield* optionalString(body, "application_id")
  const profile = yield* profileOf(body)
  if (scope !== undefined && (scope.length > maxScopes || scope.some((word) => word.length > maxScopeLength))) {
    return yield* ApiError.invalidParameter(
      "scope",
      `must be at most ${maxScopes} strings of at most ${maxScopeLength} characters`
    )
  }
  if (applicationId !== undefined && applicationId.length > maxScopeLength) {
    return yield* ApiError.invalidParameter("application_id", `must have at most ${maxScopeLength} characters`)
  }
  if (fingerprint !== undefined && !/^[\w-]{43}$/.test(fingerprint)) {
    return yield* ApiError.invalidParameter("fingerprint", "must be a base64url thumbprint of 43 characters")
  }
  // validated but ignored: there is no sign-in with a password
  yield* optionalString(body, "password")
  return {
    ...(scope === undefined || scope.length === 0 ? undefined : { scope }),
    ...(fingerprint === undefined ? undefined : { fingerprint }),
    ...(applicationId === undefined ? undefined : { application_id: applicationId }),
    ...(Object.keys(profile).length === 0 ? undefined : { profile })
  }
})

export const add = Effect.fnUntraced(function*({ forProject, forCaller, route }: Routing, backend: Service) {
  yield* forProject(
    "POST",
    "/api/fabric/subscribers/tokens",
    Effect.gen(function*() {
      const body = yield* bodyObject
      const reference = yield* requiredString(body, "reference")
      const expiresAt = yield* expiry(body, "expire_at")
      const claims = yield* claimsOf(body)
      const existing = backend.findSubscriber(reference)
      const id = existing?.id ?? (yield* backend.addSubscriber({
        name: reference,
        displayName: claims.profile?.display_name,
        email: reference.includes("@") ? reference : undefined
      })).subscriber.id
      const minted = yield* backend.mint(id, { expiresAt, claims })
      return json({ subscriber_id: minted.subscriberId, token: minted.token, refresh_token: minted.refreshToken })
    })
  )
  yield* route(
    "POST",
    "/api/fabric/subscribers/tokens/refresh",
    Effect.gen(function*() {
      const body = yield* bodyObject
      const { refreshToken, token } = yield* backend.refresh(yield* requiredString(body, "refresh_token"))
      return json({ token, refresh_token: refreshToken }, 201)
    })
  )
  yield* forProject(
    "POST",
    "/api/fabric/guests/tokens",
    Effect.gen(function*() {
      const body = yield* bodyObject
      const allowed = yield* optionalStrings(body, "allowed_addresses")
      if (allowed === undefined) return yield* ApiError.missingParameter("allowed_addresses")
      if (allowed.length < 1 || allowed.length > maxAllowedAddresses) {
        return yield* ApiError.invalidParameter(
          "allowed_addresses",
          `must contain 1 to ${maxAllowedAddresses} addresses`
        )
      }
      const expiresAt = yield* expiry(body, "expire_at")
      yield* optionalString(body, "region")
      yield* optionalString(body, "ch")
      const { refreshToken, token } = yield* backend.mintGuest({ allowed, attribute: "allowed_addresses", expiresAt })
      return json({ token, refresh_token: refreshToken }, 201)
    })
  )
  yield* forCaller("POST", "/api/fabric/subscriber/invites", (caller) =>
    Effect.gen(function*() {
      const body = yield* bodyObject
      const address = yield* requiredString(body, "address_id")
      const expiresAt = yield* expiry(body, "expires_at")
      if (caller.address === null) return yield* ApiError.forbidden
      const { token } = yield* backend.mintGuest({ allowed: [address], attribute: "address_id", expiresAt })
      return json({ token }, 201)
    }))
  yield* route(
    "POST",
    "/api/fabric/embeds/tokens",
    Effect.gen(function*() {
      const key = yield* requiredString(yield* bodyObject, "token")
      if (!key.startsWith(embedPrefix)) {
        return yield* ApiError.validation("token_invalid", "token is not an embed token", "token")
      }
      const allowed = [key.slice(embedPrefix.length)]
      const { token } = yield* backend.mintGuest({ allowed, attribute: "token", expiresAt: undefined })
      return json({ token }, 201)
    })
  )
})
