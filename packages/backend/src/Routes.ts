/**
 * The REST API of the service, and the door to its socket.
 *
 * @since 0.1.0
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import * as Dialect from "@effect-signalwire/schema/Dialect"
import { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import type * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { Backend, type Content, type PageRequest, type PageResult, type Target, type Viewer } from "./Backend.ts"
import { Faults } from "./Faults.ts"
import { Hosting } from "./Hosting.ts"
import {
  answered,
  bearer,
  bodyObject,
  type Handled,
  json,
  pathParam,
  preflight,
  prescribed,
  surround,
  urlOf
} from "./internal/http.ts"
import * as Refused from "./Refused.ts"
import * as SocketProtocol from "./SocketProtocol.ts"
import type { StorageError } from "./Storage.ts"

// Parameters

const isWhole = (text: string) => /^\d{1,9}$/.test(text)

const pageRequest = (query: URLSearchParams): Effect.Effect<PageRequest, Refused.Refused> => {
  const sizeName = query.has("page_size") ? "page_size" : "limit"
  const size = query.get(sizeName) ?? "50"
  const number = query.get("page_number") ?? "0"
  if (!isWhole(size) || Number(size) < 1 || Number(size) > 1000) {
    return Effect.fail(Refused.invalidParameter(sizeName, "must be a whole number from 1 to 1000"))
  }
  if (!isWhole(number)) {
    return Effect.fail(Refused.invalidParameter("page_number", "must be a whole number, 0 or more"))
  }
  return Effect.succeed({
    size: Number(size),
    number: Number(number),
    token: query.get("page_token") ?? undefined
  })
}

const seconds = (query: URLSearchParams, name: string): Effect.Effect<number | undefined, Refused.Refused> => {
  const text = query.get(name)
  if (text === null) return Effect.succeed(undefined)
  return /^-?\d+(\.\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Effect.succeed(Number(text))
    : Effect.fail(Refused.invalidParameter(name, "must be unix seconds"))
}

const oneOf = <const A extends string>(
  query: URLSearchParams,
  name: string,
  values: ReadonlyArray<A>
): Effect.Effect<A | undefined, Refused.Refused> => {
  const text = query.get(name)
  const found = values.find((value) => value === text)
  return text !== null && found === undefined
    ? Effect.fail(Refused.invalidParameter(name, `must be one of ${values.join(", ")}`))
    : Effect.succeed(found)
}

/** A page with its links: relative, with the filters of the request, and only those that lead somewhere. */
const pageBody = <A>(url: URL, request: PageRequest, page: PageResult<A>, encode: (item: A) => unknown) => {
  const link = (number: number | undefined) => {
    const query = new URLSearchParams(url.search)
    query.delete("page_number")
    query.delete("page_token")
    if (number !== undefined && page.token !== undefined) {
      query.set("page_number", String(number))
      query.set("page_token", page.token)
    }
    const text = query.toString()
    return text === "" ? url.pathname : `${url.pathname}?${text}`
  }
  return {
    data: page.items.map(encode),
    links: {
      self: link(request.token === undefined ? undefined : request.number),
      first: link(undefined),
      ...(page.hasNext ? { next: link(request.number + 1) } : undefined),
      ...(request.number > 0 ? { prev: link(request.number - 1) } : undefined)
    }
  }
}

// Bodies

const optionalObject = (body: JsonObject, name: string): Effect.Effect<JsonObject, Refused.Refused> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed({})
  return isJsonObject(value)
    ? Effect.succeed(value)
    : Effect.fail(Refused.invalid("not_a_hash", `${name} must be an object`, name))
}

const textOf = (body: JsonObject, name: string): Effect.Effect<string | undefined, Refused.Refused> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed(undefined)
  return typeof value === "string"
    ? Effect.succeed(value)
    : Effect.fail(Refused.invalid("not_a_string", `${name} must be text`, name))
}

const requiredText = (body: JsonObject, name: string): Effect.Effect<string, Refused.Refused> =>
  Effect.flatMap(
    textOf(body, name),
    (text) => text === undefined || text === "" ? Effect.fail(Refused.missing(name)) : Effect.succeed(text)
  )

const contentOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<Content, Refused.Refused> {
  const text = Object.hasOwn(body, "text") ? body["text"] : undefined
  if (text === undefined || text === null || text === "") {
    return yield* Refused.invalid("message_body_required", "text is required", "text")
  }
  if (typeof text !== "string") return yield* Refused.invalid("invalid_message_body", "text must be text", "text")
  return {
    text,
    metadata: yield* optionalObject(body, "metadata"),
    details: yield* optionalObject(body, "details")
  }
})

