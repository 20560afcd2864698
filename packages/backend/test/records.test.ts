/** The records of a backend: how much memory they take, and in which order messages are read. */
import type { Change, Message } from "@effect-signalwire/backend/Records"
import * as Records from "@effect-signalwire/backend/Records"
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { toSettings } from "../src/internal/options.ts"
import { recordBytes } from "../src/internal/recordBytes.ts"
import { type Bounds, Timeline } from "../src/internal/timeline.ts"
import { ada, groupId, messageOf, office } from "./messages.ts"

const stored = (more: Partial<Message>): Change => ({ _tag: "MessageStored", message: messageOf("m", 1, 1, more) })

const subscriber = { id: ada, name: "ada", displayName: "Ada", email: null, createdAt: 0 }
const addressOf = (name: string): Change => ({
  _tag: "AddressAdded",
  address: { id: office, type: "room", name, displayName: name, resourceId: "", createdAt: 0 }
})
const token = { token: "t", kind: "SAT", jti: "", subscriberId: ada, expiresAt: 0 } as const

describe("a stored record", () => {
  const project = { projectId: "p", spaceId: "s", apiToken: "t" }
  const address = { id: office, type: "room", name: "n", displayName: "d", resourceId: "r", createdAt: 0.5 }
  const profile = {
    display_name: "a",
    first_name: "b",
    last_name: "c",
    job_title: "d",
    time_zone: "e",
    country: "f",
    region: "g",
    company_name: "h"
  }
  const message = messageOf("m", 1, 2, { text: "hi", kind: "k", metadata: { a: [1] }, details: { b: null } })

  it.each<[string, Schema.ConstraintDecoder<unknown>, Readonly<Record<string, unknown>>]>([
    ["a project", Records.Project, project],
    ["a subscriber", Records.Subscriber, { ...subscriber, email: "e" }],
    ["a subscriber without an email address", Records.Subscriber, subscriber],
    ["a room's address", Records.Address, address],
    ["a subscriber's address", Records.Address, { ...address, type: "subscriber" }],
    ["an access token", Records.Token, token],
    ["a refresh token", Records.Token, { ...token, kind: "Refresh" }],
    ["a profile", Records.Profile, profile],
    ["an empty profile", Records.Profile, {}],
    ["a group", Records.Group, { id: groupId, addressIds: [office], createdAt: 0 }],
    ["a member", Records.Member, { groupId, subscriberId: ada }],
    ["a message", Records.Message, { ...message }],
    ["a message without a text", Records.Message, { ...message, text: null, kind: null }]
  ])("is read as it was written, with values of the right types: %s", (_, schema, record) => {
    const decode = decoder(schema)
    assert.deepStrictEqual<unknown>(decode(JSON.parse(JSON.stringify(record))), Result.succeed(record))
    for (const name of Object.keys(record)) {
      assert.isTrue(Result.isFailure(decode({ ...record, [name]: Symbol.iterator })), name)
    }
  })

  it("has no other kinds", () => {
    assert.isFalse(Schema.is(Records.Address)({ ...address, type: "" }))
    assert.isFalse(Schema.is(Records.Token)({ ...token, kind: "" }))
    assert.isFalse(Schema.is(Records.Message)({ ...message, seq: 0.5 }))
    assert.isFalse(Schema.is(Records.Message)({ ...message, micros: 0.5 }))
  })
})

describe("the memory of a record", () => {
  it.each<[string, Change, number]>([
    ["a subscriber, with a profile", { _tag: "SubscriberAdded", subscriber }, 768 + 4096],
    ["an address", addressOf("abc"), 768 + 12],
    ["an address with other characters", addressOf("日本"), 768 + 16],
    ["a group", { _tag: "GroupAdded", group: { id: groupId, addressIds: [office], createdAt: 0 } }, 768],
    ["a member", { _tag: "MemberJoined", member: { groupId, subscriberId: ada } }, 768],
    ["a guest that is removed", { _tag: "GuestRemoved", subscriberId: ada }, -768 - 4096],
    ["a project", { _tag: "ProjectCreated", identity: { projectId: "p", spaceId: "s", apiToken: "t" } }, 0],
    ["a token, which is limited separately", { _tag: "TokenMinted", token }, 0],
    ["an expired token", { _tag: "TokenExpired", token: "t", expiresAt: 0 }, 0],
    ["a removed token", { _tag: "TokenRemoved", token: "t" }, 0],
    ["a profile", { _tag: "ProfileUpdated", subscriberId: ada, profile: {} }, 0],
    ["a message without content", stored({}), 768 + 64 + 64],
    ["a text", stored({ text: "abcde" }), 768 + 64 + 64 + 5],
    ["a field of the metadata", stored({ metadata: { name: "text" } }), 768 + 64 + 64 + 48 + 4 + 32 + 4],
    ["a field of the details", stored({ details: { a: 1, b: null } }), 768 + 64 + 64 + 2 * (48 + 1 + 16)],
    ["a list", stored({ details: { a: [1, "b"] } }), 768 + 64 + 64 + 48 + 1 + 64 + (8 + 16) + (8 + 32 + 1)],
    ["an object in an object", stored({ details: { a: { b: true } } }), 768 + 64 + 64 + 48 + 1 + 64 + 48 + 1 + 16]
  ])("is estimated: %s", (_, change, bytes) => {
    assert.strictEqual(recordBytes(change), bytes)
  })
})

