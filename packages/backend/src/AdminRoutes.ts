/**
 * The admin API under `/_sandbox`: creates subscribers and rooms, mints and expires tokens, seeds messages, reads what is
 * stored, drops sessions and sets faults. It asks for no token, so it must only be served to those who may do all that.
 *
 * @since 0.1.0
 */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import { decoder, strictDecoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Iterable from "effect/Iterable"
import type * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import * as Admin from "./Admin.ts"
import { Backend } from "./Backend.ts"
import * as Faults from "./Faults.ts"
import { Hosting } from "./Hosting.ts"
import * as Bodies from "./internal/bodies.ts"
import { answered, bodyOf, type Handled, json, urlOf } from "./internal/http.ts"
import * as JsonStream from "./internal/jsonStream.ts"
import * as Origins from "./internal/origins.ts"
import * as Refused from "./Refused.ts"
import type { StorageError } from "./Storage.ts"

const decodeSubscriber = decoder(Admin.NewSubscriber)
const decodeRoom = decoder(Admin.NewRoom)
const decodeToken = decoder(Admin.NewToken)
const decodeExpire = decoder(Admin.ExpireToken)
const decodeMessages = decoder(Admin.NewMessages)
const decodeDrop = decoder(Admin.DropSessions)
const decodeDisconnect = decoder(Admin.DisconnectSessions)
// a misspelt key would make a rule match more than it should
const decodeRules = strictDecoder(Faults.Rules)
const decodeMoreRules = strictDecoder(Faults.MoreRules)
const decodeLog = decoder(Admin.WireLogSwitch)

/** A body is taken as JSON when it says so: a web page can't say it to another origin without asking first. */
const adminBody = <A>(
  decode: (input: unknown) => Result.Result<A, MalformedValue>
): Effect.Effect<A, Refused.Refused, HttpServerRequest.HttpServerRequest | Bodies.RequestBody> =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ headers }) =>
      /^application\/json *(;|$)/i.test(headers["content-type"] ?? "") ? bodyOf(decode) : Effect.fail(Refused.notJson)
  )

/** How many bytes a body may have: thousands of messages may be seeded at once. */
const maxBody = 8 * 1024 * 1024

/** What a preflight is answered. */
const allowed = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "Content-Type",
  "access-control-max-age": "600"
}

/**
 * Restricts a handler to programs and pages of this machine, as the admin API is: a request from a page of another
 * origin, or to a host name that is not this server's, gets 403. A host of these routes can guard routes of
 * its own with it.
 */
export const localOnly = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, Refused.Refused | StorageError, R>,
  options?: {
    /**
     * Whether links of other sites lead here: for a page that shows nothing to who opened it.
     * @default false
     */
    readonly allowsLinks?: boolean
  }
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const isAllowed = Origins.isLocalRequest(request, yield* Hosting, options?.allowsLinks === true)
    const response = yield* answered(isAllowed ? handler : Effect.fail(Refused.notLocal))
    return isAllowed ? HttpServerResponse.setHeaders(response, Origins.headersFor(request)) : response
  })

