import type { Conversation, SendMessageOptions } from "@effect-signalwire/promise"
import { assert, describe, it, vi } from "vitest"
import * as OutgoingMessages from "../src/internal/outgoingMessages.ts"
import { conversation, message, settled } from "./fixtures.ts"

/** A send that the server has not responded to yet. */
interface Request {
  readonly options: SendMessageOptions
  readonly resolve: (conversation: Conversation) => void
  readonly reject: (error: unknown) => void
}

/** Outgoing messages of a client whose sends the test settles, with a timeline unless the test detaches it. */
const start = () => {
  const requests: Array<Request> = []
  let changes = 0
  const sendMessage = (options: SendMessageOptions) =>
    new Promise<Conversation>((resolve, reject) => void requests.push({ options, resolve, reject }))
  const client = { conversation: { sendMessage } }
  const outgoing = OutgoingMessages.make("office", () => Promise.resolve(client), () => void changes++)
  const detach = outgoing.attachTimeline()
  const requestOf = async (clientId: string): Promise<Request> => {
    await settled()
    const request = requests.findLast(({ options }) => options.clientId === clientId)
    if (request === undefined) throw new Error("the message was not sent")
    return request
  }
  return {
    ...outgoing,
    detach,
    requests,
    changes: () => changes,
    succeed: async (clientId: string) => {
      const request = await requestOf(clientId)
      request.resolve(conversation("office"))
      await settled()
    },
    fail: async (clientId: string) => {
      const request = await requestOf(clientId)
      request.reject(new Error("refused"))
      await settled()
    },
    statuses: () => outgoing.messages().map(({ status, text }) => [text, status]),
    find: (clientId: string) => outgoing.messages().find((message) => message.clientId === clientId)
  }
}

/** A stored message without a client id. */
const stored = (id: string, text: string, fields = {}) => message(1, id, { text, ...fields })

describe("an outgoing message", () => {
  it("is sent as new, with its address, text, metadata and details", async () => {
    const { messages, requests, send } = start()
    const clientId = send("hello", { metadata: { tone: "casual" }, details: { count: 1 } })
    await settled()
    const fields = { clientId, text: "hello", metadata: { tone: "casual" }, details: { count: 1 } }
    assert.deepStrictEqual(requests.map(({ options }) => options), [{ addressId: "office", isNew: true, ...fields }])
    assert.containSubset(messages(), [{ ...fields, status: "sending", key: clientId, error: null }])
  })

  it("has a client id of 32 hexadecimal digits", () => {
    const { send } = start()
    assert.match(send("hello"), /^[\da-f]{32}$/)
    using _ = vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
      if (array instanceof Uint8Array) array.set([255, 1])
      return array
    })
    assert.strictEqual(send("hello"), `ff01${"00".repeat(14)}`)
  })

  it("is announced when it is sent, and when its send succeeds or fails", async () => {
    const { changes, fail, send, statuses, succeed } = start()
    const one = send("one")
    const two = send("two")
    assert.strictEqual(changes(), 2)
    await succeed(one)
    assert.deepStrictEqual([changes(), statuses()], [3, [["one", "sent"], ["two", "sending"]]])
    await fail(two)
    assert.deepStrictEqual([changes(), statuses()], [4, [["one", "sent"], ["two", "failed"]]])
  })

  it("has the error of its send, until it is retried", async () => {
    const { fail, find, requests, send } = start()
    const clientId = send("hello")
    await fail(clientId)
    assert.deepStrictEqual([find(clientId)?.status, find(clientId)?.error?.message], ["failed", "refused"])
    find(clientId)?.retry()
    assert.deepStrictEqual([find(clientId)?.status, find(clientId)?.error], ["sending", null])
    await settled()
    // history is searched for it first
    assert.deepStrictEqual(requests.map(({ options }) => [options.clientId, options.isNew]), [[clientId, true], [
      clientId,
      false
    ]])
  })

  it("is neither sent again nor removed while it has not failed", async () => {
    const { find, requests, send, statuses, succeed } = start()
    const clientId = send("hello")
    const sending = find(clientId)
    sending?.retry()
    sending?.discard()
    await succeed(clientId)
    find(clientId)?.retry()
    find(clientId)?.discard()
    await settled()
    assert.deepStrictEqual([requests.length, statuses()], [1, [["hello", "sent"]]])
  })

  it("is removed by discard, which announces it, after it failed", async () => {
    const { changes, fail, find, send, statuses } = start()
    const clientId = send("hello")
    await fail(clientId)
    const failed = find(clientId)
    const before = changes()
    failed?.discard()
    assert.deepStrictEqual([changes(), statuses()], [before + 1, []])
    failed?.retry()
    failed?.discard()
    assert.deepStrictEqual([changes(), statuses()], [before + 1, []])
  })

  it("stays removed when its send ends after the timeline has yielded its stored copy", async () => {
    const { changes, fail, reconcile, send, statuses, succeed } = start()
    const [one, two] = [send("one"), send("two")]
    assert.strictEqual(reconcile(message(1, "m1"), one), one)
    assert.strictEqual(reconcile(message(2, "m2"), two), two)
    assert.deepStrictEqual(statuses(), [])
    const before = changes()
    await fail(one)
    assert.strictEqual(changes(), before)
    await succeed(two)
    assert.deepStrictEqual(statuses(), [])
  })
})

