/**
 * The HTTP routes of the service: the REST API, the token endpoints, and the WebSocket upgrade.
 *
 * @since 0.1.0
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import * as Dialect from "@effect-signalwire/schema/Dialect"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import type * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as ApiError from "./ApiError.ts"
import { Backend, type Caller, type PageRequest, type PageResult } from "./Backend.ts"
import { Faults } from "./Faults.ts"
import { Hosting } from "./Hosting.ts"
import * as DeviceRoutes from "./internal/deviceRoutes.ts"
import { faultResponse } from "./internal/faults/faultResponses.ts"
import { bodyObject, handleErrorsWithCors, json, pathParam, preflight } from "./internal/http.ts"
import { pageResponse } from "./internal/pageResponse.ts"
import {
  literal,
  messageContent,
  messageTarget,
  optionalString,
  pageRequest,
  unixSeconds
} from "./internal/parameters.ts"
import * as Routing from "./internal/routing.ts"
import * as TokenRoutes from "./internal/tokenRoutes.ts"
import * as SocketProtocol from "./SocketProtocol.ts"

/** The claims of a token that was minted with a scope. */
const satClaims = ({ claims: { fingerprint, scope }, token }: Caller) =>
  scope === undefined ? undefined : {
    sat_claims: {
      scope,
      ...(fingerprint === undefined ? undefined : { cnf: { jkt: fingerprint } }),
      expires_at: token.expiresAt
    }
  }

/** The names that a query may ask for: older clients do not encode them, so a plus may be a plus or a space. */
const namesOf = (url: URL): ReadonlyArray<string> =>
  [url.search, url.search.replaceAll("+", "%2B")].flatMap((search) => new URLSearchParams(search).get("name") ?? [])