/** The routes of the admin API. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Backend | Faults.Faults> = HttpRouter.use(
  Effect.fnUntraced(function*(router) {
    const backend = yield* Backend
    const faults = yield* Faults.Faults
    const withBody = Bodies.provide(backend.budget, maxBody)
    const route = (
      method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "QUERY",
      path: `/${string}`,
      handler: Handled<HttpServerRequest.HttpServerRequest | Bodies.RequestBody>
    ) => router.add(method, `/_sandbox${path}`, withBody(localOnly(handler)))

    const notFound = Effect.fail(Refused.notFound)
    yield* route("OPTIONS", "/*", Effect.succeed(HttpServerResponse.empty({ headers: allowed })))
    // `/*` also matches the path without a slash, so that there can be no other route for it
    yield* route(
      "GET",
      "/*",
      Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        (request) =>
          /^\/_sandbox\/?$/.test(urlOf(request).pathname) ? Effect.map(backend.ready, (ready) => json(ready)) : notFound
      )
    )
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "QUERY"] as const) yield* route(method, "/*", notFound)
    yield* route(
      "POST",
      "/subscribers",
      Effect.gen(function*() {
        const body = yield* adminBody(decodeSubscriber)
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
        const body = yield* adminBody(decodeRoom)
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
        const body = yield* adminBody(decodeToken)
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
        const { token } = yield* adminBody(decodeExpire)
        yield* backend.expire(token)
        return json({})
      })
    )
    yield* route(
      "POST",
      "/messages",
      Effect.gen(function*() {
        const body = yield* adminBody(decodeMessages)
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
    yield* route(
      "GET",
      "/sessions",
      Effect.sync(() => {
        const list: Admin.SessionList = {
          sessions: backend.sessions().map(({ connection, protocol, subscriberId, unacked, unackedBytes }) => ({
            protocol,
            subscriberId,
            connected: connection !== undefined,
            unacked: unacked.size,
            bytes: unackedBytes + (connection?.waiting() ?? 0)
          }))
        }
        return json(list)
      })
    )
    /** The open sockets of one subscriber, or of all. */
    const connectionsOf = (subscriberId: string | null | undefined) =>
      backend.sessions().flatMap((session) =>
        session.connection !== undefined && (subscriberId ?? session.subscriberId) === session.subscriberId
          ? [session.connection]
          : []
      )
    const dropped = (connections: ReadonlyArray<unknown>) => {
      const answer: Admin.SessionsDropped = { dropped: connections.length }
      return json(answer)
    }
    yield* route(
      "POST",
      "/sessions/drop",
      Effect.map(adminBody(decodeDrop), ({ code, subscriberId }) => {
        const connections = connectionsOf(subscriberId)
        for (const connection of connections) connection.close(code ?? null)
        return dropped(connections)
      })
    )
    yield* route(
      "POST",
      "/sessions/disconnect",
      Effect.map(adminBody(decodeDisconnect), ({ restart, subscriberId }) => {
        const connections = connectionsOf(subscriberId)
        for (const connection of connections) connection.disconnect(restart ?? false)
        return dropped(connections)
      })
    )
    yield* route("GET", "/faults", Effect.sync(() => json(faults.rules())))
    yield* route(
      "PUT",
      "/faults",
      Effect.map(adminBody(decodeRules), (rules) => {
        faults.set(rules)
        return json(faults.rules())
      })
    )
    yield* route(
      "POST",
      "/faults",
      Effect.gen(function*() {
        const { rules } = yield* adminBody(decodeMoreRules)
        if (faults.rules().rules.length + rules.length > Faults.maxRules) {
          return yield* Refused.invalidParameter(
            "rules",
            `must be at most ${Faults.maxRules}, with those that are active`
          )
        }
        faults.add(rules)
        return json(faults.rules())
      })
    )
    yield* route(
      "DELETE",
      "/faults",
      Effect.sync(() => {
        faults.clear()
        return json(faults.rules())
      })
    )

    const { wireLog } = backend
    const state = (): Admin.WireLogSwitch => ({ enabled: wireLog.isEnabled() })
    yield* route(
      "GET",
      "/log",
      Effect.gen(function*() {
        const after = urlOf(yield* HttpServerRequest.HttpServerRequest).searchParams.get("after") ?? "0"
        if (!/^\d{1,15}$/.test(after)) return yield* Refused.invalidParameter("after", "must be the `seq` of an entry")
        const { enabled } = state()
        return JsonStream.respond(
          `{"enabled":${enabled},"forgotten":${wireLog.forgotten()},"entries":[`,
          wireLog.lines(Number(after)),
          "]}"
        )
      })
    )
    yield* route(
      "PUT",
      "/log",
      Effect.map(adminBody(decodeLog), ({ enabled }) => {
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
)
