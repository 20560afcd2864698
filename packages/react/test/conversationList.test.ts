import {
  type Conversation,
  ConversationError,
  type ConversationEvent,
  type OnMessage,
  type Page,
  type RunOptions,
  type SubscribeOptions
} from "@effect-signalwire/promise"
import { Forbidden, NotFound, type Reason, Transport, Unauthorized } from "@effect-signalwire/schema/Reason"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import type * as ClientSource from "../src/internal/clientSource.ts"
import * as ConversationList from "../src/internal/conversationList.ts"
import * as Store from "../src/internal/store.ts"
import { connectedConnection, conversation, message, pageOf, settled } from "./fixtures.ts"

const failure = (reason: Reason) => new ConversationError({ method: "getConversations", reason })

const event = (conversation_id: string, ts: number, fields: Partial<ConversationEvent> = {}): ConversationEvent => ({
  ...message(ts),
  conversation_id,
  hidden: false,
  conversation_name: null,
  user_name: null,
  ...fields
})

/** A read that the server has not responded to yet. */
interface Read {
  readonly page: "first" | "next"
  readonly signal: AbortSignal | undefined
  readonly succeed: (data: ReadonlyArray<Conversation>, hasNext?: boolean) => Promise<void>
  readonly fail: (reason: Reason) => Promise<void>
  /** There is no such page any more. */
  readonly vanish: () => Promise<void>
}

