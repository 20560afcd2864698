/** The hooks during failures that may recover, and that their reasons agree. */
import type { Reason, SignalWireOptions } from "@effect-signalwire/promise"
import { useClient, useConnection, useConversations, useTimeline } from "@effect-signalwire/react"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import { eventually, numbered, openSandbox, type Rendered, texts } from "./support.ts"

type TestSandbox = Awaited<ReturnType<typeof openSandbox>>

/** Options of a client that retries soon, within its limit of connection attempts. */
const retryOptions: SignalWireOptions = {
  http: { timeout: "200 millis", deadline: "300 millis" },
  subscription: { backoff: { base: "400 millis", cap: "800 millis" } },
  logger: { warn: () => {}, error: () => {} }
}

/** A `fetch` that counts requests for the list of conversations. */
const makeCountingFetch = () => {
  const count = { lists: 0 }
  const counting: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(new Request(input, init).url)
    // dialect detection requests a page size
    if (pathname.endsWith("/conversations") && search === "") count.lists++
    return fetch(input, init)
  }
  return { count, counting }
}

const render = (sandbox: TestSandbox, options: SignalWireOptions = {}) =>
  sandbox.render(() => ({
    client: useClient(),
    connection: useConnection(),
    conversations: useConversations(),
    timeline: useTimeline(sandbox.addressId)
  }), { ...retryOptions, ...options })

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

/** Waits until all hooks show their data. */
const waitForData = ({ current }: Rendered<Page>) =>
  eventually(() => {
    assert.deepStrictEqual(statuses(current()), ["Connected", "ready", "live"])
    assert.deepStrictEqual(reasons(current()), [undefined, undefined, undefined])
    assert.deepStrictEqual(texts(current().timeline), ["hello"])
    assert.deepStrictEqual(current().conversations.conversations.map(({ name }) => name), ["office"])
  })

const assertNeverFailed = ({ results }: Rendered<Page>) =>
  assert.isEmpty(
    results.filter(({ connection, conversations, timeline }) =>
      connection._tag === "Failed" || conversations.status === "failed" || timeline.status === "failed"
    )
  )

/** Opens a sandbox with one message. */
const openWithMessage = async () => {
  const sandbox = await openSandbox()
  await sandbox.seed(sandbox.ada.id, ["hello"])
  return sandbox
}

/** The status that some requests get, and their number. */
interface Failure {
  status: number | undefined
  requests: number
}

const failRequests = (action: unknown) => ({ match: { on: "http", path: "/api/*" }, action })
const refuseSockets = { match: { on: "connect" }, action: { type: "refuse" } }

