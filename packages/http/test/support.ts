/**
 * A scripted server in memory, and the service that uses it.
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

/** A request that the server received. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly url: URL
  readonly query: Readonly<Record<string, string>>
  readonly token: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: unknown
}

/** What the server does with a request: respond, or break the connection (`"drop"`). */
export type ScriptedResponse = Response | "drop" | Effect.Effect<Response | "drop">

const parseBody = (body: { readonly _tag: string; readonly body?: unknown }): unknown => {
  const parsed: unknown = body._tag === "Uint8Array" && body.body instanceof Uint8Array
    ? JSON.parse(new TextDecoder().decode(body.body))
    : undefined
  return parsed
}

/** An `HttpClient` whose requests `respond` handles, and the log of those requests. */
export const makeServer = (respond: (request: ReceivedRequest, index: number) => ScriptedResponse) => {
  const log: Array<ReceivedRequest> = []
  const client = HttpClient.make((request, url) => {
    const received: ReceivedRequest = {
      method: request.method,
      path: decodeURI(url.pathname.replace("/api/fabric/", "")),
      url,
      query: Object.fromEntries(url.searchParams),
      token: (request.headers["authorization"] ?? "").replace("Bearer ", ""),
      headers: request.headers,
      body: parseBody(request.body)
    }
    log.push(received)
    const scripted = respond(received, log.length - 1)
    return Effect.flatMap(
      Effect.isEffect(scripted) ? scripted : Effect.succeed(scripted),
      (response) =>
        response === "drop"
          ? Effect.fail(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, cause: new TypeError("fetch failed") })
            })
          )
          : Effect.succeed(HttpClientResponse.fromWeb(request, response))
    )
  })
  return { log, client }
}

export const secret = "eyJhbGciOiJkaXIifQ..iv.secret.tag"

export interface ServiceOptions extends Partial<SignalWireHttp.Options> {
  readonly token?: string
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown>
}

/** The service over an `HttpClient`. */
export const service = (
  client: HttpClient.HttpClient,
  { refresh, token, ...options }: ServiceOptions = {}
): Effect.Effect<SignalWireHttp.Service, never, Scope.Scope> =>
  SignalWireHttp.make({ endpoint, ...options }).pipe(
    Effect.provideService(HttpClient.HttpClient, client),
    Effect.provide(Credentials.layer({ token: Redacted.make(token ?? secret), refresh }))
  )

/** The service over a scripted server, and the log of its requests. */
export const start = (
  respond: (request: ReceivedRequest, index: number) => ScriptedResponse,
  options?: ServiceOptions
) => {
  const { client, log } = makeServer(respond)
  return Effect.map(service(client, options), (http) => ({ http, log }))
}

/** The reason for which a call fails. */
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

/** A page of a list, newest first, whose page tokens are offsets: pages shift when an item is added on top. */
export const pageOf = (items: ReadonlyArray<unknown>, { path, query }: ReceivedRequest, size: number): Response => {
  const offset = Number(query["page_token"] ?? 0)
  const link = (token: number) => `/api/fabric/${path}?page_token=${token}`
  return list(items.slice(offset, offset + size), {
    ...(offset + size < items.length ? { next: link(offset + size) } : undefined),
    ...(offset > 0 ? { prev: link(Math.max(0, offset - size)) } : undefined)
  })
}
