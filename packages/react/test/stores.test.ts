/** What hooks under one provider share, without a server: their client never connects. */
import { type ConnectionState, ConversationError, type SignalWireClient } from "@effect-signalwire/promise"
import { Invalid } from "@effect-signalwire/schema/Reason"
import { assert, describe, it, vi } from "vitest"
import { collectGarbage } from "../../conversation/test/collectGarbage.ts"
import type * as ClientSource from "../src/internal/clientSource.ts"
import { initial } from "../src/internal/conversationList.ts"
import * as Store from "../src/internal/store.ts"
import * as Stores from "../src/internal/stores.ts"
import { connected, makeClient, settled } from "./fixtures.ts"

const pending: ClientSource.ClientState = { status: "pending", client: null, error: null }
const ready = (client: SignalWireClient): ClientSource.ClientState => ({ status: "ready", client, error: null })
const failed = (error: Error): ClientSource.ClientState => ({ status: "failed", client: null, error })

/** Stores over a source whose state the test sets, and the number of references to it. */
const start = (initial: ClientSource.ClientState = pending) => {
  const state = Store.make(initial)
  let references = 0
  const stores = Stores.make({
    state,
    client: () => Promise.reject(new Error("there is no client")),
    retain: () => {
      references++
      return () => void references--
    }
  })
  return { ...stores, state, references: () => references }
}

describe("the state of the connection", () => {
  it("is that of the client while something subscribes, and idle otherwise", async () => {
    await using one = await makeClient(connected)
    const { connection } = start(ready(one.client))
    assert.deepStrictEqual([connection.get(), one.callbacks()], [Stores.idle, 0])
    const remove = connection.subscribe(() => {})
    assert.deepStrictEqual([connection.get(), one.callbacks()], [connected, 1])
    remove()
    await settled()
    assert.deepStrictEqual([connection.get(), one.callbacks()], [Stores.idle, 0])
  })

  it("is that of the next client when another one replaces it, and idle when there is none", async () => {
    const connecting: ConnectionState = { _tag: "Connecting", polling: false, reason: null }
    await using one = await makeClient(connected)
    await using two = await makeClient(connecting)
    const { connection, state } = start(ready(one.client))
    connection.subscribe(() => {})
    state.set(ready(two.client))
    assert.deepStrictEqual([connection.get(), one.callbacks(), two.callbacks()], [connecting, 0, 1])
    // the client got another token
    state.set(ready(two.client))
    assert.strictEqual(two.callbacks(), 1)
    state.set(pending)
    assert.deepStrictEqual([connection.get(), two.callbacks()], [Stores.idle, 0])
  })

  it("is failed while something subscribes when the client could not be created, if the error has a reason", async () => {
    const reason = new Invalid({ errors: [] })
    const { connection, state } = start()
    const remove = connection.subscribe(() => {})
    state.set(failed(new Error("no provider")))
    assert.strictEqual(connection.get(), Stores.idle)
    state.set(failed(new ConversationError({ method: "connect", reason })))
    assert.deepStrictEqual(connection.get(), { _tag: "Failed", reason })
    remove()
    await settled()
    assert.strictEqual(connection.get(), Stores.idle)
  })
})

describe("the list of conversations", () => {
  it("can be read again, and more of it, without a client: nothing happens", async () => {
    const { conversations, state } = start()
    conversations.state.subscribe(() => {})
    await conversations.refresh()
    await conversations.loadMore()
    assert.strictEqual(conversations.state.get(), initial)
    state.set(failed(new Error("not created")))
    await conversations.refresh()
    await conversations.loadMore()
    assert.containSubset(conversations.state.get(), { status: "failed", isLoadingMore: false, moreError: null })
  })

  it("is not subscribed again when it is read again before it has failed", async () => {
    await using one = await makeClient(connected)
    const { conversations } = start(ready(one.client))
    const remove = conversations.state.subscribe(() => {})
    assert.strictEqual(one.subscriptions(), 1)
    void conversations.refresh()
    assert.strictEqual(one.subscriptions(), 1)
    remove()
    await settled()
  })
})

describe("the stores of a provider", () => {
  it("have one store for each address", () => {
    const { conversation } = start()
    const office = conversation("office")
    assert.strictEqual(conversation("office"), office)
    assert.notStrictEqual(conversation("lab"), office)
  })

  it("hold a reference to the client while they are retained", () => {
    const { references, retain } = start()
    const release = retain()
    assert.strictEqual(references(), 1)
    release()
    assert.strictEqual(references(), 0)
  })

  it("P7.3: forget a conversation that nothing uses, but not before its messages are sent or discarded", async () => {
    const { conversation } = start()
    const send = () => {
      const office = conversation("office")
      office.send("hello")
      return new WeakRef(office)
    }
    const office = send()
    const outgoing = () => office.deref()?.outgoing.get() ?? []
    // there is no client
    await vi.waitFor(() => assert.strictEqual(outgoing()[0]?.status, "failed"))
    for (let times = 0; times < 5; times++) {
      await settled()
      collectGarbage()
    }
    assert.lengthOf(outgoing(), 1)
    outgoing()[0]?.discard()
    await vi.waitFor(() => {
      collectGarbage()
      // an error would hold the store
      assert.isTrue(office.deref() === undefined)
    }, { timeout: 10_000 })
    // the store of the next component
    assert.lengthOf(conversation("office").outgoing.get(), 0)
  })

  it("P7.2: start a timeline again only while something subscribes", async () => {
    await using one = await makeClient(connected)
    const office = start(ready(one.client)).conversation("office")
    office.restart()
    const remove = office.timeline.subscribe(() => {})
    assert.strictEqual(one.timelines(), 1)
    office.restart()
    assert.strictEqual(one.timelines(), 2)
    remove()
    await settled()
    office.restart()
    assert.strictEqual(one.timelines(), 2)
  })

  it("continue with a kept timeline, which is not read again for the next component", async () => {
    await using one = await makeClient(connected)
    const { conversation, retain } = start(ready(one.client))
    const release = retain()
    // nothing here holds the store
    conversation("office").timeline.subscribe(() => {})()
    for (let times = 0; times < 5; times++) {
      await settled()
      collectGarbage()
    }
    const remove = conversation("office").timeline.subscribe(() => {})
    assert.strictEqual(one.timelines(), 1)
    remove()
    release()
  })

  it("P7.2: stop what runs when they are released, and keep it for a while before that", async () => {
    await using one = await makeClient(connected)
    const { conversation, conversations, retain, state } = start()
    const release = retain()
    const statuses = () => [conversation("office").timeline.get().status, conversations.state.get().status]
    const removes = [conversation("office").timeline, conversations.state].map(({ subscribe }) => subscribe(() => {}))
    state.set(failed(new Error("not created")))
    assert.deepStrictEqual(statuses(), ["failed", "failed"])
    for (const remove of removes) remove()
    await settled()
    // what failed is not kept, except for the list
    assert.deepStrictEqual(statuses(), ["loading", "failed"])
    release()
    await settled()
    assert.deepStrictEqual(statuses(), ["loading", "loading"])
    state.set(ready(one.client))
    assert.strictEqual(one.callbacks(), 0)
  })
})
