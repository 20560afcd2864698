/**
 * The admin API under `/_sandbox`: creates subscribers and rooms, mints and expires tokens, seeds messages, reads what is
 * stored, drops sessions and sets faults. It asks for no token, so it must only be served to those who may do all that.
 *
 * @since 0.1.0
 */
import { decoder, strictDecoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import * as Admin from "./Admin.ts"
import { Backend } from "./Backend.ts"
import * as Faults from "./Faults.ts"
import { answered, bodyOf, type Handled, json, urlOf } from "./internal/http.ts"
import * as Refused from "./Refused.ts"

const decodeSubscriber = decoder(Admin.NewSubscriber)
const decodeRoom = decoder(Admin.NewRoom)
const decodeToken = decoder(Admin.NewToken)
const decodeExpire = decoder(Admin.ExpireToken)
const decodeMessages = decoder(Admin.NewMessages)
const decodeDrop = decoder(Admin.DropSessions)
const decodeDisconnect = decoder(Admin.DisconnectSessions)
// a misspelt key would make a rule match more than it should
const decodeRules = strictDecoder(Faults.Rules)
const decodeLog = decoder(Admin.WireLogSwitch)

const isLocal = (hostname: string): boolean =>
  // an address, a name without a domain, or a loopback name: nothing that anybody on the Internet can make resolve here
  /^(\[[\da-f:.]+\]|[\d.]+|[^.]+|.*\.localhost)$/i.test(hostname)

/**
 * Turns away what a web page from elsewhere asks for, whether across origins or through a name that was made to resolve
 * here: the admin API hands out tokens, and a browser on this machine reaches it.
 */
const isForeign = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  [headers["origin"], `http://${headers["host"] ?? "localhost"}`].some((origin) =>
    origin !== undefined && !(URL.canParse(origin) && isLocal(new URL(origin).hostname))
  )

/** The routes of the admin API. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Backend | Faults.Faults> = HttpRouter.use(
  Effect.fnUntraced(function*(router) {
    const backend = yield* Backend
    const faults = yield* Faults.Faults
    const route = (
      method: "GET" | "POST" | "PUT" | "DELETE",
      path: `/${string}`,
      handler: Handled<HttpServerRequest.HttpServerRequest>
    ) =>
      router.add(
        method,
        path === "/" ? "/_sandbox" : `/_sandbox${path}`,
        answered(
          Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
            isForeign(request) ? Effect.fail(Refused.forbidden) : handler)
        )
      )

    yield* route("GET", "/", Effect.map(backend.ready, (ready) => json(ready)))
    yield* route(
      "POST",
      "/subscribers",
      Effect.gen(function*() {
        const body = yield* bodyOf(decodeSubscriber)
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
        const body = yield* bodyOf(decodeRoom)
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
        const body = yield* bodyOf(decodeToken)
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
        const { token } = yield* bodyOf(decodeExpire)
        yield* backend.expire(token)
        return json({})
      })
    )
    yield* route(
      "POST",
      "/messages",
      Effect.gen(function*() {
        const body = yield* bodyOf(decodeMessages)
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
        const stored: Admin.StoredMessages = {
          messages: backend.stored(urlOf(request).searchParams.get("addressId") ?? undefined)
        }
        return json(stored)
      })
    )
    yield* route(
      "GET",
      "/sessions",
      Effect.sync(() => {
        const list: Admin.SessionList = {
          sessions: backend.sessions().map(({ connection, protocol, subscriberId, unacked }) => ({
            protocol,
            subscriberId,
            connected: connection !== undefined,
            unacked: unacked.size
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
      Effect.map(bodyOf(decodeDrop), ({ code, subscriberId }) => {
        const connections = connectionsOf(subscriberId)
        for (const connection of connections) connection.close(code ?? null)
        return dropped(connections)
      })
    )
    yield* route(
      "POST",
      "/sessions/disconnect",
      Effect.map(bodyOf(decodeDisconnect), ({ restart, subscriberId }) => {
        const connections = connectionsOf(subscriberId)
        for (const connection of connections) connection.disconnect(restart ?? false)
        return dropped(connections)
      })
    )
    yield* route("GET", "/faults", Effect.sync(() => json(faults.rules())))
    yield* route(
      "PUT",
      "/faults",
      Effect.map(bodyOf(decodeRules), (rules) => {
        faults.set(rules)
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
      Effect.sync(() => {
        const list: Admin.WireLogList = {
          ...state(),
          forgotten: wireLog.forgotten(),
          entries: wireLog.entries()
        }
        return json(list)
      })
    )
    yield* route(
      "PUT",
      "/log",
      Effect.map(bodyOf(decodeLog), ({ enabled }) => {
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
