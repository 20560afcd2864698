/**
 * Driving a backend from outside, in memory or as a sandbox: who there is, what is stored, what goes wrong.
 *
 * Its calls do not fail: a backend that can't be driven is the end of a test.
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

/**
 * The admin API of a sandbox, or of a backend in memory. Whatever it refuses is a defect, since it is a mistake in the
 * test.
 */
export interface AdminClient {
  /** The project, the subscribers, each with a valid token, and the rooms. */
  readonly ready: Effect.Effect<Admin.Ready>
  /** Adds a person with an address and a token. */
  readonly createSubscriber: (subscriber: Admin.NewSubscriber) => Effect.Effect<Admin.SubscriberCreated>
  /** Adds a room. */
  readonly createRoom: (room: Admin.NewRoom) => Effect.Effect<Admin.RoomCreated>
  /** Mints another token for a subscriber. */
  readonly mintToken: (options: Admin.NewToken) => Effect.Effect<Admin.TokenMinted>
  /** Makes a token invalid from now on. */
  readonly expireToken: (token: string) => Effect.Effect<void>
  /**
   * Stores messages, in order, and pushes them to sessions, except for those with `push: false`. Returns their ids and
   * times.
   */
  readonly seed: (messages: ReadonlyArray<Admin.NewMessage>) => Effect.Effect<Admin.MessagesCreated["messages"]>
  /** The messages that are stored in the conversations with an address, oldest first. */
  readonly stored: (addressId: string) => Effect.Effect<Admin.StoredMessages["messages"]>
  /** The sessions, connected or not. */
  readonly sessions: Effect.Effect<Admin.SessionList["sessions"]>
  /** Drops sockets, with this close `code` or else abruptly, of one subscriber or all. Returns how many. */
  readonly drop: (options?: Admin.DropSessions) => Effect.Effect<number>
  /** Replaces the fault rules. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>, seed?: number) => Effect.Effect<void>
  /** Adds fault rules after those that have any times left. */
  readonly addFaults: (rules: ReadonlyArray<Faults.Rule>) => Effect.Effect<void>
  /** Removes the fault rules. */
  readonly clearFaults: Effect.Effect<void>
  /** Turns the wire log on or off. */
  readonly setLog: (enabled: boolean) => Effect.Effect<void>
  /** What went over the wire while the log was on, oldest first, without secrets. */
  readonly log: Effect.Effect<ReadonlyArray<WireLog.Entry>>
  /** The entries of a greater `seq`. */
  readonly logAfter: (seq: number) => Effect.Effect<ReadonlyArray<WireLog.Entry>>
  /** Empties the wire log. */
  readonly clearLog: Effect.Effect<void>
}

/** Makes a client of the admin API under `origin`, such as `http://127.0.0.1:4000`. */
export const make = (origin: string): Effect.Effect<AdminClient, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const client = http.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(`${origin}/_sandbox`)),
      // no header that a browser would have to ask leave for
      HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false)),
      HttpClient.filterStatusOk
    )
    const read = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => HttpClientResponse.schemaBodyJson(schema)
    const get = <S extends Schema.ConstraintDecoder<unknown>>(path: string, answer: S) =>
      Effect.orDie(Effect.flatMap(client.get(path), read(answer)))
    const post = <S extends Schema.ConstraintDecoder<unknown>>(path: string, body: unknown, answer: S) =>
      HttpClientRequest.post(path).pipe(
        HttpClientRequest.bodyJsonUnsafe(body),
        client.execute,
        Effect.flatMap(read(answer)),
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