describe("without a timeline, an outgoing message", () => {
  it("is removed once it is sent, and stays while it is sending or has failed", async () => {
    const { changes, detach, fail, send, statuses, succeed } = start()
    detach()
    const [one, two] = [send("one"), send("two"), send("three")]
    const before = changes()
    await succeed(one)
    assert.strictEqual(changes(), before + 1)
    await fail(two)
    assert.deepStrictEqual(statuses(), [["two", "failed"], ["three", "sending"]])
  })

  it("is removed, which is announced, if it was sent when the last timeline goes away", async () => {
    const { attachTimeline, changes, detach, fail, send, statuses, succeed } = start()
    const detachOther = attachTimeline()
    const [one, two] = [send("one"), send("two"), send("three")]
    await succeed(one)
    await fail(two)
    const before = changes()
    detach()
    assert.deepStrictEqual([changes(), statuses().length], [before, 3])
    detachOther()
    assert.deepStrictEqual([changes(), statuses()], [before + 1, [["two", "failed"], ["three", "sending"]]])
  })
})

describe("a stored message", () => {
  it("has the key of the outgoing message with its client id, also when it is yielded again", () => {
    const { reconcile, send, statuses } = start()
    const [one, two] = [send("same"), send("same")]
    assert.strictEqual(reconcile(stored("m2", "same"), two), two)
    assert.deepStrictEqual(statuses(), [["same", "sending"]])
    assert.strictEqual(reconcile(stored("m1", "same"), one), one)
    assert.strictEqual(reconcile(stored("m2", "same"), two), two)
  })

  it("has its own key when its client id is of no outgoing message, or of one that was stored already", () => {
    const { reconcile, send } = start()
    const clientId = send("hello")
    assert.strictEqual(reconcile(stored("m1", "hello"), "another"), "m1")
    assert.strictEqual(reconcile(stored("m2", "hello"), clientId), clientId)
    assert.strictEqual(reconcile(stored("m3", "hello"), clientId), "m3")
  })

  it("keeps its key among the last thousand that were sent", () => {
    const { reconcile, send } = start()
    const sent = Array.from({ length: 1001 }, (_, index) => ({ id: `m${index}`, clientId: send(`text ${index}`) }))
    for (const { clientId, id } of sent) reconcile(stored(id, id), clientId)
    const keys = sent.map(({ clientId, id }) => reconcile(stored(id, id), clientId))
    assert.deepStrictEqual(keys, ["m0", ...sent.slice(1).map(({ clientId }) => clientId)])
  })

  it("keeps its key however many messages are sent that no timeline shows", async () => {
    const { detach, messages, reconcile, requests, send } = start()
    const clientId = send("hello")
    reconcile(stored("m1", "hello"), clientId)
    detach()
    for (let count = 0; count < 1000; count++) send("another")
    await settled()
    for (const { resolve } of requests) resolve(conversation("office"))
    await settled()
    assert.lengthOf(messages(), 0)
    assert.strictEqual(reconcile(stored("m1", "hello"), clientId), clientId)
  })
})