/** Starts a list whose reads the test responds to. */
const start = (state: Partial<ConversationList.ConversationsState> = {}) => {
  const reads: Array<Read> = []
  const subscriptions: Array<{ readonly onMessage: OnMessage; readonly options: SubscribeOptions }> = []
  const read = (page: Read["page"], { signal }: RunOptions = {}) =>
    new Promise<Page<Conversation> | undefined>((resolve, reject) => {
      reads.push({
        page,
        signal,
        succeed: (data, hasNext = false) => {
          resolve(pageOf(data, hasNext ? (options) => read("next", options) : undefined))
          return settled()
        },
        fail: (reason) => {
          reject(failure(reason))
          return settled()
        },
        vanish: () => {
          resolve(undefined)
          return settled()
        }
      })
    })
  let onSubscribed = () => {}
  const subscribed = new Promise<void>((resolve) => {
    onSubscribed = resolve
  })
  const client = {
    connection: connectedConnection(),
    conversation: {
      getConversations: async (options: RunOptions = {}) =>
        (await read("first", options)) ?? assert.fail("there is always a first page"),
      subscribe: async (onMessage: OnMessage, options: SubscribeOptions = {}) => {
        subscriptions.push({ onMessage, options })
        await subscribed
        const unsubscribe = () => Promise.resolve()
        return { unsubscribe, [Symbol.asyncDispose]: unsubscribe }
      }
    }
  }
  const source = { state: Store.make<ClientSource.ClientState>({ status: "pending", client: null, error: null }) }
  const store = Store.make({ ...ConversationList.initial, ...state })
  const controller = new AbortController()
  const list = ConversationList.start(client, source, store, controller.signal)
  /** The latest read. */
  const lastRead = (): Read => {
    const read = reads.at(-1)
    if (read === undefined) throw new Error("nothing is read yet")
    return read
  }
  return {
    ...list,
    controller,
    get: store.get,
    ids: () => store.get().conversations.map(({ id }) => id),
    lastRead,
    reads: () => reads.map(({ page }) => page),
    signals: () => reads.map(({ signal }) => signal?.aborted),
    options: () => subscriptions[0]?.options,
    receive: (event: ConversationEvent) => {
      subscriptions[0]?.onMessage(event)
      return settled()
    },
    subscribe: () => {
      onSubscribed()
      return settled()
    },
    /** Subscribes, and responds to the first read. */
    open: async (data: ReadonlyArray<Conversation>, hasNext = false) => {
      onSubscribed()
      await settled()
      await lastRead().succeed(data, hasNext)
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})

afterEach(() => {
  vi.useRealTimers()
})

it("P7.2: a list reads every page until it is aborted", async () => {
  const { controller, loadMore, open, signals } = start()
  await open([conversation("a")], true)
  void loadMore()
  assert.deepStrictEqual(signals(), [false, false])
  controller.abort()
  assert.deepStrictEqual(signals(), [true, true])
})

it("P7.2: a search for the next page of a list reads until it is aborted", async () => {
  const { controller, lastRead, loadMore, open, signals } = start()
  await open([conversation("a")], true)
  void loadMore()
  await settled()
  await lastRead().fail(new NotFound({ detail: "expired" }))
  assert.deepStrictEqual(signals(), [false, false, false])
  controller.abort()
  assert.deepStrictEqual(signals(), [true, true, true])
})

describe("the list of conversations", () => {
  it("is loading until the first page was read, which is after it is subscribed", async () => {
    const { get, ids, lastRead, reads, subscribe } = start({ error: new Error("before"), isLoadingMore: true })
    assert.deepStrictEqual(get(), ConversationList.initial)
    await settled()
    assert.deepStrictEqual(reads(), [])
    await subscribe()
    assert.deepStrictEqual([reads(), get().status], [["first"], "loading"])
    await lastRead().succeed([conversation("a", 1), conversation("b", 3), conversation("c", 2)], true)
    assert.deepStrictEqual([get().status, get().hasMore, ids()], ["ready", true, ["b", "c", "a"]])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("orders conversations of equal time by id", async () => {
    const { ids, open } = start()
    await open([conversation("b", 1), conversation("c", 1), conversation("a", 1)])
    assert.deepStrictEqual(ids(), ["a", "b", "c"])
  })

  it("is read without the subscription after a second, and again once it is subscribed", async () => {
    const { ids, lastRead, reads, subscribe } = start()
    vi.advanceTimersByTime(999)
    assert.deepStrictEqual(reads(), [])
    vi.advanceTimersByTime(1)
    await settled()
    await lastRead().succeed([conversation("a")])
    assert.deepStrictEqual(ids(), ["a"])
    await subscribe()
    assert.deepStrictEqual(reads(), ["first", "first"])
    await lastRead().succeed([conversation("b")])
    assert.deepStrictEqual(ids(), ["a", "b"])
  })

  it("has the reason while the first read is retried, and none afterwards", async () => {
    const { get, lastRead, reads, subscribe } = start()
    await subscribe()
    await lastRead().fail(new Transport({ detail: "gone" }))
    assert.deepStrictEqual([get().status, get().reason?._tag], ["loading", "Transport"])
    await vi.advanceTimersByTimeAsync(1000)
    assert.strictEqual(reads().length, 2)
    await lastRead().succeed([])
    assert.deepStrictEqual([get().status, get().reason], ["ready", null])
  })

  it("fails for other reasons, and then changes no more", async () => {
    const { get, lastRead, options, receive, refresh, subscribe } = start()
    await subscribe()
    await lastRead().fail(new Forbidden({ detail: "no" }))
    assert.containSubset(get(), { status: "failed", error: { reason: { _tag: "Forbidden" } }, reason: null })
    assert.isTrue(options()?.signal?.aborted)
    await receive(event("a", 1))
    void refresh()
    await settled()
    await lastRead().succeed([conversation("a")])
    assert.deepStrictEqual([get().status, get().conversations], ["failed", []])
  })

  it("P7.2: changes no more, and leaves no timer, after its signal is aborted", async () => {
    const { controller, get, lastRead, options, subscribe } = start()
    await subscribe()
    controller.abort()
    await lastRead().succeed([conversation("a")])
    assert.deepStrictEqual(get(), ConversationList.initial)
    assert.isTrue(options()?.signal?.aborted)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("P7.2: leaves no timer when its signal is aborted before it is subscribed", () => {
    const { controller } = start()
    controller.abort()
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("fails when the subscription fails, but not while that waits for another token", async () => {
    const { get, open, options } = start()
    await open([conversation("a")])
    options()?.onError?.(failure(new Unauthorized({ detail: "no" })))
    assert.strictEqual(get().status, "ready")
    options()?.onError?.(failure(new Forbidden({ detail: "no" })))
    assert.deepStrictEqual([get().status, get().conversations.length], ["failed", 1])
  })

  it("loads no more once it has failed", async () => {
    const { get, loadMore, open, options } = start()
    await open([conversation("a")], true)
    void loadMore()
    assert.isTrue(get().isLoadingMore)
    options()?.onError?.(failure(new Forbidden({ detail: "no" })))
    assert.deepStrictEqual([get().status, get().isLoadingMore], ["failed", false])
  })

  it("fails with what is thrown, also if it is not an error", async () => {
    const { get, open, options } = start()
    await open([])
    options()?.onError?.("thrown")
    assert.strictEqual(get().error?.message, "thrown")
  })

  it("is read again after a gap", async () => {
    const { ids, lastRead, open, options, reads } = start()
    await open([conversation("a")])
    options()?.onGap?.({ _tag: "Gap", from: 0, to: null, reason: "history-too-short" })
    await settled()
    assert.strictEqual(reads().length, 2)
    await lastRead().succeed([conversation("b")])
    assert.deepStrictEqual(ids(), ["a", "b"])
  })

  it("is read once more for all refreshes during a read", async () => {
    const { lastRead, reads, refresh, subscribe } = start()
    await subscribe()
    const refreshed = Promise.all([refresh(), refresh()])
    await lastRead().succeed([])
    assert.strictEqual(reads().length, 2)
    await lastRead().succeed([])
    await refreshed
    assert.strictEqual(reads().length, 2)
    void refresh()
    await settled()
    assert.strictEqual(reads().length, 3)
  })

  it("is retried at once by refresh", async () => {
    const { get, lastRead, reads, refresh, subscribe } = start()
    await subscribe()
    await lastRead().fail(new Transport({ detail: "gone" }))
    void refresh()
    await settled()
    assert.strictEqual(reads().length, 2)
    await lastRead().succeed([])
    assert.strictEqual(get().status, "ready")
  })
})

describe("a message", () => {
  it("moves its conversation to the top, by conversation id or by address", async () => {
    const { get, ids, open, receive, reads } = start()
    await open([conversation("a", 3000), conversation("b", 2000), { ...conversation("c", 1000), address_id: null }])
    await receive(event("b", 4))
    assert.deepStrictEqual(ids(), ["b", "a", "c"])
    await receive(event("another id", 5, { address_id: "a" }))
    assert.deepStrictEqual(ids(), ["a", "b", "c"])
    await receive(event("c", 6))
    assert.deepStrictEqual(ids(), ["c", "a", "b"])
    assert.deepStrictEqual(get().conversations.map((one) => [one.last_message_at, one.lastMessage?.ts]), [
      [6000, 6],
      [5000, 5],
      [4000, 4]
    ])
    assert.strictEqual(reads().length, 1)
  })

  it("without an address belongs to no conversation without one", async () => {
    const { get, open, receive, reads } = start()
    await open([{ ...conversation("a"), address_id: null }])
    await receive(event("b", 1))
    assert.deepStrictEqual([get().conversations[0]?.lastMessage, reads().length], [null, 2])
  })

  it("that is older than the newest one changes nothing, and one of the same time replaces it", async () => {
    const { get, open, receive } = start()
    await open([conversation("a", 9000)])
    await receive(event("a", 5, { id: "first" }))
    await receive(event("a", 4, { id: "older" }))
    assert.deepStrictEqual(get().conversations.map((one) => [one.last_message_at, one.lastMessage?.id]), [
      [9000, "first"]
    ])
    await receive(event("a", 5, { id: "second" }))
    assert.strictEqual(get().conversations[0]?.lastMessage?.id, "second")
  })

  it("stays the newest one of its conversation when the list is read again", async () => {
    const { get, lastRead, open, receive, refresh } = start()
    await open([conversation("a", 1000)])
    await receive(event("a", 5))
    void refresh()
    await settled()
    await lastRead().succeed([{ ...conversation("a", 2000), name: "renamed" }])
    assert.deepStrictEqual(get().conversations.map((one) => [one.name, one.last_message_at, one.lastMessage?.ts]), [
      ["renamed", 5000, 5]
    ])
    void refresh()
    await settled()
    await lastRead().succeed([conversation("a", 7000)])
    assert.strictEqual(get().conversations[0]?.last_message_at, 7000)
  })

  it("of a conversation that is not in the list is kept until that was read", async () => {
    const { get, lastRead, open, receive, reads, refresh } = start()
    await open([])
    await receive(event("a", 5, { id: "first" }))
    await receive(event("a", 6, { id: "second" }))
    assert.deepStrictEqual([reads().length, get().conversations], [2, []])
    await lastRead().succeed([conversation("a", 1000)])
    assert.deepStrictEqual(get().conversations.map((one) => [one.last_message_at, one.lastMessage?.id]), [
      [6000, "second"]
    ])
    // and then forgotten
    await lastRead().succeed([])
    await receive(event("a", 6, { id: "third" }))
    void refresh()
    await settled()
    await lastRead().succeed([conversation("a", 1000)])
    assert.strictEqual(get().conversations[0]?.lastMessage?.id, "third")
  })

  it("P7.3: is kept for the last thousand conversations that are not in the list", async () => {
    const { get, lastRead, open, receive } = start()
    await open([])
    for (let n = 0; n <= 1000; n++) void receive(event(`c${n}`, n + 1))
    // a conversation with another message counts as new
    await receive(event("c1", 2000))
    await receive(event("c1001", 2001))
    await lastRead().succeed(["c0", "c1", "c2", "c3", "c1001"].map((id) => conversation(id)))
    assert.deepStrictEqual(get().conversations.map(({ id, lastMessage }) => [id, lastMessage?.ts ?? null]), [
      ["c1001", 2001],
      ["c1", 2000],
      ["c3", 4],
      ["c0", null],
      ["c2", null]
    ])
  })
})

describe("loading more", () => {
  it("does nothing before the first page was read, also if the list before this one had more", async () => {
    const { get, loadMore, reads } = start({ hasMore: true })
    await loadMore()
    assert.deepStrictEqual([reads(), get().isLoadingMore, get().moreError], [[], false, null])
  })

  it("does nothing before the first page was read, without more, and while more is being read", async () => {
    const { get, ids, lastRead, loadMore, open, reads } = start()
    await loadMore()
    await open([conversation("a", 1)], true)
    void loadMore()
    void loadMore()
    await settled()
    assert.deepStrictEqual([reads(), get().isLoadingMore], [["first", "next"], true])
    await lastRead().succeed([conversation("b", 2)])
    assert.deepStrictEqual([ids(), get().hasMore, get().isLoadingMore], [["b", "a"], false, false])
    await loadMore()
    assert.deepStrictEqual(reads(), ["first", "next"])
  })

  it("continues after the last page that was read, also after the first one was read again", async () => {
    const { get, ids, lastRead, loadMore, open, reads, refresh } = start()
    await open([conversation("a", 3)], true)
    void loadMore()
    await settled()
    await lastRead().succeed([conversation("b", 2)])
    assert.isFalse(get().hasMore)
    void refresh()
    await settled()
    await lastRead().succeed([conversation("a", 3)], true)
    assert.deepStrictEqual([ids(), get().hasMore], [["a", "b"], false])
    await loadMore()
    assert.deepStrictEqual(reads(), ["first", "next", "first"])
  })

  it("has no more when there is no next page any more", async () => {
    const { get, ids, lastRead, loadMore, open, reads } = start()
    await open([conversation("a", 1)], true)
    void loadMore()
    await settled()
    await lastRead().vanish()
    assert.deepStrictEqual([ids(), get().hasMore, get().isLoadingMore, get().moreError], [["a"], false, false, null])
    await loadMore()
    assert.deepStrictEqual(reads(), ["first", "next"])
  })

  it("has an error after a failure, and none once it is called again", async () => {
    const { get, lastRead, loadMore, open, reads } = start()
    await open([conversation("a", 1)], true)
    void loadMore()
    await settled()
    await lastRead().fail(new Forbidden({ detail: "no" }))
    assert.containSubset(get(), { isLoadingMore: false, hasMore: true, moreError: { reason: { _tag: "Forbidden" } } })
    void loadMore()
    await settled()
    assert.deepStrictEqual([get().isLoadingMore, get().moreError, reads()], [true, null, ["first", "next", "next"]])
  })

  it("reads from the first page on to one with an unknown conversation when the link is not known any more", async () => {
    const { get, ids, lastRead, loadMore, open, reads } = start()
    await open([conversation("a", 9), conversation("b", 8)], true)
    void loadMore()
    await settled()
    await lastRead().fail(new NotFound({ detail: "expired" }))
    await lastRead().succeed([conversation("a", 9)], true)
    await lastRead().succeed([conversation("b", 8)], true)
    await lastRead().succeed([conversation("b", 8), conversation("c", 7)], true)
    assert.deepStrictEqual(reads(), ["first", "next", "first", "next", "next"])
    assert.deepStrictEqual([ids(), get().hasMore, get().isLoadingMore], [["a", "b", "c"], true, false])
  })

  it("has no more when the pages end during the search for an unknown conversation", async () => {
    const { get, ids, lastRead, loadMore, open } = start()
    await open([conversation("a", 9)], true)
    void loadMore()
    await settled()
    await lastRead().fail(new NotFound({ detail: "expired" }))
    await lastRead().succeed([conversation("a", 9)], true)
    await lastRead().vanish()
    assert.deepStrictEqual([ids(), get().hasMore, get().moreError], [["a"], false, null])
  })

  it("has no more when all pages have known conversations", async () => {
    const { get, ids, lastRead, loadMore, open } = start()
    await open([conversation("a", 9)], true)
    void loadMore()
    await settled()
    await lastRead().fail(new NotFound({ detail: "expired" }))
    await lastRead().succeed([conversation("a", 9)])
    assert.deepStrictEqual([ids(), get().hasMore, get().moreError], [["a"], false, null])
  })
})
