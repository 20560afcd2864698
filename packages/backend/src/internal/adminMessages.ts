/**
 * Admin routes that seed messages and read what is stored.
 */
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Iterable from "effect/Iterable"
import * as Admin from "../Admin.ts"
import { type AddRoute, jsonBody } from "./adminRouting.ts"
import type { Service } from "./contract.ts"
import { json, urlOf } from "./http.ts"
import * as JsonStream from "./jsonStream.ts"

const decodeMessages = decoder(Admin.NewMessages)

export const add = Effect.fnUntraced(function*(route: AddRoute, backend: Service) {
  yield* route(
    "POST",
    "/messages",
    Effect.gen(function*() {
      const body = yield* jsonBody(decodeMessages)
      const sent = yield* backend.seed(body.messages.map((message) => ({
        subscriberId: message.from,
        addressId: message.addressId,
        content: {
          text: message.text ?? null,
          metadata: message.metadata ?? {},
          details: message.details ?? {},
          subtype: message.subtype ?? undefined,
          kind: message.kind,
          hidden: message.hidden ?? undefined,
          ts: message.ts ?? undefined,
          push: message.push ?? undefined
        }
      })))
      const created: Admin.MessagesCreated = { messages: sent.map(({ id, ts }) => ({ id, ts })) }
      return json(created)
    })
  )
  yield* route(
    "GET",
    "/messages",
    Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
      const stored = backend.stored(urlOf(request).searchParams.get("addressId") ?? undefined)
      return JsonStream.respond(`{"messages":[`, Iterable.map(stored, (message) => JSON.stringify(message)), "]}")
    })
  )
})
