/**
 * Twenty ways in which clients of this protocol are known to fail, and that this one does not.
 *
 * Most run against the sandbox as a process of its own. Where the server must misbehave as the sandbox never does, the
 * session runs against a server in the test's hands, or requests are answered by the test.
 */
import type { ConnectionState, ConversationMessage } from "@effect-signalwire/promise"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { eventually, failure, listen, open, serve } from "./support.ts"

/** Nobody can dial. */
const noDial = { match: { on: "connect" }, action: { type: "refuse" } } as const

/** Sends are turned away, or their answers lost, once. */
const onSend = { on: "http", method: "POST", path: "/api/fabric/messages" } as const

const takeAll = async <A>(items: AsyncIterable<A>, isLast: (item: A) => boolean): Promise<Array<A>> => {
  const taken: Array<A> = []
  for await (const item of items) {
    taken.push(item)
    if (isLast(item)) break
  }
  return taken
}

/** Chance that always says the most. */
const most = { nextIntUnsafe: () => Number.MAX_SAFE_INTEGER, nextDoubleUnsafe: () => 1 - 2 ** -53 }

const backoff = { base: "1 second", cap: "2 seconds" } as const

/** A session against a server in the test's hands; the clock stands still. */
const start = Effect.fnUntraced(function*(options: Partial<Subscription.Options> = {}) {
  const server = yield* FakeServer.make
  const context = yield* Layer.build(
    Subscription.layer({
      endpoint: { http: "http://fake.localhost", ws: "ws://fake.localhost" },
      backoff,
      ...options
    }).pipe(
      Layer.provide(Credentials.layer({ token: Redacted.make("token") })),
      Layer.provide(server.layer)
    )
  )
  const subscription = Context.get(context, Subscription.Subscription)
  const { signals } = yield* subscription.subscribe
  const listening = yield* Effect.forkScoped(
    Stream.runDrain(Stream.fromPull(Effect.succeed(signals))),
    { startImmediately: true }
  )
  /** The next dial, after the wait before it. */
  const redialled = Effect.andThen(TestClock.adjust(backoff.cap), server.dialled)
  return { server, subscription, listening, redialled }
})

const connectParams = ({ params }: { readonly params: unknown }) => Effect.fromResult(Connect.decodeParams(params))