beforeEach(() => accelerateTime())

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("P8.3: hooks that start", () => {
  it.each<[string, Reason["_tag"], ReadonlyArray<unknown>]>([
    ["the server can't be reached", "Transport", [failRequests({ type: "refuse" }), refuseSockets]],
    ["the server fails", "ServerError", [failRequests({ type: "answer", status: 503 })]],
    ["the server fails and refuses sockets", "Transport", [
      failRequests({ type: "answer", status: 503 }),
      refuseSockets
    ]],
    ["the server limits requests", "RateLimited", [
      failRequests({ type: "answer", status: 429, headers: { "retry-after": "1" } })
    ]],
    ["a captive portal responds", "Transport", [
      failRequests({
        type: "answer",
        status: 200,
        headers: { "content-type": "text/html" },
        text: "<html>Sign in</html>"
      }),
      refuseSockets
    ]]
  ])("are loading while %s, have the reason, and then show all data", async (_, reason, rules) => {
    await using sandbox = await openWithMessage()
    await sandbox.setFaults(...rules)
    const { count, counting } = makeCountingFetch()
    const rendered = render(sandbox, { fetch: counting })
    await eventually(() => {
      // more than the client's own retries
      assert.isAtLeast(count.lists, 3)
      assert.deepStrictEqual(statuses(rendered.current()).slice(1), ["loading", "loading"])
      assert.deepStrictEqual(reasons(rendered.current()), [reason, reason, reason])
    })
    await sandbox.setFaults()
    await waitForData(rendered)
    assertNeverFailed(rendered)
  })

  it("are loading while the token is refused, and show all data with another one", async () => {
    await using sandbox = await openWithMessage()
    const rendered = render(sandbox, { token: "refused" })
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "loading", "loading"])
      assert.deepStrictEqual(reasons(rendered.current()), ["Unauthorized", "Unauthorized", "Unauthorized"])
      assert.containSubset(rendered.current().connection, { delayMillis: null })
    })
    rendered.rerender({ token: sandbox.ada.token })
    await waitForData(rendered)
    assertNeverFailed(rendered)
  })

  it("are loading until a refused token is refreshed", async () => {
    await using sandbox = await openWithMessage()
    let isOffline = true
    const rendered = render(sandbox, {
      token: "refused",
      onRefreshToken: () => {
        if (isOffline) throw new TypeError("fetch failed")
        return sandbox.ada.token
      }
    })
    await eventually(() =>
      assert.deepStrictEqual(reasons(rendered.current()), ["Unauthorized", "Unauthorized", "Unauthorized"])
    )
    isOffline = false
    await waitForData(rendered)
    assertNeverFailed(rendered)
  })

  it("show all data while sockets are blocked, and later through polling", async () => {
    await using sandbox = await openWithMessage()
    await sandbox.setFaults(refuseSockets)
    const rendered = render(sandbox)
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "ready", "live"])
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello"])
    })
    // data that is there needs no reason
    assert.deepStrictEqual(reasons(rendered.current()), ["Transport", undefined, undefined])
    // before polling started
    assert.containSubset(rendered.current().connection, { polling: false })
    await eventually(() => assert.containSubset(rendered.current().connection, { polling: true }))
    assertNeverFailed(rendered)
  })

  it("fail when the platform has no WebSocket", async () => {
    await using sandbox = await openWithMessage()
    vi.stubGlobal("WebSocket", undefined)
    const { current } = render(sandbox)
    await eventually(() => {
      assert.deepStrictEqual(statuses(current()), ["Failed", "failed", "failed"])
      assert.deepStrictEqual(reasons(current()), ["Invalid", undefined, undefined])
      for (const { error } of [current().conversations, current().timeline]) {
        assert.containSubset(error, { _tag: "ConversationError", reason: { _tag: "Invalid" } })
      }
    })
  })

  it("fail without a token, and show all data with one", async () => {
    await using sandbox = await openWithMessage()
    const rendered = render(sandbox, { token: "" })
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()), ["Failed", "failed", "failed"])
      assert.strictEqual(rendered.current().client.status, "failed")
    })
    rendered.rerender({ token: sandbox.ada.token })
    await waitForData(rendered)
    assert.strictEqual(rendered.current().client.status, "ready")
  })
})

describe("P8.3: hooks that run", () => {
  it("keep their data while the server is unavailable, and then show missed messages", async () => {
    await using sandbox = await openWithMessage()
    const rendered = render(sandbox)
    await waitForData(rendered)
    await sandbox.setFaults(failRequests({ type: "answer", status: 503 }), refuseSockets)
    await sandbox.drop(sandbox.ada.id)
    await eventually(() => assert.deepStrictEqual(statuses(rendered.current()), ["Reconnecting", "ready", "live"]))
    await sandbox.seed(sandbox.grace.id, ["missed"])
    await sandbox.setFaults()
    await eventually(() => {
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"])
      assert.strictEqual(rendered.current().conversations.conversations[0]?.lastMessage?.text, "missed")
      assert.strictEqual(rendered.current().connection._tag, "Connected")
    })
    assertNeverFailed(rendered)
  })

  it("continue when the platform reports that it is online again", async () => {
    await using sandbox = await openWithMessage()
    const rendered = render(sandbox, { subscription: { backoff: { base: "10 minutes", cap: "10 minutes" } } })
    await waitForData(rendered)
    await sandbox.setFaults(failRequests({ type: "refuse" }), refuseSockets)
    dispatchEvent(new Event("offline"))
    await sandbox.drop(sandbox.ada.id)
    await eventually(() => assert.strictEqual(rendered.current().connection._tag, "Reconnecting"))
    await sandbox.setFaults()
    await sandbox.seed(sandbox.grace.id, ["missed"])
    dispatchEvent(new Event("online"))
    await eventually(() => {
      assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"])
      assert.deepStrictEqual(statuses(rendered.current()), ["Connected", "ready", "live"])
    })
    assertNeverFailed(rendered)
  })

  it("wait for another token when theirs is refused, and continue with it", async () => {
    await using sandbox = await openWithMessage()
    const rendered = render(sandbox)
    await waitForData(rendered)
    const token = await sandbox.mintToken(sandbox.ada.id)
    await sandbox.admin("POST", "/tokens/expire", { token: sandbox.ada.token })
    await sandbox.drop(sandbox.ada.id)
    await eventually(() => {
      assert.deepStrictEqual(statuses(rendered.current()).slice(1), ["ready", "live"])
      assert.strictEqual(rendered.current().connection.reason?._tag, "Unauthorized")
    })
    await sandbox.seed(sandbox.grace.id, ["missed"])
    rendered.rerender({ token })
    await eventually(() => assert.deepStrictEqual(texts(rendered.current().timeline), ["hello", "missed"]))
    assert.strictEqual(rendered.current().connection._tag, "Connected")
    assertNeverFailed(rendered)
  })

  it("keep their token when the new one is empty, and use the next one", async () => {
    await using sandbox = await openWithMessage()
    const errors: Array<unknown> = []
    const rendered = render(sandbox, { logger: { warn: () => {}, error: (_, error) => void errors.push(error) } })
    await waitForData(rendered)
    rendered.rerender({ token: "" })
    await eventually(() => assert.containSubset(errors, [{ reason: { _tag: "Invalid" } }]))
    const token = await sandbox.mintToken(sandbox.ada.id)
    rendered.rerender({ token })
    await sandbox.admin("POST", "/tokens/expire", { token: sandbox.ada.token })
    await sandbox.drop(sandbox.ada.id)
    await eventually(async () => {
      await sandbox.seed(sandbox.grace.id, ["after"])
      assert.strictEqual(rendered.current().timeline.messages.at(-1)?.text, "after")
    })
    assertNeverFailed(rendered)
  })
})

