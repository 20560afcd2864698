/**
 * A server in memory that answers by script, and the service on top of it.
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"

export const origin = "https://fabric.example.test"
const endpoint = { http: origin, ws: "wss://puc.example.test" }

/** A request as the server saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly url: URL
  readonly query: Readonly<Record<string, string>>
  readonly token: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: unknown
}

/** What the server does with a request; `"drop"` breaks the connection. */
export type Answer = Response | "drop" | Effect.Effect<Response | "drop">

const bodyOf = (body: { readonly _tag: string; readonly body?: unknown }): unknown => {
  const parsed: unknown = body._tag === "Uint8Array" && body.body instanceof Uint8Array
    ? JSON.parse(new TextDecoder().decode(body.body))
    : undefined
  return parsed
}

/** A server, its log, and the layer of its client. */
export const makeServer = (respond: (request: Seen, index: number) => Answer) => {
  const log: Array<Seen> = []
  const client = HttpClient.make((request, url) => {
    const seen: Seen = {
      method: request.method,
      path: decodeURI(url.pathname.replace("/api/fabric/", "")),
      url,
      query: Object.fromEntries(url.searchParams),
      token: (request.headers["authorization"] ?? "").replace("Bearer ", ""),
      headers: request.headers,
      body: bodyOf(request.body)
    }
    log.push(seen)
    const answer = respond(seen, log.length - 1)
    return Effect.flatMap(Effect.isEffect(answer) ? answer : Effect.succeed(answer), (response) =>
      response === "drop"
        ? Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause: new TypeError("fetch failed") })
          })
        )
        : Effect.succeed(HttpClientResponse.fromWeb(request, response)))
  })
  return { log, client }
}

export const secret = "eyJhbGciOiJkaXIifQ..iv.secret.tag"

export interface ServiceOptions extends Partial<SignalWireHttp.Options> {
  readonly token?: string
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown>
}

/** The service over a client. */
export const service = (
  client: HttpClient.HttpClient,
  { refresh, token, ...options }: ServiceOptions = {}
): Effect.Effect<SignalWireHttp.Service, never, Scope.Scope> =>
  SignalWireHttp.make({ endpoint, ...options }).pipe(
    Effect.provideService(HttpClient.HttpClient, client),
    Effect.provide(Credentials.layer({ token: Redacted.make(token ?? secret), refresh }))
  )

/** A server and the service on top of it. */
export const start = (respond: (request: Seen, index: number) => Answer, options?: ServiceOptions) => {
  const { client, log } = makeServer(respond)
  return Effect.map(service(client, options), (http) => ({ http, log }))
}

/** The reason a call failed for. */
export const reasonOf = <A>(effect: Effect.Effect<A, SignalWireHttpError>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers })

export const list = (data: ReadonlyArray<unknown>, links: Readonly<Record<string, string>> = {}): Response =>
  json({ data, links })

export const validation = (status: number, attribute: string | null, code = "invalid_parameter"): Response =>
  json({ errors: [{ type: "validation_error", code, message: `${attribute} is wrong`, attribute }] }, status)

/** A message of the address dialect. */
export const message = (n: number, ts = 1_700_000_000 + n) => ({
  id: `m${n}`,
  type: "message",
  subtype: "chat",
  kind: null,
  conversation_id: "office",
  address_id: "office",
  from_address_id: "ada",
  user_id: "u1",
  ts,
  text: `text ${n}`,
  metadata: {},
  details: {}
})

/** A message of the group dialect. */
export const groupMessage = (n: number, groupId: string) => ({
  id: `m${n}`,
  type: "message",
  subtype: "chat",
  group_id: groupId,
  from_fabric_address_id: "ada",
  ts: 1_700_000_000 + n,
  text: `text ${n}`,
  details: {}
})

export const conversation = (id: string, lastMessageAt = 1_700_000_000_000) => ({
  id,
  address_id: id,
  name: id,
  metadata: {},
  created_at: 1_700_000_000_000,
  last_message_at: lastMessageAt
})

export const subscriber = (...addresses: ReadonlyArray<string>) => ({
  id: "u1",
  email: "ada@example.test",
  fabric_addresses: addresses.map((id) => ({ id, name: id, type: "subscriber", display_name: id }))
})

/** A list in memory, newest first, in pages whose tokens are offsets: it shifts when something is put on top. */
export const pageOf = (items: ReadonlyArray<unknown>, { path, query }: Seen, size: number): Response => {
  const offset = Number(query["page_token"] ?? 0)
  const link = (token: number) => `/api/fabric/${path}?page_token=${token}`
  return list(items.slice(offset, offset + size), {
    ...(offset + size < items.length ? { next: link(offset + size) } : undefined),
    ...(offset > 0 ? { prev: link(Math.max(0, offset - size)) } : undefined)
  })
}
