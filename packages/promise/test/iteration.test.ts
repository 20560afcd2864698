/** `for await`, and all the ways out of it. */
import type { SignalWireClient } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import {
  collect,
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

const sockets = async (world: TestSandbox): Promise<number> =>
  (await world.admin.sessions()).filter(({ connected, subscriberId }) => connected && subscriberId === world.ada.id)
    .length

/** A client whose session ends with its last subscriber. */
const brief = { ...fastOptions, subscription: { ...fastOptions.subscription, idleTimeToLive: 0 } }

const kinds: ReadonlyArray<
  readonly [string, (client: SignalWireClient, addressId: string, signal?: AbortSignal) => AsyncIterable<unknown>]
> = [
  ["timeline", ({ conversation }, addressId, signal) => conversation.timeline({ addressId, signal })],
  ["messages", ({ conversation }, _, signal) => conversation.messages({ signal })]
]

/** Sends until told to stop: `messages` has no beginning that can be seen from outside. */
const chatter = (client: SignalWireClient, addressId: string) => {
  const sent: Array<Promise<unknown>> = []
  const timer = setInterval(() => sent.push(client.conversation.sendMessage({ addressId, text: "chatter" })), 20)
  return async () => {
    clearInterval(timer)
    await Promise.all(sent)
  }
}

describe.each(kinds)("%s", (_, iterate) => {
  it("P7.2: lets go of the session after break, and after an error in the loop", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world, brief)
    const stop = chatter(grace, addressId)
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
    await eventually(async () => assert.strictEqual(await sockets(world), 0))
  })

  it("P7.2: ends at once on return(), also while next() waits", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world, brief)
    const items = iterate(ada, addressId)[Symbol.asyncIterator]()
    await eventually(async () => {
      // whatever is there to begin with is of no interest
      if (await sockets(world) === 0) void items.next()
      assert.strictEqual(await sockets(world), 1)
    })
    const waiting = collect({ [Symbol.asyncIterator]: () => items })
    await withTimeout(20_000, Promise.resolve(items.return?.()))
    await withTimeout(20_000, waiting)
    assert.deepStrictEqual(await items.next(), { done: true, value: undefined })
    await eventually(async () => assert.strictEqual(await sockets(world), 0))
  })

  it("can be iterated again, each time afresh", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    const stop = chatter(grace, addressId)
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

  it("P7.2: ends with the signal's reason, whenever it is aborted", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const outcomes = await Promise.all(
      [0, 1, 2, 5, 10, 20, 50].map(async (millis) => {
        const controller = new AbortController()
        const ending = rejection(collect(iterate(ada, addressId, controller.signal)), 20_000)
        setTimeout(() => controller.abort(`after ${millis}`), millis)
        return ending
      })
    )
    assert.deepStrictEqual(outcomes, [0, 1, 2, 5, 10, 20, 50].map((millis) => `after ${millis}`))
  })
})

describe("a page", () => {
  const seed = async (world: TestSandbox) => {
    const { ada, addressId } = await joinBoth(world)
    const start = Math.floor(Date.now() / 1000) - 100
    await world.admin.seed(
      ["1", "2", "3", "4", "5"].map((text, index) => ({ from: world.grace.id, addressId, text, ts: start + index }))
    )
    return { ada, addressId }
  }

  it("reads no further than the loop goes", async () => {
    await using world = await openSandbox()
    const { ada } = await seed(world)
    let requests = 0
    const counting = await world.client({
      token: world.ada.token,
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

  it("P7.2: is iterated under the signal that it was read with", async () => {
    await using world = await openSandbox()
    const { ada } = await seed(world)
    const controller = new AbortController()
    const read: Array<string | null> = []
    const reading = async () => {
      for await (const { text } of await ada.conversation.getMessages({ pageSize: 2, signal: controller.signal })) {
        read.push(text)
        if (text === "3") controller.abort("enough")
      }
    }
    assert.strictEqual(await rejection(reading()), "enough")
    // what was read already is still handed out
    assert.deepStrictEqual(read, ["5", "4", "3", "2"])
  })

  it("P9.1: fails the loop with Closed when the client is disconnected in the middle", async () => {
    await using world = await openSandbox()
    const { ada } = await seed(world)
    const reading = async () => {
      for await (const { text } of await ada.conversation.getMessages({ pageSize: 2 })) {
        if (text === "4") await ada.disconnect()
      }
    }
    const error = await failure(reading())
    assert.deepStrictEqual([error.method, error.reason._tag], ["conversation.getMessages", "Closed"])
  })

  it("leads back and forth from any page, also one with a limit", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await seed(world)
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
    await using world = await openSandbox()
    const ada = await world.client({ token: world.ada.token })
    const page = await ada.conversation.getConversations()
    assert.deepStrictEqual(await collect(page), [])
    assert.isUndefined(await page.nextPage())
    assert.isUndefined(await page.prevPage())
    await ada.conversation.join(world)
    assert.lengthOf((await page.self()).data, 1)
    assert.lengthOf((await page.firstPage()).data, 1)
  })
})

describe("two clients in one process", () => {
  it("share nothing: each has its own token, session and end", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    assert.notDeepEqual(await ada.address.getMyAddresses(), await grace.address.getMyAddresses())
    await ada.disconnect()
    await grace.conversation.sendMessage({ addressId, text: "still here" })
    assert.strictEqual(ada.connection.state._tag, "Closed")
    assert.deepStrictEqual(texts((await grace.conversation.getMessages()).data), ["still here"])
  })
})
