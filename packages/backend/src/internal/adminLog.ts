/**
 * Admin routes that read, enable and clear the wire log.
 */
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Admin from "../Admin.ts"
import * as ApiError from "../ApiError.ts"
import { type AddRoute, jsonBody } from "./adminRouting.ts"
import type { Service } from "./contract.ts"
import { json, urlOf } from "./http.ts"
import * as JsonStream from "./jsonStream.ts"

const decodeSwitch = decoder(Admin.WireLogSwitch)

export const add = Effect.fnUntraced(function*(route: AddRoute, { wireLog }: Service) {
  const state = (): Admin.WireLogSwitch => ({ enabled: wireLog.isEnabled() })
  yield* route(
    "GET",
    "/log",
    Effect.gen(function*() {
      const after = urlOf(yield* HttpServerRequest.HttpServerRequest).searchParams.get("after") ?? "0"
      if (!/^\d{1,15}$/.test(after)) return yield* ApiError.invalidParameter("after", "must be the `seq` of an entry")
      const { enabled } = state()
      return JsonStream.respond(
        `{"enabled":${enabled},"forgotten":${wireLog.dropped()},"entries":[`,
        wireLog.lines(Number(after)),
        "]}"
      )
    })
  )
  yield* route(
    "PUT",
    "/log",
    Effect.map(jsonBody(decodeSwitch), ({ enabled }) => {
      wireLog.enable(enabled)
      return json(state())
    })
  )
  yield* route(
    "DELETE",
    "/log",
    Effect.sync(() => {
      wireLog.clear()
      return json(state())
    })
  )
})