/** Adds the routes of the REST API, the token endpoints, and the WebSocket at `GET /`. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Backend | Faults> = HttpRouter.use(
  Effect.fnUntraced(function*(router) {
    const backend = yield* Backend
    const faults = yield* Faults
    const form = backend.settings.dialect
    const request = HttpServerRequest.HttpServerRequest

    const routing = Routing.make(router, backend, faults)
    const { forCaller } = routing
    const pageOf = <A>(url: URL, request: PageRequest, page: PageResult<A>, encode: (item: A) => unknown) =>
      pageResponse(backend.settings.linkOrigin, url, request, page, encode)

    yield* forCaller("GET", "/api/fabric/subscriber/info", (caller) =>
      Effect.succeed(json({
        ...Subscriber.encode(backend.subscriber(caller)),
        app_settings: { display_name: "sandbox", scopes: ["conversations.send_message"] },
        ...satClaims(caller)
      })))

    yield* forCaller("GET", "/api/fabric/addresses", (caller, url) =>
      Effect.gen(function*() {
        const query = url.searchParams
        const page = yield* pageRequest(query)
        const sortBy = yield* literal(query, "sort_by", ["name", "created_at"])
        const sortOrder = yield* literal(query, "sort_order", ["asc", "desc"])
        if (sortOrder !== undefined && sortBy === undefined) {
          return yield* ApiError.validation("sort_order_validations", "sort_order requires sort_by", "sort_order")
        }
        const found = yield* backend.addresses(caller, {
          names: query.has("name") ? namesOf(url) : undefined,
          type: yield* literal(query, "type", ["app", "call", "room", "subscriber"]),
          displayName: query.get("display_name") ?? undefined,
          sortBy,
          sortOrder,
          page
        })
        return pageOf(url, page, found, Address.encode)
      }))
    yield* forCaller(
      "GET",
      "/api/fabric/addresses/:id",
      (caller) =>
        Effect.flatMap(
          HttpRouter.RouteContext,
          (context) =>
            Effect.map(backend.address(caller, pathParam(context, "id")), (address) => json(Address.encode(address)))
        )
    )

    yield* forCaller("GET", "/api/fabric/conversations", (caller, url) =>
      Effect.gen(function*() {
        const page = yield* pageRequest(url.searchParams)
        const found = yield* backend.conversations(caller, page)
        return pageOf(url, page, found, (item) => Conversation.encode(item, form))
      }))

    const listMessages = (caller: Caller, url: URL, conversationId: string | undefined) =>
      Effect.gen(function*() {
        const page = yield* pageRequest(url.searchParams)
        const since = yield* unixSeconds(url.searchParams, "since")
        const until = yield* unixSeconds(url.searchParams, "until")
        const found = yield* backend.messages(caller, { conversationId, since, until, page })
        return pageOf(url, page, found, (item) => ConversationMessage.encode(item, form))
      })
    yield* forCaller("GET", "/api/fabric/messages", (caller, url) => listMessages(caller, url, undefined))
    yield* forCaller("GET", "/api/fabric/conversations/:id/messages", (caller, url) =>
      Effect.flatMap(
        HttpRouter.RouteContext,
        (context) => listMessages(caller, url, pathParam(context, "id"))
      ))

    yield* forCaller("POST", "/api/fabric/messages", (caller) =>
      Effect.gen(function*() {
        const body = yield* bodyObject
        const target = yield* messageTarget(body, form)
        const content = yield* messageContent(body)
        const sent = yield* backend.send(caller, target, content)
        const response: SendMessage.Response = {
          ...(Dialect.includes(form, "address")
            ? { table: { conversation_id: sent.addressId, text: content.text } }
            : undefined),
          ...(Dialect.includes(form, "group")
            ? { group_id: sent.groupId, text: content.text, from_fabric_address_id: sent.fromAddressId }
            : undefined)
        }
        return json(response)
      }))
    yield* forCaller("POST", "/api/fabric/conversations/join", (caller) =>
      Effect.gen(function*() {
        const body = yield* bodyObject
        const respond = (response: JoinConversationResponse.JoinConversationResponse) =>
          json(JoinConversationResponse.encode(response, form))
        const address = Dialect.includes(form, "address") ? yield* optionalString(body, "conversation_id") : undefined
        if (address !== undefined) return respond(yield* backend.join(caller, [address]))
        const from = form === "address" ? undefined : yield* optionalString(body, "from_fabric_address_id")
        const ids = form === "address" ? undefined : body["fabric_address_ids"]
        if (ids === undefined || ids === null) {
          return yield* ApiError.missingParameter(
            form === "address" || (form === "all" && from === undefined) ? "conversation_id" : "fabric_address_ids"
          )
        }
        if (from === undefined) return yield* ApiError.missingParameter("from_fabric_address_id")
        if (!Array.isArray(ids) || ids.length > 100) {
          return yield* ApiError.invalidParameter("fabric_address_ids", "must be a list of at most 100 address ids")
        }
        const addressIds = ids.filter((id): id is string => typeof id === "string")
        if (addressIds.length < ids.length) {
          return yield* ApiError.invalidParameter("fabric_address_ids", "must be a list of address ids")
        }
        return respond(yield* backend.join(caller, addressIds, from))
      }))

    yield* TokenRoutes.add(routing, backend)
    yield* DeviceRoutes.add(routing, backend)

    yield* router.add(
      "GET",
      "/",
      Effect.gen(function*() {
        const incoming = yield* request
        if (incoming.headers["upgrade"]?.toLowerCase() !== "websocket") {
          return json({ error: "This endpoint requires a WebSocket upgrade" }, 426)
        }
        const hosting = yield* Hosting
        const decision = yield* SocketProtocol.decideUpgrade
        if (decision._tag === "Dropped") {
          yield* hosting.abort(incoming)
          return HttpServerResponse.empty({ status: 503 })
        }
        if (decision._tag === "Rejected") return faultResponse(decision.action)
        const socket = yield* incoming.upgrade
        yield* SocketProtocol.serve(socket, {
          decision,
          abort: hosting.abort(incoming),
          awaitDrain: hosting.awaitDrain?.(incoming)
        })
        return HttpServerResponse.empty()
      }).pipe(
        Effect.catch(() => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
        Effect.provideService(Backend, backend),
        Effect.provideService(Faults, faults)
      )
    )

    yield* router.add("OPTIONS", "/*", preflight)
    // one route per method, because a route for all methods would take precedence over the GET routes for HEAD requests
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"] as const) {
      yield* router.add(method, "/*", routing.middleware(handleErrorsWithCors(Effect.fail(ApiError.notFound))))
    }
  })
)