const targetOf = Effect.fnUntraced(
  function*(body: JsonObject, form: Dialect.WireForm): Effect.fn.Return<Target, Refused.Refused> {
    const address = Dialect.carries(form, "address") ? yield* textOf(body, "conversation_id") : undefined
    if (address !== undefined) return { _tag: "Address", addressId: AddressId.make(address) }
    if (form === "address") return yield* Refused.missing("conversation_id")
    const group = yield* textOf(body, "group_id")
    if (group === undefined) return yield* Refused.missing(form === "all" ? "conversation_id" : "group_id")
    // older clients name the sender `from_address_id`
    const from = (yield* textOf(body, "from_fabric_address_id")) ?? (yield* textOf(body, "from_address_id"))
    if (from === undefined) return yield* Refused.missing("from_fabric_address_id")
    return { _tag: "Group", groupId: GroupId.make(group), fromAddressId: AddressId.make(from) }
  }
)

// Routes

/** The routes of the REST API, the token endpoints, and the socket at `GET /`. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Backend | Faults> = HttpRouter.use(
  Effect.fnUntraced(function*(router) {
    const backend = yield* Backend
    const faults = yield* Faults
    const form = backend.settings.dialect
    const request = HttpServerRequest.HttpServerRequest

    const surrounded = surround(backend, faults)
    const route = <R>(method: "GET" | "POST", path: `/${string}`, handler: Handled<R>) =>
      router.add(method, path, surrounded(answered(handler)))
    /** A route for those who show a good token. */
    const forViewer = (
      method: "GET" | "POST",
      path: `/${string}`,
      handler: (
        viewer: Viewer,
        url: URL
      ) => Effect.Effect<
        HttpServerResponse.HttpServerResponse,
        Refused.Refused | StorageError,
        HttpServerRequest.HttpServerRequest | HttpRouter.RouteContext
      >
    ) =>
      route(
        method,
        path,
        Effect.flatMap(request, (request) =>
          Effect.flatMap(
            backend.authenticate(bearer(request) ?? ""),
            (viewer) => handler(viewer, urlOf(request))
          ))
      )

    yield* forViewer("GET", "/api/fabric/subscriber/info", (viewer) =>
      Effect.succeed(json({
        ...Subscriber.encode(backend.subscriber(viewer)),
        app_settings: { display_name: "sandbox", scopes: ["conversations.send_message"] }
      })))

    yield* forViewer("GET", "/api/fabric/addresses", (viewer, url) =>
      Effect.gen(function*() {
        const query = url.searchParams
        const page = yield* pageRequest(query)
        const sortBy = yield* oneOf(query, "sort_by", ["name", "created_at"])
        const sortOrder = yield* oneOf(query, "sort_order", ["asc", "desc"])
        if (sortOrder !== undefined && sortBy === undefined) {
          return yield* Refused.invalid("sort_order_validations", "sort_order needs sort_by", "sort_order")
        }
        const found = yield* backend.addresses(viewer, {
          name: query.get("name") ?? undefined,
          type: query.get("type") ?? undefined,
          displayName: query.get("display_name") ?? undefined,
          sortBy,
          sortOrder,
          page
        })
        return json(pageBody(url, page, found, Address.encode))
      }))
    yield* forViewer(
      "GET",
      "/api/fabric/addresses/:id",
      () =>
        Effect.flatMap(
          HttpRouter.RouteContext,
          (context) => Effect.map(backend.address(pathParam(context, "id")), (address) => json(Address.encode(address)))
        )
    )

    yield* forViewer("GET", "/api/fabric/conversations", (viewer, url) =>
      Effect.gen(function*() {
        const page = yield* pageRequest(url.searchParams)
        const found = yield* backend.conversations(viewer, page)
        return json(pageBody(url, page, found, (item) => Conversation.encode(item, form)))
      }))

    const listMessages = (viewer: Viewer, url: URL, conversationId: string | undefined) =>
      Effect.gen(function*() {
        const page = yield* pageRequest(url.searchParams)
        const since = yield* seconds(url.searchParams, "since")
        const until = yield* seconds(url.searchParams, "until")
        const found = yield* backend.messages(viewer, { conversationId, since, until, page })
        return json(pageBody(url, page, found, (item) => ConversationMessage.encode(item, form)))
      })
    yield* forViewer("GET", "/api/fabric/messages", (viewer, url) => listMessages(viewer, url, undefined))
    yield* forViewer("GET", "/api/fabric/conversations/:id/messages", (viewer, url) =>
      Effect.flatMap(
        HttpRouter.RouteContext,
        (context) => listMessages(viewer, url, pathParam(context, "id"))
      ))

    yield* forViewer("POST", "/api/fabric/messages", (viewer) =>
      Effect.gen(function*() {
        const body = yield* bodyObject
        const target = yield* targetOf(body, form)
        const content = yield* contentOf(body)
        const sent = yield* backend.send(viewer, target, content)
        const response: SendMessage.Response = {
          ...(Dialect.carries(form, "address")
            ? { table: { conversation_id: sent.addressId, text: content.text } }
            : undefined),
          ...(Dialect.carries(form, "group")
            ? { group_id: sent.groupId, text: content.text, from_fabric_address_id: viewer.address.id }
            : undefined)
        }
        return json(response)
      }))
    yield* forViewer("POST", "/api/fabric/conversations/join", (viewer) =>
      Effect.gen(function*() {
        const body = yield* bodyObject
        const answer = (response: JoinConversationResponse.JoinConversationResponse) =>
          json(JoinConversationResponse.encode(response, form))
        const address = Dialect.carries(form, "address") ? yield* textOf(body, "conversation_id") : undefined
        if (address !== undefined) return answer(yield* backend.join(viewer, [address]))
        const from = form === "address" ? undefined : yield* textOf(body, "from_fabric_address_id")
        const ids = form === "address" ? undefined : body["fabric_address_ids"]
        if (ids === undefined || ids === null) {
          return yield* Refused.missing(
            form === "address" || (form === "all" && from === undefined) ? "conversation_id" : "fabric_address_ids"
          )
        }
        if (from === undefined) return yield* Refused.missing("from_fabric_address_id")
        if (!Array.isArray(ids) || ids.length > 100) {
          return yield* Refused.invalidParameter("fabric_address_ids", "must be a list of at most 100 address ids")
        }
        const texts = ids.filter((id): id is string => typeof id === "string")
        if (texts.length < ids.length) {
          return yield* Refused.invalidParameter("fabric_address_ids", "must be a list of address ids")
        }
        return answer(yield* backend.join(viewer, texts, from))
      }))

    // tokens
    const basic = `${backend.identity.projectId}:${backend.identity.apiToken}`
    const checkBasic = Effect.flatMap(request, (request) => {
      const encoded = /^Basic +(\S+) *$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
      return Result.getOrElse(Base64.decodeString(encoded), () => "") === basic
        ? Effect.void
        : Effect.fail(Refused.unauthorized)
    })
    yield* route(
      "POST",
      "/api/fabric/subscribers/tokens",
      Effect.gen(function*() {
        yield* checkBasic
        const body = yield* bodyObject
        const reference = yield* requiredText(body, "reference")
        const expireAt = body["expire_at"]
        if (expireAt !== undefined && (typeof expireAt !== "number" || !Number.isFinite(expireAt))) {
          return yield* Refused.invalidParameter("expire_at", "must be unix seconds")
        }
        const known = backend.findSubscriber(reference)
        const id = known?.id ?? (yield* backend.addSubscriber({
          name: reference,
          displayName: yield* textOf(body, "display_name"),
          email: reference.includes("@") ? reference : undefined
        })).subscriber.id
        const minted = yield* backend.mint(id, { expiresAt: expireAt })
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

    // the socket
    yield* router.add(
      "GET",
      "/",
      Effect.gen(function*() {
        const incoming = yield* request
        if (incoming.headers["upgrade"]?.toLowerCase() !== "websocket") {
          return json({ error: "This is a WebSocket" }, 426)
        }
        const hosting = yield* Hosting
        const admission = yield* SocketProtocol.admit
        if (admission._tag === "Broken") {
          yield* hosting.abort(incoming)
          return HttpServerResponse.empty({ status: 503 })
        }
        if (admission._tag === "Refused") return prescribed(admission.action)
        const socket = yield* incoming.upgrade
        yield* SocketProtocol.serve(socket, { admission, abort: hosting.abort(incoming) })
        return HttpServerResponse.empty()
      }).pipe(
        Effect.catch(() => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
        Effect.provideService(Backend, backend),
        Effect.provideService(Faults, faults)
      )
    )

    yield* router.add(
      "*",
      "/*",
      Effect.flatMap(
        request,
        ({ method }) =>
          method === "OPTIONS" ? Effect.succeed(preflight) : surrounded(answered(Effect.fail(Refused.notFound)))
      )
    )
  })
)
