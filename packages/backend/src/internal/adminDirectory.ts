/**
 * Admin routes for subscribers, rooms and tokens.
 */
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as Admin from "../Admin.ts"
import { type AddRoute, jsonBody } from "./adminRouting.ts"
import type { Service } from "./contract.ts"
import { json } from "./http.ts"

const decodeSubscriber = decoder(Admin.NewSubscriber)
const decodeRoom = decoder(Admin.NewRoom)
const decodeToken = decoder(Admin.NewToken)
const decodeExpire = decoder(Admin.ExpireToken)

export const add = Effect.fnUntraced(function*(route: AddRoute, backend: Service) {
  yield* route(
    "POST",
    "/subscribers",
    Effect.gen(function*() {
      const body = yield* jsonBody(decodeSubscriber)
      const { address, subscriber } = yield* backend.addSubscriber({
        name: body.name,
        displayName: body.displayName ?? undefined,
        email: body.email ?? undefined
      })
      const { expiresAt, refreshToken, token } = yield* backend.mint(subscriber.id)
      const created: Admin.SubscriberCreated = {
        id: subscriber.id,
        name: subscriber.name,
        addressId: address.id,
        token,
        refreshToken,
        expiresAt
      }
      return json(created)
    })
  )
  yield* route(
    "POST",
    "/rooms",
    Effect.gen(function*() {
      const body = yield* jsonBody(decodeRoom)
      const { id, name } = yield* backend.addRoom({
        name: body.name,
        displayName: body.displayName ?? undefined
      })
      const created: Admin.RoomCreated = { name, addressId: id }
      return json(created)
    })
  )
  yield* route(
    "POST",
    "/tokens",
    Effect.gen(function*() {
      const body = yield* jsonBody(decodeToken)
      const { expiresAt, refreshToken, token } = yield* backend.mint(body.subscriberId, {
        ttlSeconds: body.ttlSeconds ?? undefined
      })
      const minted: Admin.TokenMinted = { token, refreshToken, expiresAt }
      return json(minted)
    })
  )
  yield* route(
    "POST",
    "/tokens/expire",
    Effect.gen(function*() {
      const { token } = yield* jsonBody(decodeExpire)
      yield* backend.expire(token)
      return json({})
    })
  )
})