describe("acceptance", () => {
  it("A01: a throwing subscriber loses neither its neighbour's events nor its own", async () => {
    await using world = await open()
    const ada = await world.asAda()
    const [throwing, neighbour] = [listen(), listen()]
    await ada.conversation.subscribe((message) => {
      throwing.hear(message)
      throw new Error("bad")
    })
    await ada.conversation.subscribe(neighbour.hear)
    await world.seed(world.office, ["1"])
    await neighbour.until("1")
    await world.seed(world.office, ["2"])
    await Promise.all([neighbour.until("2"), throwing.until("2")])
    assert.deepStrictEqual([neighbour.texts, throwing.texts], [["1", "2"], ["1", "2"]])
  })

  it("A02: three messages stored while the socket was down arrive once and in order", async () => {
    await using world = await open()
    const ada = await world.asAda()
    const heard = listen()
    await ada.conversation.subscribe(heard.hear)
    await world.setFaults(noDial)
    assert.strictEqual(await world.admin((admin) => admin.drop()), 1)
    await world.seed(world.office, ["1", "2", "3"])
    assert.deepStrictEqual(heard.texts, [])
    await world.setFaults()
    await heard.until("3")
    await world.seed(world.office, ["4"])
    await heard.until("4")
    assert.deepStrictEqual(heard.texts, ["1", "2", "3", "4"])
  })

  it("A03: an event that is sent again after it was acknowledged is delivered once", async () => {
    await using world = await open()
    let again = 0
    class Repeating extends WebSocket {
      readonly #events = new Map<string, string>()
      constructor(url: string) {
        super(url)
        this.addEventListener("message", ({ data }) => {
          const frame = JsonRpc.parse(String(data))
          if (frame._tag === "Success" && frame.success._tag === "Request") {
            this.#events.set(JsonRpc.acknowledge(frame.success.id), String(data))
          }
        })
      }
      override send(data: string): void {
        super.send(data)
        const event = this.#events.get(data)
        if (!this.#events.delete(data) || event?.includes("conversation.message") !== true) return
        again++
        this.dispatchEvent(new MessageEvent("message", { data: event }))
      }
    }
    const ada = await world.asAda({ WebSocket: Repeating })
    const heard = listen()
    await ada.conversation.subscribe(heard.hear)
    await world.seed(world.office, ["1"])
    await heard.until("1")
    await eventually(() => assert.isAbove(again, 0))
    await world.seed(world.office, ["2"])
    await heard.until("2")
    assert.deepStrictEqual(heard.texts, ["1", "2"])
  })

  it.effect("A04: a connect answered with -32603 twice and then well is connected, after delays that grow", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start()
      const delays: Array<number> = []
      yield* Stream.runForEach(subscription.connectionChanges, (state) =>
        Effect.sync(() => {
          if (state._tag === "Reconnecting" && state.delayMillis) delays.push(state.delayMillis)
        })).pipe(Effect.forkScoped({ startImmediately: true }))
      const refusal = { code: -32603, message: "Internal error" }
      yield* (yield* server.dialled).refuse(refusal)
      yield* (yield* redialled).refuse(refusal)
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
      assert.deepStrictEqual(delays, [1000, 2000])
    }).pipe(Effect.provideService(Random.Random, most)))

  it.effect("A05: a connect answered with -32003 for ever is spaced, goes without protocol, and ends in a typed failure", () =>
    Effect.gen(function*() {
      const { listening, redialled, server, subscription } = yield* start()
      const first = yield* server.dialled
      yield* first.accept("p1")
      yield* subscription.ready
      yield* first.cut
      const refusal = { code: -32003, message: "Requester validation failed" }
      const resuming = yield* connectParams(yield* (yield* redialled).refuse(refusal))
      assert.strictEqual(resuming.protocol, "p1")
      yield* TestClock.adjust(0)
      assert.strictEqual(server.dials(), 2)
      for (const _ of [1, 2, 3]) {
        const fresh = yield* connectParams(yield* (yield* redialled).refuse(refusal))
        assert.isUndefined(fresh.protocol)
        yield* TestClock.adjust(0)
      }
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error.reason._tag, "Refused")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.dials(), 5)
    }).pipe(Effect.provideService(Random.Random, most)))

  it.effect("A06: a connect that is never answered is a typed timeout, and a new socket is opened", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start({ connectTimeout: "3 seconds" })
      yield* (yield* server.dialled).open
      yield* TestClock.adjust("3 seconds")
      const state = yield* subscription.connection
      assert.strictEqual(state._tag === "Reconnecting" ? state.reason._tag : state._tag, "Timeout")
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
    }))

  it("A07: a link to another origin is refused, and nothing is asked there", async () => {
    await using other = await serve((_, response) => response.end("{}"))
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "application/json")
      const next = `http://127.0.0.1:${other.port}/api/fabric/messages?page_token=x`
      response.end(JSON.stringify({ data: [], links: { next } }))
    })
    const error = await failure(
      server.client.conversation.getMessages().then((page) => page.nextPage())
    )
    assert.strictEqual(error.reason._tag, "ForeignLink")
    assert.deepStrictEqual(other.requests, [])
  })

  it("A08: a send whose answer was lost, or that was turned away with 503, is stored once and succeeds", async () => {
    await using world = await open()
    const ada = await world.asAda()
    await world.setFaults({ match: onSend, action: { type: "loseAnswer" }, times: 1 })
    await ada.conversation.sendMessage({ addressId: world.office, text: "lost" })
    await world.setFaults({ match: onSend, action: { type: "answer", status: 503 }, times: 1 })
    await ada.conversation.sendMessage({ addressId: world.office, text: "unavailable" })
    assert.deepStrictEqual(await world.texts(world.office), ["lost", "unavailable"])
  })

  it("A09: metadata and details survive sending, history and the event", async () => {
    await using world = await open()
    const ada = await world.asAda()
    const events: Array<ConversationMessage> = []
    await ada.conversation.subscribe((message) => events.push(message))
    const [metadata, details] = [{ order: { id: 7, tags: ["a", null] } }, { price: 1.5 }]
    await ada.conversation.sendMessage({ addressId: world.office, text: "hello", metadata, details })
    await eventually(() => assert.strictEqual(events.length, 1))
    const { data } = await ada.conversation.getConversationMessages({ addressId: world.office })
    assert.deepStrictEqual(
      [...events, ...data].map(({ details, metadata }) => ({ details, metadata })),
      [{ details, metadata }, { details, metadata }]
    )
  })

  it("A10: one refresh serves concurrent calls with a refused token, and the socket gets the new token too", async () => {
    await using world = await open()
    const { token } = await world.admin((admin) => admin.mintToken({ subscriberId: world.ada.id }))
    const [authorizations, frames]: [Array<string | null>, Array<string>] = [[], []]
    class Recording extends WebSocket {
      override send(data: string): void {
        frames.push(data)
        super.send(data)
      }
    }
    let refreshes = 0
    const ada = await world.asAda({
      onRefreshToken: async () => {
        refreshes++
        await sleep(20)
        return token
      },
      fetch: (input, init) => {
        authorizations.push(new Request(input, init).headers.get("authorization"))
        return fetch(input, init)
      },
      WebSocket: Recording
    })
    await ada.conversation.subscribe(() => {})
    await world.admin((admin) => admin.expireToken(world.ada.token))
    await Promise.all(Array.from({ length: 10 }, () => ada.conversation.getConversations()))
    await eventually(() => assert.isTrue(frames.some((frame) => frame.includes(token))))
    await ada.conversation.getConversations()
    assert.strictEqual(authorizations.at(-1), `Bearer ${token}`)
    assert.strictEqual(refreshes, 1)
  })

  it("A11: two conversations that are open at once have nothing of each other", async () => {
    await using world = await open()
    const ada = await world.asAda()
    const rooms = [["office", world.office], ["lab", world.lab]] as const
    const timelines = rooms.map(([name, addressId]) =>
      takeAll(
        ada.conversation.timeline({ addressId }),
        (event) => event._tag === "Message" && event.message.text === `${name} 3`
      )
    )
    for (const count of [1, 2, 3]) {
      for (const [name, addressId] of rooms) {
        await world.seed(addressId, [`${name} ${count}`])
      }
    }
    const texts = (await Promise.all(timelines)).map((events) =>
      events.flatMap((event) => event._tag === "Message" ? event.message.text ?? "" : [])
    )
    assert.deepStrictEqual(texts, [["office 1", "office 2", "office 3"], ["lab 1", "lab 2", "lab 3"]])
  })

  it("A12: fifty concurrent calls while the server is gone all settle within the deadline", async () => {
    await using world = await open()
    const ada = await world.asAda({ sendDeadline: "2 seconds" })
    await ada.conversation.subscribe(() => {})
    await world.sandbox.kill()
    const calls = Array.from({ length: 10 }, (_, index) => [
      ada.conversation.sendMessage({ addressId: world.office, text: `first ${index}` }),
      ada.conversation.sendMessage({ addressId: world.office, text: `second ${index}` }),
      ada.conversation.join({ addressId: world.office }),
      ada.conversation.getConversations(),
      ada.conversation.getConversationMessages({ addressId: world.lab })
    ]).flat().map(failure)
    // one deadline after the other would take the sends 40 seconds
    const settled = await Promise.race([Promise.all(calls), sleep(30_000, undefined, { ref: false })])
    assert.strictEqual(settled?.length, 50)
    await world.sandbox.restart()
  }, 240_000)

  it.effect("A13: a server that is silent from the start is noticed by the watchdog", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start({ heartbeat: "5 seconds", connectTimeout: "1 hour" })
      yield* (yield* server.dialled).open
      yield* TestClock.adjust("10 seconds")
      const state = yield* subscription.connection
      assert.strictEqual(state._tag === "Reconnecting" ? state.reason._tag : state._tag, "Timeout")
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
    }))

  it.effect("A14: a server that asks for a restart is answered, and the next connect has no protocol and no state", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* subscription.ready
      yield* connection.send(
        FakeServer.event("s1", "signalwire.authorization.state", { authorization_state: "state-1" })
      )
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("s1"))
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, { restart: true }))
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("d1"))
      const params = yield* connectParams(yield* (yield* redialled).accept("p2"))
      assert.isUndefined(params.protocol)
      assert.isUndefined(params.authorization_state)
    }))

  it("A15: a token that expires in more than 30 days is not refreshed at once", async () => {
    await using world = await open()
    const minted = await world.admin((admin) =>
      admin.mintToken({ subscriberId: world.ada.id, ttlSeconds: 40 * 24 * 3600 })
    )
    assert.isAbove(minted.expiresAt, Date.now() / 1000 + 39 * 24 * 3600)
    let refreshes = 0
    const ada = await world.asAda({
      token: minted.token,
      onRefreshToken: () => {
        refreshes++
        return minted.token
      }
    })
    const heard = listen()
    await ada.conversation.subscribe(heard.hear)
    await world.seed(world.office, ["1"])
    await heard.until("1")
    // a timer of more than 2^31 ms would have gone off by now
    await sleep(100)
    assert.strictEqual(refreshes, 0)
  })

  it("A16: since, until and limit hold against a server that ignores them", async () => {
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "application/json")
      const common = {
        type: "message",
        subtype: "chat",
        kind: null,
        conversation_id: "room",
        user_id: "u",
        details: {}
      }
      const data = [5, 4, 3, 2, 1].map((ts) => ({ ...common, id: `m${ts}`, ts, text: String(ts) }))
      response.end(JSON.stringify({ data, links: {} }))
    })
    const texts = async (options: { readonly limit?: number; readonly since?: number; readonly until?: number }) =>
      (await server.client.conversation.getMessages(options)).data.map(({ text }) => text)
    assert.deepStrictEqual(await texts({ since: 3 }), ["5", "4", "3"])
    assert.deepStrictEqual(await texts({ until: 3 }), ["3", "2", "1"])
    assert.deepStrictEqual(await texts({ limit: 2 }), ["5", "4"])
    assert.deepStrictEqual(await texts({ since: 2, until: 4, limit: 2 }), ["4", "3"])
  })

  it("A17: bodies that are not JSON, empty, or an error in words are typed failures with their status", async () => {
    await using world = await open()
    const ada = await world.asAda({ http: { retry: Schedule.recurs(0) } })
    const answered = async (action: { readonly status: number; readonly text?: string; readonly body?: unknown }) => {
      await world.setFaults({
        match: { on: "http", method: "GET", path: "/api/fabric/conversations" },
        action: { type: "answer", ...action }
      })
      return (await failure(ada.conversation.getConversations())).reason
    }
    const gateway = await answered({ status: 502, text: "<html>Bad gateway</html>" })
    assert.strictEqual(gateway._tag === "ServerError" ? gateway.status : gateway._tag, 502)
    const empty = await answered({ status: 204, text: "" })
    assert.strictEqual(empty._tag, "Malformed")
    assert.include(empty.message, "204")
    const words = await answered({ status: 500, body: { error: "out of order" } })
    assert.strictEqual(words._tag === "ServerError" ? words.status : words._tag, 500)
    assert.include(words.message, "out of order")
  })

  it("A18: after a malformed event the stream goes on, and a diagnostic tells of it", async () => {
    await using world = await open()
    const warnings: Array<string> = []
    const ada = await world.asAda({ logger: { warn: (message) => warnings.push(message), error: () => {} } })
    const heard = listen()
    await ada.conversation.subscribe(heard.hear)
    await world.setFaults({
      match: { on: "frame", direction: "out", eventType: "conversation.*" },
      action: { type: "malformed" },
      times: 1
    })
    await world.seed(world.office, ["1"])
    await eventually(() => assert.strictEqual(warnings.length, 1))
    await world.seed(world.office, ["2"])
    await heard.until("2")
    assert.strictEqual(ada.connection.state._tag, "Connected")
  })

  it("A19: two clients with different tokens in one process have nothing of each other", async () => {
    await using world = await open()
    const ada = await world.asAda()
    const grace = await world.client({ token: world.grace.token })
    await grace.conversation.join({ addressId: world.office })
    const heard = listen()
    const states: Array<ConnectionState["_tag"]> = []
    await ada.conversation.subscribe(() => {})
    await grace.conversation.subscribe(heard.hear)
    grace.connection.onChange(({ _tag }) => states.push(_tag))
    await world.admin((admin) => admin.expireToken(world.ada.token))
    assert.strictEqual((await failure(ada.conversation.getConversations())).reason._tag, "Unauthorized")
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId: world.office, text: "still here" })
    await heard.until("still here")
    assert.deepStrictEqual([...new Set(states)], ["Connected"])
    const [message] = (await grace.conversation.getMessages()).data
    assert.strictEqual(message?.user_id, world.grace.id)
  })

  it("A20: after unsubscribe and disconnect nothing is called back, no timer is left, and the socket is closed", async () => {
    await using world = await open()
    await world.asAda()
    const program = fileURLToPath(new URL("programs/ends.ts", import.meta.url))
    const child = fork(program, [world.urls.http, world.ada.token, world.office])
    const said: Array<unknown> = []
    child.on("message", (message) => said.push(message))
    const exited = once(child, "exit")
    await eventually(() => assert.deepStrictEqual(said, ["subscribed"]))
    await world.seed(world.office, ["1"])
    await eventually(() => assert.deepStrictEqual(said, ["subscribed", "heard 1", "unsubscribed"]))
    await world.seed(world.office, ["2"])
    child.send("disconnect")
    // it ends by itself, for nothing keeps it
    assert.deepStrictEqual(await exited, [0, null])
    assert.deepStrictEqual(said, ["subscribed", "heard 1", "unsubscribed", "disconnected"])
    await eventually(async () => {
      const sessions = await world.admin((admin) => admin.sessions)
      assert.isTrue(sessions.every(({ connected }) => !connected))
    })
  })
})
