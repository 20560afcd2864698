/** Iterating with `for await`, and the ways in which it ends. */
import type { SignalWireClient } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import {
  collect,
  eventLoopTurns,
  eventually,
  failure,
  fastOptions,
  joinBoth,
  openSandbox,
  rejection,
  type TestSandbox,
  texts,
  withTimeout
} from "./support.ts"

const countSockets = async (sandbox: TestSandbox): Promise<number> =>
  (await sandbox.admin.sessions()).filter(({ connected, subscriberId }) => connected && subscriberId === sandbox.ada.id)
    .length

/** Options of a client that closes its session with its last subscription. */
const closeWhenIdle = { ...fastOptions, subscription: { ...fastOptions.subscription, idleTimeToLive: 0 } }

const iterables: ReadonlyArray<
  readonly [string, (client: SignalWireClient, addressId: string, signal?: AbortSignal) => AsyncIterable<unknown>]
> = [
  ["timeline", ({ conversation }, addressId, signal) => conversation.timeline({ addressId, signal })],
  ["messages", ({ conversation }, _, signal) => conversation.messages({ signal })]
]

/** Sends messages until it is stopped, because a test can't know when `messages` has started. */
const keepSending = (client: SignalWireClient, addressId: string) => {
  const sent: Array<Promise<unknown>> = []
  const timer = setInterval(() => sent.push(client.conversation.sendMessage({ addressId, text: "chatter" })), 20)
  return async () => {
    clearInterval(timer)
    await Promise.all(sent)
  }
}

describe.each(iterables)("%s", (_, iterate) => {
  it("P7.2: releases the session after break, and after an error in the loop", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox, closeWhenIdle)
    const stop = keepSending(grace, addressId)
    for await (const item of iterate(ada, addressId)) {
      assert.isDefined(item)
      break
    }
    const thrown = new Error("in the loop")
    const looping = async () => {
      for await (const item of iterate(ada, addressId)) {
        assert.isDefined(item)
        throw thrown
      }
    }
    assert.strictEqual(await rejection(looping()), thrown)
    await stop()
    await eventually(async () => assert.strictEqual(await countSockets(sandbox), 0))
  })

  it("P7.2: ends at once on return(), also while next() is pending", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox, closeWhenIdle)
    const items = iterate(ada, addressId)[Symbol.asyncIterator]()
    await eventually(async () => {
      // the first items are of no interest
      if (await countSockets(sandbox) === 0) void items.next()
      assert.strictEqual(await countSockets(sandbox), 1)
    })
    const waiting = collect({ [Symbol.asyncIterator]: () => items })
    await withTimeout(20_000, Promise.resolve(items.return?.()))
    await withTimeout(20_000, waiting)
    assert.deepStrictEqual(await items.next(), { done: true, value: undefined })
    await eventually(async () => assert.strictEqual(await countSockets(sandbox), 0))
  })

  it("can be iterated more than once, each time from the start", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    const stop = keepSending(grace, addressId)
    const items = iterate(ada, addressId)
    let begun = 0
    for (let times = 0; times < 2; times++) {
      for await (const item of items) {
        assert.isDefined(item)
        begun++
        break
      }
    }
    await stop()
    assert.strictEqual(begun, 2)
  })

  it("P7.2: ends with the signal's reason whenever it is aborted", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const moments = [0, 1, 2, 5, 10, 20, 50, 200]
    const outcomes = await Promise.all(
      moments.map(async (turns) => {
        const controller = new AbortController()
        const ending = rejection(collect(iterate(ada, addressId, controller.signal)), 20_000)
        await eventLoopTurns(turns)
        controller.abort(`after ${turns}`)
        return ending
      })
    )
    assert.deepStrictEqual(outcomes, moments.map((turns) => `after ${turns}`))
  })
})

