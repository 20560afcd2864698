/**
 * Routes for devices: registering them for call notifications, and renewing their tokens.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ApiError from "../ApiError.ts"
import type { Service } from "./contract.ts"
import { bodyObject, json } from "./http.ts"
import type { Caller } from "./operations.ts"
import { requiredString } from "./parameters.ts"
import type { Routing } from "./routing.ts"
import { refreshScope } from "./tokenClaims.ts"

/** The default and the maximum lifetime of a renewed token, in seconds. */
const defaultLifetime = 900
const maxLifetime = 86_400

export const add = Effect.fnUntraced(function*({ forCaller }: Routing, backend: Service) {
  yield* forCaller("POST", "/subscriber/devices", (caller) =>
    Effect.gen(function*() {
      const body = yield* bodyObject
      return json({
        id: backend.newId(),
        device_type: yield* requiredString(body, "device_type"),
        device_token: yield* requiredString(body, "device_token"),
        date_registered: new Date(backend.now()).toISOString(),
        push_notification_key: `pk_${caller.subscriber.id}`
      }, 201)
    }))
  // devices are not stored, because the sandbox does not notify them
  yield* forCaller("DELETE", "/subscriber/devices/:id", () => Effect.succeed(HttpServerResponse.empty({ status: 204 })))

  /** Renews a token. The proof in `dpop_token` is not verified. */
  const renew = (caller: Caller) =>
    Effect.gen(function*() {
      const body = yield* bodyObject
      const lifetime = body["expire_in"] ?? defaultLifetime
      if (typeof lifetime !== "number" || !Number.isInteger(lifetime) || lifetime < 1 || lifetime > maxLifetime) {
        return yield* ApiError.invalidParameter("expire_in", `must be a whole number from 1 to ${maxLifetime}`)
      }
      const { scope = [] } = caller.claims
      if (!scope.includes(refreshScope)) return yield* ApiError.forbidden
      const { expiresAt, token } = yield* backend.mint(caller.subscriber.id, {
        ttlSeconds: lifetime,
        claims: caller.claims,
        bound: true
      })
      return json({ token, expires_at: expiresAt, expires_in: lifetime })
    })
  yield* forCaller("POST", "/api/fabric/subscriber/devices/token", renew)
  yield* forCaller("POST", "/api/fabric/subscriber/devices/refresh", renew)
})
