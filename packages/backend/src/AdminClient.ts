/**
 * A client of the admin API, for tests against a backend in memory or a sandbox: creates subscribers and rooms, seeds messages,
 * drops sockets, sets faults, and reads the wire log.
 *
 * An error of the admin API is a mistake in the test, so the methods do not fail; they die.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import * as Admin from "./Admin.ts"
import type * as Faults from "./Faults.ts"
import type * as WireLog from "./WireLog.ts"

/** A client of the admin API of a sandbox or of a backend in memory. All errors are defects. */
export interface AdminClient {
  /** Returns the project, the rooms, and the subscribers, each with a valid token. */
  readonly ready: Effect.Effect<Admin.Ready>
  /** Adds a subscriber; returns its address and a token. */
  readonly createSubscriber: (subscriber: Admin.NewSubscriber) => Effect.Effect<Admin.SubscriberCreated>
  /** Adds a room; returns its address. */
  readonly createRoom: (room: Admin.NewRoom) => Effect.Effect<Admin.RoomCreated>
  /** Mints another token for a subscriber. */
  readonly mintToken: (options: Admin.NewToken) => Effect.Effect<Admin.TokenMinted>
  /** Expires a token now. */
  readonly expireToken: (token: string) => Effect.Effect<void>
  /**
   * Stores messages, in order, and pushes them to sessions, except for those with `push: false`. Returns their ids and
   * times.
   */
  readonly seed: (messages: ReadonlyArray<Admin.NewMessage>) => Effect.Effect<Admin.MessagesCreated["messages"]>
  /** Returns the stored messages of the conversations with an address, oldest first. */
  readonly stored: (addressId: string) => Effect.Effect<Admin.StoredMessages["messages"]>
  /** Returns all sessions, with or without a socket. */
  readonly sessions: Effect.Effect<Admin.SessionList["sessions"]>
  /**
   * Closes the sockets of one subscriber or of all, with a close frame of this `code`, or without a close frame. Returns how
   * many were closed.
   */
  readonly drop: (options?: Admin.DropSessions) => Effect.Effect<number>
  /** Replaces the fault rules. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>, seed?: number) => Effect.Effect<void>
  /** Adds fault rules after the active ones. */
  readonly addFaults: (rules: ReadonlyArray<Faults.Rule>) => Effect.Effect<void>
  /** Removes all fault rules. */
  readonly clearFaults: Effect.Effect<void>
  /** Turns the wire log on or off. */
  readonly setLog: (enabled: boolean) => Effect.Effect<void>
  /** Returns the entries of the wire log, oldest first, with secrets redacted. */
  readonly log: Effect.Effect<ReadonlyArray<WireLog.Entry>>
  /** Returns the entries with a `seq` greater than this one. */
  readonly logAfter: (seq: number) => Effect.Effect<ReadonlyArray<WireLog.Entry>>
  /** Empties the wire log. */
  readonly clearLog: Effect.Effect<void>
}

/** Makes a client of the admin API of a server at an origin, such as `http://127.0.0.1:4000`. */
export const make = (origin: string): Effect.Effect<AdminClient, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const client = http.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(`${origin}/_sandbox`)),
      // without tracing headers, which browsers only send after a preflight request that allows them
      HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false)),
      HttpClient.filterStatusOk
    )
    const read = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => HttpClientResponse.schemaBodyJson(schema)
    const get = <S extends Schema.ConstraintDecoder<unknown>>(path: string, response: S) =>
      Effect.orDie(Effect.flatMap(client.get(path), read(response)))
    const post = <S extends Schema.ConstraintDecoder<unknown>>(path: string, body: unknown, response: S) =>
      HttpClientRequest.post(path).pipe(
        HttpClientRequest.bodyJsonUnsafe(body),
        client.execute,
        Effect.flatMap(read(response)),
        Effect.orDie
      )
    return {
      ready: get("", Admin.Ready),
      createSubscriber: (subscriber) => post("/subscribers", subscriber, Admin.SubscriberCreated),
      createRoom: (room) => post("/rooms", room, Admin.RoomCreated),
      mintToken: (options) => post("/tokens", options, Admin.TokenMinted),
      expireToken: (token) => Effect.asVoid(post("/tokens/expire", { token }, Schema.Unknown)),
      seed: (messages) =>
        Effect.map(post("/messages", { messages }, Admin.MessagesCreated), ({ messages }) => messages),
      stored: (addressId) =>
        Effect.map(
          get(`/messages?addressId=${encodeURIComponent(addressId)}`, Admin.StoredMessages),
          ({ messages }) => messages
        ),
      sessions: Effect.map(get("/sessions", Admin.SessionList), ({ sessions }) => sessions),
      drop: (options = {}) =>
        Effect.map(post("/sessions/drop", options, Admin.SessionsDropped), ({ dropped }) => dropped),
      setFaults: (rules, seed) =>
        HttpClientRequest.put("/faults").pipe(
          HttpClientRequest.bodyJsonUnsafe({ rules, ...(seed === undefined ? undefined : { seed }) }),
          client.execute,
          Effect.orDie,
          Effect.asVoid
        ),
      addFaults: (rules) => Effect.asVoid(post("/faults", { rules }, Schema.Unknown)),
      clearFaults: Effect.asVoid(Effect.orDie(client.del("/faults"))),
      setLog: (enabled) =>
        HttpClientRequest.put("/log").pipe(
          HttpClientRequest.bodyJsonUnsafe({ enabled }),
          client.execute,
          Effect.orDie,
          Effect.asVoid
        ),
      log: Effect.map(get("/log", Admin.WireLogList), ({ entries }) => entries),
      logAfter: (seq) => Effect.map(get(`/log?after=${seq}`, Admin.WireLogList), ({ entries }) => entries),
      clearLog: Effect.asVoid(Effect.orDie(client.del("/log")))
    }
  })