describe("a page", () => {
  const seed = async (sandbox: TestSandbox) => {
    const { ada, addressId } = await joinBoth(sandbox)
    const start = Math.floor(Date.now() / 1000) - 100
    await sandbox.admin.seed(
      ["1", "2", "3", "4", "5"].map((text, index) => ({ from: sandbox.grace.id, addressId, text, ts: start + index }))
    )
    return { ada, addressId }
  }

  it("reads no further pages than the loop needs", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await seed(sandbox)
    let requests = 0
    const counting = await sandbox.client({
      token: sandbox.ada.token,
      fetch: (...args) => {
        requests++
        return fetch(...args)
      }
    })
    const page = await counting.conversation.getMessages({ pageSize: 2 })
    const before = requests
    for await (const { text } of page) if (text === "4") break
    assert.strictEqual(requests, before)
    assert.lengthOf((await ada.conversation.getMessages({ pageSize: 2 })).data, 2)
  })

  it("P7.2: stops iterating when the signal that it was read with is aborted", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await seed(sandbox)
    const controller = new AbortController()
    const read: Array<string | null> = []
    const reading = async () => {
      for await (const { text } of await ada.conversation.getMessages({ pageSize: 2, signal: controller.signal })) {
        read.push(text)
        if (text === "3") controller.abort("enough")
      }
    }
    assert.strictEqual(await rejection(reading()), "enough")
    // items that were already read are still yielded
    assert.deepStrictEqual(read, ["5", "4", "3", "2"])
  })

  it("P9.1: fails the loop with Closed when the client is disconnected during it", async () => {
    await using sandbox = await openSandbox()
    const { ada } = await seed(sandbox)
    const reading = async () => {
      for await (const { text } of await ada.conversation.getMessages({ pageSize: 2 })) {
        if (text === "4") await ada.disconnect()
      }
    }
    const error = await failure(reading())
    assert.deepStrictEqual([error.method, error.reason._tag], ["conversation.getMessages", "Closed"])
  })

  it("leads to all its neighbours, also with a limit", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await seed(sandbox)
    const first = await ada.conversation.getConversationMessages({ addressId, pageSize: 2, limit: 5 })
    const second = await first.nextPage()
    const third = await second?.nextPage()
    assert.deepStrictEqual(texts(third?.data ?? []), ["1"])
    assert.isUndefined(await third?.nextPage())
    assert.deepStrictEqual(texts((await third?.prevPage())?.data ?? []), ["3", "2"])
    assert.deepStrictEqual(texts((await (await third?.prevPage())?.prevPage())?.data ?? []), ["5", "4"])
    assert.deepStrictEqual(texts((await third?.firstPage())?.data ?? []), ["5", "4"])
    assert.deepStrictEqual(texts((await third?.self())?.data ?? []), ["1"])
    assert.deepStrictEqual(texts((await first.self()).data), ["5", "4"])
    assert.deepStrictEqual(texts((await first.firstPage()).data), ["5", "4"])
    assert.isUndefined(await first.prevPage())
  })

  it("that is empty has no neighbours, and can be read again", async () => {
    await using sandbox = await openSandbox()
    const ada = await sandbox.client({ token: sandbox.ada.token })
    const page = await ada.conversation.getConversations()
    assert.deepStrictEqual(await collect(page), [])
    assert.isUndefined(await page.nextPage())
    assert.isUndefined(await page.prevPage())
    await ada.conversation.join(sandbox)
    assert.lengthOf((await page.self()).data, 1)
    assert.lengthOf((await page.firstPage()).data, 1)
  })
})

describe("two clients in one process", () => {
  it("share nothing: each has its own token, session and lifetime", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    assert.notDeepEqual(await ada.address.getMyAddresses(), await grace.address.getMyAddresses())
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId, text: "still here" })
    assert.strictEqual(ada.connection.state._tag, "Closed")
    assert.deepStrictEqual(texts((await grace.conversation.getMessages()).data), ["still here"])
  })
})
