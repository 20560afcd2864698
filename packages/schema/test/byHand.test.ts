/** What is read by hand is accepted and refused as its schema says, and refused in the same words. */
import * as Address from "@effect-signalwire/schema/Address"
import * as Connect from "@effect-signalwire/schema/Connect"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as Event from "@effect-signalwire/schema/ConversationEvent"
import * as Message from "@effect-signalwire/schema/ConversationMessage"
import { AddressId } from "@effect-signalwire/schema/Ids"
import * as Join from "@effect-signalwire/schema/JoinConversationResponse"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { Decoder, MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Page from "@effect-signalwire/schema/Page"
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Envelope from "@effect-signalwire/schema/SignalWireEvent"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Token from "@effect-signalwire/schema/Token"
import * as Wire from "@effect-signalwire/schema/Wire"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { overTheWire } from "./support.ts"

/** A value of every kind that JSON has, among them what only some keys allow. */
const values = [
  null,
  true,
  false,
  "",
  "x",
  "true",
  "1735790645.5",
  "8650000000000000",
  0,
  -1.5,
  1735790645.5,
  8.65e15,
  -8.65e15,
  2 ** 60,
  Infinity,
  [],
  ["x"],
  [1],
  ["x", null],
  {},
  { a: 1 },
  { a: "x", b: null }
]

/** JSON text can hold numbers that are too large to be any. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => inner === Infinity ? "too large" : inner).replaceAll("\"too large\"", "1e999")

/** A decoder by hand, the schema of what it reads, and a value that has all of its keys. */
interface Subject {
  readonly name: string
  readonly whole: object
  readonly decode: Decoder<unknown>
  readonly schema: Schema.Codec<unknown>
}

const message = {
  id: "m1",
  type: "message",
  subtype: "chat",
  kind: "call_started",
  conversation_id: "c1",
  group_id: "g1",
  user_id: "u1",
  address_id: "a1",
  from_address_id: "a2",
  from_fabric_address_id: "a3",
  ts: 1735790645.5,
  text: "hello",
  metadata: { tone: "casual" },
  details: {}
}

const event = { ...message, hidden: false, conversation_name: "lobby", user_name: "Ada" }

const authorization = {
  jti: "j1",
  project_id: "p1",
  scope: ["messaging"],
  fabric_subscriber: {
    version: 1,
    expires_at: 1735797845,
    subscriber_id: "s1",
    application_id: "app1",
    project_id: "p1",
    space_id: "sp1"
  }
}

const sent = { conversation_id: "c1", group_id: "g1", from_fabric_address_id: "a1", text: "hello" }

const joined = { conversation_id: "c1", group_id: "g1", from_fabric_address_id: "a1", fabric_address_ids: ["a1", "a2"] }

const subjects: ReadonlyArray<Subject> = [
  { name: "a message", whole: message, decode: Message.decode, schema: Wire.ConversationMessage },
  { name: "an event", whole: event, decode: Event.decode, schema: Wire.ConversationEvent },
  {
    name: "an envelope",
    whole: {
      event_type: "conversation.message",
      event_channel: ["channel"],
      timestamp: 1735790645.5,
      project_id: "p1",
      node_id: "n1",
      is_author: true,
      params: {}
    },
    decode: Envelope.decode,
    schema: Wire.SignalWireEvent
  },
  {
    name: "a change of the authorization's state",
    whole: { authorization_state: "opaque" },
    decode: Envelope.decodeAuthorizationState,
    schema: Wire.AuthorizationState
  },
  {
    name: "a conversation",
    whole: {
      id: "c1",
      address_id: "a1",
      group_id: "g1",
      from_address_id: "a2",
      from_fabric_address_id: "a3",
      name: "lobby",
      metadata: { tone: "casual" },
      created_at: 1735790645123,
      last_message_at: "1735790645123"
    },
    decode: Conversation.decode,
    schema: Wire.Conversation
  },
  {
    name: "an address",
    whole: {
      id: "a1",
      display_name: "Ada",
      name: "ada",
      type: "subscriber",
      resource_id: "r1",
      preview_url: "https://example.com/preview",
      cover_url: "https://example.com/cover",
      channels: { audio: "/private/ada", video: null },
      locked: false,
      created_at: "2025-01-02T03:04:05Z"
    },
    decode: Address.decode,
    schema: Wire.Address
  },
  {
    name: "a subscriber",
    whole: {
      id: "s1",
      email: "ada@example.com",
      first_name: "Ada",
      last_name: "Lovelace",
      display_name: "Ada",
      job_title: "Analyst",
      time_zone: "Europe/London",
      country: "GB",
      region: "London",
      company_name: "Analytical",
      push_notification_key: "k1",
      app_settings: { display_name: "App", scopes: ["a"] },
      fabric_addresses: []
    },
    decode: Subscriber.decode,
    schema: Wire.Subscriber
  },
  {
    name: "a page",
    whole: { data: [], links: { self: "/s", first: "/f", next: "/n", prev: "/p" } },
    decode: (input) => Page.decode(input, Result.succeed),
    schema: Wire.Page
  },
  {
    name: "the answer to a send",
    whole: { ...sent, table: sent },
    decode: SendMessage.decodeResponse,
    schema: Wire.SendResponse
  },
  {
    name: "the answer to a join",
    whole: { ...joined, table: joined },
    decode: (input) => Join.decode(input, AddressId.make("a2")),
    schema: Wire.JoinResponse
  },
  {
    name: "a token's header",
    whole: { alg: "dir", enc: "A256GCM", ch: "puc.signalwire.com", typ: "SAT" },
    decode: (input) => Token.decodeHeader(`${Base64Url.encode(jsonOf(input))}.x`),
    schema: Wire.TokenHeader
  },
  {
    name: "an error of JSON-RPC",
    whole: { code: -32603, message: "internal", data: {} },
    decode: (input) => JsonRpc.parse(jsonOf({ id: 1, error: input ?? "none" })),
    schema: Wire.RpcError
  },
  {
    name: "the parameters of a connect",
    whole: {
      version: { major: 4, minor: 0, revision: 0 },
      event_acks: true,
      agent: "x",
      authentication: { jwt_token: "t" },
      protocol: "p",
      authorization_state: "s"
    },
    decode: Connect.decodeParams,
    schema: Wire.ConnectParams
  },
  {
    name: "the answer to a connect",
    whole: { identity: "i", protocol: "p", authorization, ice_servers: [{}], session_restored: true },
    decode: Connect.decodeResult,
    schema: Wire.ConnectResult
  },
  {
    name: "the parameters of a reauthentication",
    whole: { authentication: { project: "p", jwt_token: "t" } },
    decode: Connect.decodeReauthenticateParams,
    schema: Wire.ReauthenticateParams
  },
  {
    name: "the answer to a reauthentication",
    whole: { authorization },
    decode: Connect.decodeReauthenticateResult,
    schema: Wire.ReauthenticateResult
  },
  {
    name: "the parameters of a disconnect",
    whole: { restart: true },
    decode: Connect.decodeDisconnectParams,
    schema: Wire.DisconnectParams
  }
]

type Key = string | number

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null

const keysOf = (value: object): ReadonlyArray<Key> => Array.isArray(value) ? [...value.keys()] : Object.keys(value)

/** The way to everything in a value, itself included. */
const pathsIn = (value: unknown): ReadonlyArray<ReadonlyArray<Key>> => [
  [],
  ...(isContainer(value)
    ? keysOf(value).flatMap((key) => pathsIn(Reflect.get(value, key)).map((path) => [key, ...path]))
    : [])
]

/** The value with something else at that place; with nothing there where that is `undefined`. */
const replaced = (value: unknown, [key, ...rest]: ReadonlyArray<Key>, by: unknown): unknown => {
  if (key === undefined || !isContainer(value)) return by
  const inner = replaced(Reflect.get(value, key), rest, by)
  if (Array.isArray(value)) return value.map((item, index) => index === key ? inner : item)
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name !== key ? [[name, item]] : inner === undefined ? [] : [[name, inner]]
    )
  )
}

