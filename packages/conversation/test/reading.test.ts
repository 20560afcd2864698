import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Reading from "../src/internal/reading.ts"
import { copy, message, page } from "./support.ts"

type Methods = Partial<SignalWireHttp.Service>

/** What the methods depend on, over a server with these methods, and the conversations that were cached. */
const start = Effect.fnUntraced(function*(methods: Methods) {
  const http = yield* Effect.provide(
    SignalWireHttp.SignalWireHttp,
    Layer.mock(SignalWireHttp.SignalWireHttp, { addressOf: () => null, ...methods })
  )
  const cached: Array<Conversation> = []
  const dependencies: Reading.Dependencies = {
    http,
    cache: {
      addAll: (conversations) => void cached.push(...conversations),
      afterSend: () => Effect.die("no message is sent")
    }
  }
  return { dependencies, cached }
})

const reason = new Reason.Forbidden({ detail: "not a member" })
const refused = Effect.fail(new SignalWireHttpError({ method: "get", reason }))

/** A page whose neighbor can't be read. */
const refusedNext = <A>(data: ReadonlyArray<A>): Page<A, SignalWireHttpError> => page(data, refused)

const time = DateTime.makeUnsafe(1000)
const room = new Conversation({
  id: Branded.conversationId("c"),
  addressId: Branded.addressId("room"),
  groupId: null,
  fromAddressId: null,
  name: "room",
  metadata: {},
  createdAt: time,
  lastMessageAt: time
})

const addressId = Branded.addressId("room")

interface Case {
  readonly name: string
  readonly methods: Methods
  readonly call: (dependencies: Reading.Dependencies) => Effect.Effect<unknown, ConversationError>
}

const failsByName = ({ call, methods, name }: Case) =>
  Effect.gen(function*() {
    const { dependencies } = yield* start(methods)
    const error = yield* Effect.flip(call(dependencies))
    assert.deepStrictEqual([error._tag, error.method, error.reason], ["ConversationError", name, reason])
  })

describe("a read", () => {
  it.effect.each<Case>([
    {
      name: "getConversations",
      methods: { getConversations: () => refused },
      call: (dependencies) => Reading.getConversations(dependencies)
    },
    {
      name: "getConversationMessages",
      methods: { getConversationMessages: () => refused },
      call: (dependencies) => Reading.getConversationMessages(dependencies, { addressId })
    },
    {
      name: "getMessages",
      methods: { getMessages: () => refused },
      call: (dependencies) => Reading.getMessages(dependencies)
    },
    {
      name: "findMessage",
      methods: { getConversationMessages: () => refused },
      call: (dependencies) => Reading.findMessage(dependencies, { addressId, clientId: "mine" })
    },
    {
      name: "join",
      methods: { join: () => refused },
      call: (dependencies) => Reading.join(dependencies, { addressId })
    }
  ])(
    "P9.1: fails with the name of the method, and why it was refused: $name",
    failsByName
  )

  it.effect.each<Case>([
    {
      name: "getConversations",
      methods: { getConversations: () => Effect.succeed(refusedNext([room])) },
      call: (dependencies) => Effect.flatMap(Reading.getConversations(dependencies), ({ next }) => next)
    },
    {
      name: "getConversationMessages",
      methods: { getConversationMessages: () => Effect.succeed(refusedNext([message("a", 1)])) },
      call: (dependencies) =>
        Effect.flatMap(Reading.getConversationMessages(dependencies, { addressId }), ({ next }) => next)
    },
    {
      name: "getMessages",
      methods: { getMessages: () => Effect.succeed(refusedNext([message("a", 1)])) },
      call: (dependencies) => Effect.flatMap(Reading.getMessages(dependencies), ({ next }) => next)
    },
    {
      name: "findMessage",
      methods: { getConversationMessages: () => Effect.succeed(refusedNext([message("a", 1)])) },
      call: (dependencies) => Reading.findMessage(dependencies, { addressId, clientId: "mine" })
    }
  ])(
    "P9.1: fails with the name of the method when a later page is refused: $name",
    failsByName
  )

  it.effect("passes the options of the caller on to the server, and returns its page", () =>
    Effect.gen(function*() {
      const requested: Array<unknown> = []
      const { dependencies } = yield* start({
        getConversations: (options) => Effect.sync(() => (requested.push(options), page([room]))),
        getConversationMessages: (options) => Effect.sync(() => (requested.push(options), page([message("a", 1)]))),
        getMessages: (options) => Effect.sync(() => (requested.push(options), page([message("b", 2)])))
      })
      const conversations = yield* Reading.getConversations(dependencies, { pageSize: 1 })
      const ofOne = yield* Reading.getConversationMessages(dependencies, { addressId, pageSize: 2 })
      const ofAll = yield* Reading.getMessages(dependencies, { pageSize: 3 })
      assert.deepStrictEqual(requested, [{ pageSize: 1 }, { addressId, pageSize: 2 }, { pageSize: 3 }])
      assert.deepStrictEqual(conversations.data, [room])
      assert.deepStrictEqual([...ofOne.data, ...ofAll.data].map(({ id }) => id), ["a", "b"])
    }))
})

describe("getConversations", () => {
  it.effect("remembers the conversations of its page, so that a send need not look them up", () =>
    Effect.gen(function*() {
      const { cached, dependencies } = yield* start({ getConversations: () => Effect.succeed(page([room])) })
      yield* Reading.getConversations(dependencies)
      assert.deepStrictEqual(cached, [room])
    }))
})

describe("findMessage", () => {
  /** A server with two pages of messages, and the messages of the pages that were read. */
  const find = Effect.fnUntraced(function*(clientId: string) {
    const requested: Array<unknown> = []
    let pages = 1
    const older = Effect.sync(() => {
      pages++
      return Option.some(page<ReturnType<typeof copy>, SignalWireHttpError>([copy("c", 2, "3"), message("d", 1)]))
    })
    const { dependencies } = yield* start({
      getConversationMessages: (options) => {
        requested.push(options)
        return Effect.succeed(page([copy("a", 4, "1"), copy("b", 3, "2")], older))
      }
    })
    const found = yield* Reading.findMessage(dependencies, { addressId, clientId })
    return { found: Option.map(found, ({ id }) => String(id)), pages, requested }
  })

  it.effect.each([
    { clientId: "2", id: "b", pages: 1 },
    { clientId: "3", id: "c", pages: 2 }
  ])(
    "returns the message with the client id, and reads no further back: $id on page $pages",
    ({ clientId, id, pages }) =>
      Effect.gen(function*() {
        const result = yield* find(clientId)
        assert.deepStrictEqual([result.found, result.pages], [Option.some(id), pages])
      })
  )

  it.effect("returns nothing when no message has the client id, after it read all pages", () =>
    Effect.gen(function*() {
      const result = yield* find("4")
      assert.deepStrictEqual([result.found, result.pages], [Option.none(), 2])
    }))

  it.effect("searches the history of its conversation only, on large pages", () =>
    Effect.gen(function*() {
      const { requested } = yield* find("1")
      assert.deepStrictEqual(requested, [{ addressId, pageSize: 100 }])
    }))
})