describe("a timeline", () => {
  const all: Bounds = { seq: Infinity, since: -Infinity, until: Infinity }
  const timelineOf = (...messages: ReadonlyArray<Message>) => {
    const timeline = new Timeline()
    for (const message of messages) timeline.add(message)
    return timeline
  }
  const ids = (messages: ReadonlyArray<Message>) => messages.map(({ id }) => String(id))
  /** Messages that were stored in the order of their ids, each a second after the one before. */
  const abcde = timelineOf(...["a", "b", "c", "d", "e"].map((id, index) => messageOf(id, index + 1, index + 1)))

  it.each<[string, ReadonlyArray<readonly [string, number]>, ReadonlyArray<string>]>([
    ["in order", [["a", 1], ["b", 2], ["c", 3]], ["a", "b", "c"]],
    ["in reverse", [["c", 3], ["b", 2], ["a", 1]], ["a", "b", "c"]],
    ["in any order", [["c", 3], ["e", 5], ["a", 1], ["d", 4], ["b", 2]], ["a", "b", "c", "d", "e"]],
    ["at the same time, in the order of ids", [["b", 1], ["a", 1], ["d", 1], ["c", 1]], ["a", "b", "c", "d"]],
    ["at the same time as some", [["b", 2], ["d", 2], ["e", 3], ["c", 2], ["a", 1]], ["a", "b", "c", "d", "e"]]
  ])("has its messages by time, however they were added: %s", (_, added, expected) => {
    const timeline = timelineOf(...added.map(([id, micros], index) => messageOf(id, index, micros)))
    assert.deepStrictEqual(ids(timeline.messages), expected)
    assert.strictEqual(String(timeline.newest?.id), expected.at(-1))
  })

  it("has no newest message while it is empty", () => {
    assert.isUndefined(new Timeline().newest)
    assert.deepStrictEqual(new Timeline().read(all, 0, 10), [])
  })

  it.each<[Partial<Bounds>, number, number, ReadonlyArray<string>]>([
    [{}, 0, 10, ["e", "d", "c", "b", "a"]],
    [{}, 0, 2, ["e", "d"]],
    [{}, 1, 2, ["d", "c"]],
    [{}, 4, 2, ["a"]],
    [{}, 5, 2, []],
    [{}, 0, 0, []],
    [{ since: 2 }, 0, 10, ["e", "d", "c", "b"]],
    [{ until: 4 }, 0, 10, ["d", "c", "b", "a"]],
    [{ until: 4 }, 1, 2, ["c", "b"]],
    [{ seq: 3 }, 0, 10, ["c", "b", "a"]],
    [{ seq: 3 }, 1, 1, ["b"]],
    [{ since: 2, until: 4, seq: 3 }, 0, 10, ["c", "b"]]
  ])("is read from the newest message within %j, from %i on, up to %i", (bounds, offset, count, expected) => {
    assert.deepStrictEqual(ids(abcde.read({ ...all, ...bounds }, offset, count)), expected)
  })
})

describe("the settings", () => {
  it("have the documented defaults", () => {
    assert.deepStrictEqual(toSettings({}), {
      host: "localhost",
      dialect: "all",
      pingInterval: 5000,
      sessionRetention: 300_000,
      maxUnacked: 2000,
      maxTextLength: 10_000,
      maxPageSize: 1000,
      tokenLifetime: 7_200_000,
      wireLog: false,
      maxSockets: 10_000,
      maxSocketsPerSubscriber: 5000,
      maxHeldBytes: 67_108_864,
      maxStoredBytes: 1_073_741_824,
      linkOrigin: ""
    })
  })

  it("are the options, with durations in milliseconds", () => {
    const options = {
      host: "space.example.test",
      dialect: "group",
      maxUnacked: 0,
      maxTextLength: 1,
      maxPageSize: 2,
      wireLog: true,
      maxSockets: 3,
      maxSocketsPerSubscriber: 4,
      maxHeldBytes: 5,
      maxStoredBytes: 6,
      linkOrigin: "https://space.example.test"
    } as const
    const durations = { pingInterval: "1 second", sessionRetention: "2 seconds", tokenLifetime: "3 seconds" } as const
    assert.deepStrictEqual(toSettings({ ...options, ...durations }), {
      ...options,
      pingInterval: 1000,
      sessionRetention: 2000,
      tokenLifetime: 3000
    })
  })
})