describe("a stored message without a client id", () => {
  it("replaces the sent message with its text, and has its key, also when it is yielded again", async () => {
    const { reconcile, send, statuses, succeed } = start()
    const [one, two] = [send("one"), send("two")]
    await succeed(one)
    await succeed(two)
    assert.strictEqual(reconcile(stored("m1", "three"), null), "m1")
    assert.strictEqual(reconcile(stored("m2", "two"), null), two)
    assert.deepStrictEqual(statuses(), [["one", "sent"]])
    assert.strictEqual(reconcile(stored("m2", "two"), null), two)
    assert.deepStrictEqual(statuses(), [["one", "sent"]])
  })

  it("replaces the message that was sent, not one with the same text that is still being sent", async () => {
    const { find, reconcile, send, succeed } = start()
    const [first, second, third] = [send("same"), send("same"), send("same")]
    await succeed(second)
    await succeed(third)
    assert.strictEqual(reconcile(stored("m1", "same"), null), second)
    assert.deepStrictEqual([first, second, third].map((id) => find(id)?.status), ["sending", undefined, "sent"])
  })

  it("replaces the message that is being sent only once its send has succeeded", async () => {
    const { changes, reconcile, send, statuses, succeed } = start()
    const clientId = send("hello")
    assert.strictEqual(reconcile(stored("m1", "hello"), null), "m1")
    assert.deepStrictEqual(statuses(), [["hello", "sending"]])
    const before = changes()
    await succeed(clientId)
    assert.deepStrictEqual([changes(), statuses()], [before + 1, []])
    // as its stored copy: the key of a message that was shown may change only where it is shown once
    assert.strictEqual(reconcile(stored("m1", "hello"), null), clientId)
  })

  it("is the possible copy of one message only, also when it is yielded again", async () => {
    const { reconcile, send, statuses, succeed } = start()
    const [one, two] = [send("same"), send("same")]
    reconcile(stored("m1", "same"), null)
    reconcile(stored("m1", "same"), null)
    await succeed(one)
    assert.deepStrictEqual(statuses(), [["same", "sending"]])
    await succeed(two)
    assert.deepStrictEqual(statuses(), [["same", "sent"]])
    assert.strictEqual(reconcile(stored("m2", "same"), null), two)
  })

  it("is the possible copy of the next message with its text when the first one has one", async () => {
    const { reconcile, send, statuses, succeed } = start()
    const [one, two] = [send("same"), send("same")]
    reconcile(stored("m1", "same"), null)
    reconcile(stored("m2", "same"), null)
    await succeed(two)
    assert.deepStrictEqual(statuses(), [["same", "sending"]])
    assert.strictEqual(reconcile(stored("m2", "same"), null), two)
    await succeed(one)
    assert.strictEqual(reconcile(stored("m1", "same"), null), one)
  })

  it("is not the copy of a message sent later when the one it may be the copy of is discarded", async () => {
    const { fail, find, reconcile, send, statuses, succeed } = start()
    const discarded = send("same")
    reconcile(stored("m1", "same"), null)
    await fail(discarded)
    find(discarded)?.discard()
    const later = send("same")
    await succeed(later)
    // a timeline that starts again yields it again
    assert.strictEqual(reconcile(stored("m1", "same"), null), discarded)
    assert.deepStrictEqual(statuses(), [["same", "sent"]])
    assert.strictEqual(reconcile(stored("m2", "same"), null), later)
  })

  it("is not a copy once the message was stored with its client id", async () => {
    const { reconcile, send, succeed } = start()
    const clientId = send("hello")
    reconcile(stored("m1", "hello"), null)
    assert.strictEqual(reconcile(stored("m2", "hello"), clientId), clientId)
    await succeed(clientId)
    assert.strictEqual(reconcile(stored("m2", "hello"), clientId), clientId)
  })

  it.each([
    ["user", { user_id: "ada" }, { user_id: "grace" }],
    ["address", { from_address_id: "ada" }, { from_address_id: "grace" }],
    ["user at one address", { user_id: "ada", from_address_id: "a" }, { user_id: "grace", from_address_id: "a" }]
  ])("replaces no message once another sender is known by %s", async (_, own, other) => {
    const { reconcile, send, statuses, succeed } = start()
    reconcile(stored("m1", "first", own), send("first"))
    const clientId = send("same")
    await succeed(clientId)
    assert.strictEqual(reconcile(stored("m2", "same", other), null), "m2")
    assert.deepStrictEqual(statuses(), [["same", "sent"]])
    assert.strictEqual(reconcile(stored("m3", "same", own), null), clientId)
  })

  it.each([
    ["user at another address", { user_id: "ada", from_address_id: "a" }, { user_id: "ada", from_address_id: "b" }],
    ["sender that the server leaves out", { from_address_id: "a" }, {}],
    ["sender that the server has left out before", {}, { from_address_id: "a" }],
    ["address without a user", { user_id: "ada", from_address_id: "a" }, { from_address_id: "a" }],
    ["address that had no user", { from_address_id: "a" }, { user_id: "ada", from_address_id: "a" }]
  ])("replaces the message with its text of the same %s", async (_, own, copy) => {
    const { reconcile, send, succeed } = start()
    reconcile(stored("m1", "first", own), send("first"))
    const clientId = send("same")
    await succeed(clientId)
    assert.strictEqual(reconcile(stored("m2", "same", copy), null), clientId)
  })
})
