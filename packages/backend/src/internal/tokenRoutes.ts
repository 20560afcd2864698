/**
 * Minting and renewing tokens: for subscribers, guests, those who are invited, and pages that embed a call.
 */
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import type { Service } from "../Backend.ts"
import type { Profile } from "../Records.ts"
import * as Refused from "../Refused.ts"
import type { Claims } from "./claims.ts"
import { bodyObject, json } from "./http.ts"
import { requiredText, textOf } from "./parameters.ts"
import type { Routing } from "./routing.ts"

/** How many addresses a guest may see. */
const maxAllowed = 10

/** The latest time at which a token may expire, in unix seconds: some time in the year 2223. */
const maxExpiry = 8e9

/** How many scopes a token may have, and how long one of them and the id of an application may be. */
const maxScopes = 32
const maxWord = 100

/** What an embed key begins with; the rest is the id of the address it leads to. */
const embedPrefix = "c2c_"

const expiry = (body: JsonObject, name: string): Effect.Effect<number | undefined, Refused.Refused> => {
  const value = body[name] ?? undefined
  return value === undefined || (typeof value === "number" && value >= 0 && value <= maxExpiry)
    ? Effect.succeed(value)
    : Effect.fail(Refused.invalidParameter(name, `must be unix seconds, at most ${maxExpiry}`))
}

/** A list of strings, which may be missing. */
const textsOf = (body: JsonObject, name: string): Effect.Effect<ReadonlyArray<string> | undefined, Refused.Refused> => {
  const value = body[name] ?? undefined
  if (value === undefined) return Effect.succeed(undefined)
  const texts = Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []
  return Array.isArray(value) && texts.length === value.length
    ? Effect.succeed(texts)
    : Effect.fail(Refused.invalidParameter(name, "must be a list of strings"))
}

const profileOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<Profile, Refused.Refused> {
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
    const text = yield* textOf(body, name)
    if (text !== undefined && text.length > 200) {
      return yield* Refused.invalid("character_limit_exceeded", `${name} is longer than 200 characters`, name)
    }
    if (text !== undefined) profile[name] = text
  }
  return profile
})

const claimsOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<Claims, Refused.Refused> {
  const scope = yield* textsOf(body, "scope")
  const fingerprint = yield* textOf(body, "fingerprint")
  const applicationId = yield* textOf(body, "application_id")
  const profile = yield* profileOf(body)
  if (scope !== undefined && (scope.length > maxScopes || scope.some((word) => word.length > maxWord))) {
    return yield* Refused.invalidParameter(
      "scope",
      `must be at most ${maxScopes} strings of at most ${maxWord} characters`
    )
  }
  if (applicationId !== undefined && applicationId.length > maxWord) {
    return yield* Refused.invalidParameter("application_id", `must have at most ${maxWord} characters`)
  }
  if (fingerprint !== undefined && !/^[\w-]{43}$/.test(fingerprint)) {
    return yield* Refused.invalidParameter("fingerprint", "must be a base64url thumbprint of 43 characters")
  }
  // nobody signs in with a password here
  yield* textOf(body, "password")
  return {
    ...(scope === undefined || scope.length === 0 ? undefined : { scope }),
    ...(fingerprint === undefined ? undefined : { fingerprint }),
    ...(applicationId === undefined ? undefined : { application_id: applicationId }),
    ...(Object.keys(profile).length === 0 ? undefined : { profile })
  }
})

export const add = Effect.fnUntraced(function*({ forProject, forViewer, route }: Routing, backend: Service) {
  yield* forProject(
    "POST",
    "/api/fabric/subscribers/tokens",
    Effect.gen(function*() {
      const body = yield* bodyObject
      const reference = yield* requiredText(body, "reference")
      const expiresAt = yield* expiry(body, "expire_at")
      const claims = yield* claimsOf(body)
      const known = backend.findSubscriber(reference)
      const id = known?.id ?? (yield* backend.addSubscriber({
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
      const { refreshToken, token } = yield* backend.refresh(yield* requiredText(body, "refresh_token"))
      return json({ token, refresh_token: refreshToken }, 201)
    })
  )
  yield* forProject(
    "POST",
    "/api/fabric/guests/tokens",
    Effect.gen(function*() {
      const body = yield* bodyObject
      const allowed = yield* textsOf(body, "allowed_addresses")
      if (allowed === undefined) return yield* Refused.missing("allowed_addresses")
      if (allowed.length < 1 || allowed.length > maxAllowed) {
        return yield* Refused.invalidParameter("allowed_addresses", `must name 1 to ${maxAllowed} addresses`)
      }
      const expiresAt = yield* expiry(body, "expire_at")
      yield* textOf(body, "region")
      yield* textOf(body, "ch")
      const { refreshToken, token } = yield* backend.mintGuest({ allowed, attribute: "allowed_addresses", expiresAt })
      return json({ token, refresh_token: refreshToken }, 201)
    })
  )
  yield* forViewer("POST", "/api/fabric/subscriber/invites", (viewer) =>
    Effect.gen(function*() {
      const body = yield* bodyObject
      const address = yield* requiredText(body, "address_id")
      const expiresAt = yield* expiry(body, "expires_at")
      if (viewer.address === null) return yield* Refused.forbidden
      const { token } = yield* backend.mintGuest({ allowed: [address], attribute: "address_id", expiresAt })
      return json({ token }, 201)
    }))
  yield* route(
    "POST",
    "/api/fabric/embeds/tokens",
    Effect.gen(function*() {
      const key = yield* requiredText(yield* bodyObject, "token")
      if (!key.startsWith(embedPrefix)) {
        return yield* Refused.invalid("token_invalid", "token is not an embed token", "token")
      }
      const allowed = [key.slice(embedPrefix.length)]
      const { token } = yield* backend.mintGuest({ allowed, attribute: "token", expiresAt: undefined })
      return json({ token }, 201)
    })
  )
})
