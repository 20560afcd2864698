/** What the hooks show while something is in the way, and that they say the same. */
import type { Reason, SignalWireOptions } from "@effect-signalwire/promise"
import { useClient, useConnection, useConversations, useTimeline } from "@effect-signalwire/react"
import { afterEach, assert, describe, it, vi } from "vitest"
import { eventually, numbered, open, type Rendered, texts } from "./support.ts"

type World = Awaited<ReturnType<typeof open>>

/** Tries soon, and not so often that the client runs out of dials. */
const patient: SignalWireOptions = {
  http: { timeout: "200 millis", deadline: "300 millis" },
  subscription: { backoff: { base: "400 millis", cap: "800 millis" } },
  logger: { warn: () => {}, error: () => {} }
}

/** A `fetch` that counts how often the list of conversations was asked for. */
const countingFetch = () => {
  const count = { lists: 0 }
  const counting: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(new Request(input, init).url)
    // what is asked to find out the dialect wants a page of one
    if (pathname.endsWith("/conversations") && search === "") count.lists++
    return fetch(input, init)
  }
  return { count, counting }
}

const render = (world: World, options: SignalWireOptions = {}) =>
  world.render(() => ({
    client: useClient(),
    connection: useConnection(),
    conversations: useConversations(),
    timeline: useTimeline(world.addressId)
  }), { ...patient, ...options })

type Page = ReturnType<typeof render> extends Rendered<infer A> ? A : never

const statuses = ({ connection, conversations, timeline }: Page) => [
  connection._tag,
  conversations.status,
  timeline.status
]

const reasons = ({ connection, conversations, timeline }: Page) => [
  connection.reason?._tag,
  conversations.reason?._tag,
  timeline.reason?._tag
]

/** All is well, and shown. */
const untilWell = ({ current }: Rendered<Page>) =>
  eventually(() => {
    assert.deepStrictEqual(statuses(current()), ["Connected", "ready", "live"])
    assert.deepStrictEqual(reasons(current()), [undefined, undefined, undefined])
    assert.deepStrictEqual(texts(current().timeline), ["hello"])
    assert.deepStrictEqual(current().conversations.conversations.map(({ name }) => name), ["office"])
  })

const assertNeverFailed = ({ answers }: Rendered<Page>) =>
  assert.isEmpty(
    answers.filter(({ connection, conversations, timeline }) =>
      connection._tag === "Failed" || conversations.status === "failed" || timeline.status === "failed"
    )
  )

/** A world in which something was said. */
const talkative = async () => {
  const world = await open()
  await world.seed(world.ada.id, ["hello"])
  return world
}

/** What is answered to some requests, and how often they were made. */
interface Status {
  current: number | undefined
  asked: number
}