describe("P8.3: loading more", () => {
  const openWithRooms = async () => {
    const sandbox = await openSandbox()
    for (let index = 0; index < 60; index++) {
      const room = await sandbox.admin("POST", "/rooms", { name: `room ${index}` })
      const addressId = typeof room === "object" && room !== null && "addressId" in room ? room.addressId : undefined
      await sandbox.admin("POST", "/messages", { messages: [{ from: sandbox.ada.id, addressId, text: "hello" }] })
    }
    return sandbox
  }

  /** A `fetch` that fails matching requests while `failure` has a status. */
  const makeFailingFetch = (matches: (url: URL) => boolean, failure: Failure): typeof fetch => (input, init) => {
    if (!matches(new URL(new Request(input, init).url))) return fetch(input, init)
    failure.requests++
    return failure.status === undefined
      ? fetch(input, init)
      : Promise.resolve(Response.json({}, { status: failure.status }))
  }

  const isNextPage = ({ pathname, search }: URL) => pathname.endsWith("/conversations") && search !== ""

  it("retries failures that may recover, and the list stays ready", async () => {
    await using sandbox = await openWithRooms()
    const failure: Failure = { status: 503, requests: 0 }
    const { results, current } = sandbox.render(() => useConversations(), {
      ...retryOptions,
      fetch: makeFailingFetch(isNextPage, failure)
    })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    const loading = current().loadMore()
    await eventually(() => assert.isAtLeast(failure.requests, 3))
    assert.deepStrictEqual([current().status, current().isLoadingMore], ["ready", true])
    failure.status = undefined
    await loading
    await eventually(() => {
      const { conversations, isLoadingMore } = current()
      assert.deepStrictEqual([conversations.length, isLoadingMore], [60, false])
    })
    assert.isEmpty(results.filter(({ moreError }) => moreError !== null))
  })

  it("sets moreError for other failures, keeps the list, and can be called again", async () => {
    await using sandbox = await openWithRooms()
    const failure: Failure = { status: 403, requests: 0 }
    const { current } = sandbox.render(() => useConversations(), { fetch: makeFailingFetch(isNextPage, failure) })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    await current().loadMore()
    await eventually(() => {
      const { conversations, error, isLoadingMore, moreError, status } = current()
      assert.deepStrictEqual([status, error, conversations.length, isLoadingMore], ["ready", null, 50, false])
      assert.containSubset(moreError, { reason: { _tag: "Forbidden" } })
    })
    failure.status = undefined
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().moreError], [60, null]))
  })

  it("reads from the first page on when the link of the next page has expired", async () => {
    await using sandbox = await openWithRooms()
    const failure: Failure = { status: 422, requests: 0 }
    const isFirstNextPage = (url: URL) => url.searchParams.has("page_token") && failure.requests === 0
    const { current } = sandbox.render(() => useConversations(), {
      fetch: makeFailingFetch(isFirstNextPage, failure)
    })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().moreError], [60, null]))
    assert.strictEqual(failure.requests, 1)
  })

  it("retries failures that may recover for older messages too", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(120))
    const failure: Failure = { status: 503, requests: 0 }
    const { current } = render(sandbox, { fetch: makeFailingFetch(({ search }) => search.includes("until="), failure) })
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    const loading = current().timeline.loadOlder()
    await eventually(() => assert.isAtLeast(failure.requests, 3))
    assert.deepStrictEqual([current().timeline.isLoadingOlder, current().timeline.olderError], [true, null])
    failure.status = undefined
    await loading
    await eventually(() => assert.deepStrictEqual(texts(current().timeline), numbered(120)))
  })
})