/** What no schema says: one of the two that name a conversation must be there, and a subscriber's addresses are read. */
const isBeyondSchema = (read: Result.Result<unknown, MalformedValue>): boolean =>
  Result.isFailure(read) &&
  (read.failure.message === "Missing key, and no group_id either" || read.failure.path.startsWith("fabric_addresses["))

/** What is read of it, and what should be. */
const compare = ({ decode, schema }: Subject, input: unknown) => {
  const read = decode(input)
  const told = decoder(schema)(input)
  const expected = Result.isFailure(told) ? told : isBeyondSchema(read) ? read : decode(told.success)
  return { input, read, expected }
}

describe.each(subjects)("$name", (subject) => {
  it("is read or refused as its schema says, with any value at any place", () => {
    for (const path of pathsIn(subject.whole)) {
      for (const value of path.length === 0 ? values : [undefined, ...values]) {
        const { expected, input, read } = compare(subject, replaced(subject.whole, path, value))
        assert.deepStrictEqual(read, expected, JSON.stringify(input))
      }
    }
  })

  it.effect.prop(
    "is read or refused as its schema says, whatever is in it",
    {
      generated: Arbitrary.map(Arbitrary.schema(subject.schema), overTheWire),
      place: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))),
      other: Arbitrary.map(Arbitrary.schema(Schema.Json), overTheWire)
    },
    ({ generated, other, place }) =>
      Effect.sync(() => {
        const paths = pathsIn(generated)
        for (const input of [generated, replaced(generated, paths[place % paths.length] ?? [], other)]) {
          const { expected, read } = compare(subject, input)
          assert.deepStrictEqual(read, expected)
        }
      })
  )
})

// an envelope is taken apart at once, and stays as it came
it.each(subjects.slice(0, 2))("passes over keys of $name that nobody knows", ({ decode, whole }) => {
  assert.deepStrictEqual(decode({ ...whole, later: { any: "thing" } }), decode(whole))
})