const noRequests = (action: unknown) => ({ match: { on: "http", path: "/api/*" }, action })
const noSockets = { match: { on: "connect" }, action: { type: "refuse" } }

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("P8.3: hooks that begin", () => {
  it.each<[string, Reason["_tag"], ReadonlyArray<unknown>]>([
    ["the server can't be reached", "Transport", [noRequests({ type: "refuse" }), noSockets]],
    ["the server fails", "ServerError", [noRequests({ type: "answer", status: 503 })]],
    ["the server fails, and takes no sockets", "Transport", [noRequests({ type: "answer", status: 503 }), noSockets]],
    ["the server wants to be left alone", "RateLimited", [
      noRequests({ type: "answer", status: 429, headers: { "retry-after": "1" } })
    ]],
    ["a captive portal answers", "Transport", [
      noRequests({
        type: "answer",
        status: 200,
        headers: { "content-type": "text/html" },
        text: "<html>Sign in</html>"
      }),
      noSockets
    ]]
  ])("are loading while %s, say why, and show everything after that", async (_, reason, rules) => {
    await using world = await talkative()
    await world.setFaults(...rules)
    const { count, counting } = countingFetch()
    const rendered = render(world, { fetch: counting })
    await eventually(() => {
      // longer than the client itself tries
      assert.isAtLeast(count.lists, 3)
      assert.deepStrictEqual(statuses(rendered.current()).slice(1), ["loading", "loading"])
      assert.deepStrictEqual(reasons(rendered.current()), [reason, reason, reason])
    })
    await world.setFaults()
    await untilWell(rendered)
    assertNeverFailed(rendered)
  })

  it("are loading while the token is refused, and show everything with another one", async () => {
    await using world = await talkative()
    const rendered = render(world, { token: "refused" })
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "loading", "loading"])
      assert.deepStrictEqual(reasons(rendered.current()), ["Unauthorized", "Unauthorized", "Unauthorized"])
      assert.containSubset(rendered.current().connection, { delayMillis: null })
    })
    rendered.rerender({ token: world.ada.token })
    await untilWell(rendered)
    assertNeverFailed(rendered)
  })

  it("are loading until the token that was refused could be refreshed", async () => {
    await using world = await talkative()
    let isOffline = true
    const rendered = render(world, {
      token: "refused",
      onRefreshToken: () => {
        if (isOffline) throw new TypeError("fetch failed")
        return world.ada.token
      }
    })
    await eventually(() =>
      assert.deepStrictEqual(reasons(rendered.current()), ["Unauthorized", "Unauthorized", "Unauthorized"])
    )
    isOffline = false
    await untilWell(rendered)
    assertNeverFailed(rendered)
  })

  it("show everything while sockets are blocked, and then history is polled", async () => {
    await using world = await talkative()
    await world.setFaults(noSockets)
    const rendered = render(world)
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "ready", "live"])
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello"])
    })
    // nothing waited for that
    assert.containSubset(rendered.current().connection, { polling: false })
    await eventually(() => assert.containSubset(rendered.current().connection, { polling: true }))
    assertNeverFailed(rendered)
  })

  it("fail where the platform has no WebSocket", async () => {
    await using world = await talkative()
    vi.stubGlobal("WebSocket", undefined)
    const { current } = render(world)
    await eventually(() => {
      assert.deepStrictEqual(statuses(current()), ["Failed", "failed", "failed"])
      assert.deepStrictEqual(reasons(current()), ["Invalid", undefined, undefined])
      for (const { error } of [current().conversations, current().timeline]) {
        assert.containSubset(error, { _tag: "ConversationError", reason: { _tag: "Invalid" } })
      }
    })
  })

  it("fail where there is no token, and show everything once there is one", async () => {
    await using world = await talkative()
    const rendered = render(world, { token: "" })
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Failed", "failed", "failed"])
      assert.strictEqual(rendered.current().client.status, "failed")
    })
    rendered.rerender({ token: world.ada.token })
    await untilWell(rendered)
    assert.strictEqual(rendered.current().client.status, "ready")
  })
})

describe("P8.3: hooks that run", () => {
  it("show what they have while the server is away, and then what was missed", async () => {
    await using world = await talkative()
    const rendered = render(world)
    await untilWell(rendered)
    await world.setFaults(noRequests({ type: "answer", status: 503 }), noSockets)
    await world.drop(world.ada.id)
    await eventually(() => assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "ready", "live"]))
    await world.seed(world.grace.id, ["missed"])
    await world.setFaults()
    await eventually(() => {
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"])
      assert.strictEqual(rendered.current().conversations.conversations[0]?.lastMessage?.text, "missed")
      assert.strictEqual(rendered.current().connection._tag, "Connected")
    })
    assertNeverFailed(rendered)
  })

  it("go on when the platform says that it is online again", async () => {
    await using world = await talkative()
    const rendered = render(world, { subscription: { backoff: { base: "10 minutes", cap: "10 minutes" } } })
    await untilWell(rendered)
    await world.setFaults(noRequests({ type: "refuse" }), noSockets)
    dispatchEvent(new Event("offline"))
    await world.drop(world.ada.id)
    await eventually(() => assert.strictEqual(rendered.current().connection._tag, "Reconnecting"))
    await world.setFaults()
    await world.seed(world.grace.id, ["missed"])
    dispatchEvent(new Event("online"))
    await eventually(() => {
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"])
      assert.deepStrictEqual(statuses(rendered.current()), ["Connected", "ready", "live"])
    })
    assertNeverFailed(rendered)
  })

  it("wait for another token when theirs is refused, and go on with it", async () => {
    await using world = await talkative()
    const rendered = render(world)
    await untilWell(rendered)
    const token = await world.mint(world.ada.id)
    await world.admin("POST", "/tokens/expire", { token: world.ada.token })
    await world.drop(world.ada.id)
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()).slice(1), ["ready", "live"])
      assert.strictEqual(rendered.current().connection.reason?._tag, "Unauthorized")
    })
    await world.seed(world.grace.id, ["missed"])
    rendered.rerender({ token })
    await eventually(() => assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"]))
    assert.strictEqual(rendered.current().connection._tag, "Connected")
    assertNeverFailed(rendered)
  })

  it("keep the token that they have when they are given none, and take the next one", async () => {
    await using world = await talkative()
    const errors: Array<unknown> = []
    const rendered = render(world, { logger: { warn: () => {}, error: (_, error) => void errors.push(error) } })
    await untilWell(rendered)
    rendered.rerender({ token: "" })
    await eventually(() => assert.containSubset(errors, [{ reason: { _tag: "Invalid" } }]))
    const token = await world.mint(world.ada.id)
    rendered.rerender({ token })
    await world.admin("POST", "/tokens/expire", { token: world.ada.token })
    await world.drop(world.ada.id)
    await eventually(async () => {
      await world.seed(world.grace.id, ["after"])
      assert.strictEqual(rendered.current().timeline.messages.at(-1)?.text, "after")
    })
    assertNeverFailed(rendered)
  })
})

