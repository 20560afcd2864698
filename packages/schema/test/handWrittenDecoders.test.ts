/** The hand-written decoders accept and refuse the same values as their schemas, and report the same problems. */
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
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { jsonRoundTrip } from "./support.ts"

/** Values of every JSON type, including values that are valid only under some keys. */
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

/** Formats a value as JSON, with `1e999` for Infinity: JSON may contain numbers that overflow when they are parsed. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => inner === Infinity ? "too large" : inner).replaceAll("\"too large\"", "1e999")

/** A hand-written decoder, the schema of the same wire format, and an example that has all of its keys. */
interface Subject {
  readonly name: string
  readonly example: object
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
  { name: "a message", example: message, decode: Message.decode, schema: WireSchemas.ConversationMessage },
  { name: "an event", example: event, decode: Event.decode, schema: WireSchemas.ConversationEvent },
  {
    name: "an envelope",
    example: {
      event_type: "conversation.message",
      event_channel: ["channel"],
      timestamp: 1735790645.5,
      project_id: "p1",
      node_id: "n1",
      is_author: true,
      params: {}
    },
    decode: Envelope.decode,
    schema: WireSchemas.SignalWireEvent
  },
  {
    name: "an authorization state",
    example: { authorization_state: "opaque" },
    decode: Envelope.decodeAuthorizationState,
    schema: WireSchemas.AuthorizationState
  },
  {
    name: "a conversation",
    example: {
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
    schema: WireSchemas.Conversation
  },
  {
    name: "an address",
    example: {
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
    schema: WireSchemas.Address
  },
  {
    name: "a subscriber",
    example: {
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
    schema: WireSchemas.Subscriber
  },
  {
    name: "a page",
    example: { data: [], links: { self: "/s", first: "/f", next: "/n", prev: "/p" } },
    decode: (input) => Page.decode(input, Result.succeed),
    schema: WireSchemas.Page
  },
  {
    name: "the response to a send",
    example: { ...sent, table: sent },
    decode: SendMessage.decodeResponse,
    schema: WireSchemas.SendResponse
  },
  {
    name: "the response to a join",
    example: { ...joined, table: joined },
    decode: (input) => Join.decode(input, AddressId.make("a2")),
    schema: WireSchemas.JoinResponse
  },
  {
    name: "the header of a token",
    example: { alg: "dir", enc: "A256GCM", ch: "puc.signalwire.com", typ: "SAT" },
    decode: (input) => Token.decodeHeader(`${Base64Url.encode(jsonOf(input))}.x`),
    schema: WireSchemas.TokenHeader
  },
  {
    name: "a JSON-RPC error",
    example: { code: -32603, message: "internal", data: {} },
    decode: (input) => JsonRpc.parse(jsonOf({ id: 1, error: input ?? "none" })),
    schema: WireSchemas.RpcError
  },
  {
    name: "the parameters of a connect",
    example: {
      version: { major: 4, minor: 0, revision: 0 },
      event_acks: true,
      agent: "x",
      authentication: { jwt_token: "t" },
      protocol: "p",
      authorization_state: "s"
    },
    decode: Connect.decodeParams,
    schema: WireSchemas.ConnectParams
  },
  {
    name: "the result of a connect",
    example: { identity: "i", protocol: "p", authorization, ice_servers: [{}], session_restored: true },
    decode: Connect.decodeResult,
    schema: WireSchemas.ConnectResult
  },
  {
    name: "the parameters of a reauthenticate",
    example: { authentication: { project: "p", jwt_token: "t" } },
    decode: Connect.decodeReauthenticateParams,
    schema: WireSchemas.ReauthenticateParams
  },
  {
    name: "the result of a reauthenticate",
    example: { authorization },
    decode: Connect.decodeReauthenticateResult,
    schema: WireSchemas.ReauthenticateResult
  },
  {
    name: "the parameters of a disconnect",
    example: { restart: true },
    decode: Connect.decodeDisconnectParams,
    schema: WireSchemas.DisconnectParams
  }
]

type Key = string | number

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null

const keysOf = (value: object): ReadonlyArray<Key> => Array.isArray(value) ? [...value.keys()] : Object.keys(value)

/** The paths of all values within a value, including the empty path of the value itself. */
const pathsIn = (value: unknown): ReadonlyArray<ReadonlyArray<Key>> => [
  [],
  ...(isContainer(value)
    ? keysOf(value).flatMap((key) => pathsIn(Reflect.get(value, key)).map((path) => [key, ...path]))
    : [])
]

/** Returns a copy of a value with a replacement at a path; without the key if the replacement is `undefined`. */
const replaceAt = (value: unknown, [key, ...rest]: ReadonlyArray<Key>, replacement: unknown): unknown => {
  if (key === undefined || !isContainer(value)) return replacement
  const inner = replaceAt(Reflect.get(value, key), rest, replacement)
  if (Array.isArray(value)) return value.map((item, index) => index === key ? inner : item)
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name !== key ? [[name, item]] : inner === undefined ? [] : [[name, inner]]
    )
  )
}

/**
 * Whether a decoder failed for a rule that its schema does not have: `conversation_id` or `group_id` must be present,
 * and the addresses of a subscriber are decoded.
 */
const isBeyondSchema = (actual: Result.Result<unknown, MalformedValue>): boolean =>
  Result.isFailure(actual) &&
  (actual.failure.message === "Missing key, and group_id is missing too" ||
    actual.failure.path.startsWith("fabric_addresses["))

/** Decodes with the hand-written decoder and with the schema. Both must accept the input, or refuse it in the same way. */
const compare = ({ decode, schema }: Subject, input: unknown) => {
  const actual = decode(input)
  const bySchema = decoder(schema)(input)
  if (Result.isFailure(bySchema)) return { input, actual, expected: bySchema }
  if (isBeyondSchema(actual)) return { input, actual, expected: actual }
  const expected = decode(bySchema.success)
  return { input, actual, expected: Result.isSuccess(expected) ? expected : bySchema }
}

describe.each(subjects)("$name", (subject) => {
  it("is decoded or refused as by its schema, with any value at any path", () => {
    for (const path of pathsIn(subject.example)) {
      for (const value of path.length === 0 ? values : [undefined, ...values]) {
        const { actual, expected, input } = compare(subject, replaceAt(subject.example, path, value))
        assert.deepStrictEqual(actual, expected, JSON.stringify(input))
      }
    }
  })

  it.effect.prop(
    "is decoded or refused as by its schema, with generated values",
    {
      generated: Arbitrary.map(Arbitrary.schema(subject.schema), jsonRoundTrip),
      pathIndex: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))),
      replacement: Arbitrary.map(Arbitrary.schema(Schema.Json), jsonRoundTrip)
    },
    ({ generated, pathIndex, replacement }) =>
      Effect.sync(() => {
        const paths = pathsIn(generated)
        for (const input of [generated, replaceAt(generated, paths[pathIndex % paths.length] ?? [], replacement)]) {
          const { actual, expected } = compare(subject, input)
          assert.deepStrictEqual(actual, expected)
        }
      })
  )
})

// only the models: an envelope keeps unknown keys on its fast path
it.each(subjects.slice(0, 2))("ignores unknown keys of $name", ({ decode, example }) => {
  assert.deepStrictEqual(decode({ ...example, later: { any: "thing" } }), decode(example))
})