describe("P8.3: more of a list", () => {
  const manyRooms = async () => {
    const world = await open()
    for (let index = 0; index < 60; index++) {
      const room = await world.admin("POST", "/rooms", { name: `room ${index}` })
      const addressId = typeof room === "object" && room !== null && "addressId" in room ? room.addressId : undefined
      await world.admin("POST", "/messages", { messages: [{ from: world.ada.id, addressId, text: "hello" }] })
    }
    return world
  }

  /** A `fetch` that answers what matches with a status, for as long as there is one. */
  const failing = (matches: (url: URL) => boolean, status: Status): typeof fetch => (input, init) => {
    if (!matches(new URL(new Request(input, init).url))) return fetch(input, init)
    status.asked++
    return status.current === undefined
      ? fetch(input, init)
      : Promise.resolve(Response.json({}, { status: status.current }))
  }

  const isNextPage = ({ pathname, search }: URL) => pathname.endsWith("/conversations") && search !== ""

  it("is waited for where it may heal, and the list is ready all the time", async () => {
    await using world = await manyRooms()
    const status: Status = { current: 503, asked: 0 }
    const { answers, current } = world.render(() => useConversations(), {
      ...patient,
      fetch: failing(isNextPage, status)
    })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    const loading = current().loadMore()
    await eventually(() => assert.isAtLeast(status.asked, 3))
    assert.deepStrictEqual([current().status, current().isLoadingMore], ["ready", true])
    status.current = undefined
    await loading
    await eventually(() => {
      const { conversations, isLoadingMore } = current()
      assert.deepStrictEqual([conversations.length, isLoadingMore], [60, false])
    })
    assert.isEmpty(answers.filter(({ moreError }) => moreError !== null))
  })

  it("that can't be read says why, fails nothing else, and can be asked for again", async () => {
    await using world = await manyRooms()
    const status: Status = { current: 403, asked: 0 }
    const { current } = world.render(() => useConversations(), { fetch: failing(isNextPage, status) })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    await current().loadMore()
    await eventually(() => {
      const { conversations, error, isLoadingMore, moreError, status } = current()
      assert.deepStrictEqual([status, error, conversations.length, isLoadingMore], ["ready", null, 50, false])
      assert.containSubset(moreError, { reason: { _tag: "Forbidden" } })
    })
    status.current = undefined
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().moreError], [60, null]))
  })

  it("of which the server has forgotten the link is read from the newest on", async () => {
    await using world = await manyRooms()
    const status: Status = { current: undefined, asked: 0 }
    const isForgotten = (url: URL) => isNextPage(url) && status.asked === 0
    const { current } = world.render(() => useConversations(), {
      fetch: failing(isForgotten, { ...status, current: 422 })
    })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    status.asked++
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().moreError], [60, null]))
  })

  it("of a timeline is waited for where it may heal", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(120))
    const status: Status = { current: 503, asked: 0 }
    const { current } = render(world, { fetch: failing(({ search }) => search.includes("until="), status) })
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    const loading = current().timeline.loadOlder()
    await eventually(() => assert.isAtLeast(status.asked, 3))
    assert.deepStrictEqual([current().timeline.isLoadingOlder, current().timeline.olderError], [true, null])
    status.current = undefined
    await loading
    await eventually(() => assert.deepStrictEqual(texts(current().timeline), numbered(120)))
  })
})
