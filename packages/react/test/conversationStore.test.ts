/** What one conversation shows of its stored and outgoing messages, over a client whose timelines the test provides. */
import type { Conversation, Page, TimelineEvent } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import * as ClientSource from "../src/internal/clientSource.ts"
import * as ConversationStore from "../src/internal/conversationStore.ts"
import * as KeepAlive from "../src/internal/keepAlive.ts"
import type { Message } from "../src/internal/messageWindow.ts"
import { connected, conversation, makeClient, message, pageOf, settled } from "./fixtures.ts"
import { eventually } from "./support.ts"

const isNew = (ts: number, clientId: string | null = null): TimelineEvent => ({
  _tag: "Message",
  message: message(ts),
  late: false,
  clientId
})

/** Shows a conversation with one stored message; older pages are what the test provides. */
const start = async (options: Partial<ConversationStore.Options> = {}, older: Page<Message> = pageOf([])) => {
  const made = await makeClient(connected)
  const signals: Array<AbortSignal | undefined> = []
  const waiting: Array<(event: TimelineEvent) => void> = []
  const sends: Array<(conversation: Conversation) => void> = []
  const client = {
    ...made.client,
    conversation: {
      ...made.client.conversation,
      async *timeline({ signal }: { readonly signal?: AbortSignal | undefined }): AsyncGenerator<TimelineEvent> {
        signals.push(signal)
        yield isNew(5)
        yield { _tag: "CaughtUp", through: 5 }
        for (;;) yield await new Promise<TimelineEvent>((resolve) => void waiting.push(resolve))
      },
      getConversationMessages: () => Promise.resolve(older),
      sendMessage: () => new Promise<Conversation>((resolve) => void sends.push(resolve))
    }
  }
  const keepAlive = KeepAlive.make(5)
  const release = keepAlive.retain()
  const store = ConversationStore.make("office", ClientSource.fromClient(client), keepAlive)
  store.configure({ ...ConversationStore.defaults, ...options })
  const states: Array<ConversationStore.TimelineState> = []
  const remove = store.timeline.subscribe(() => void states.push(store.timeline.get()))
  const ids = () => store.timeline.get().messages.map((one) => one.status === "stored" ? one.message.id : one.text)
  await eventually(() => assert.deepStrictEqual([store.timeline.get().status, ids()], ["live", ["m5"]]))
  return {
    ...store,
    states,
    remove,
    ids,
    emit: async (...events: ReadonlyArray<TimelineEvent>) => {
      for (const event of events) {
        waiting.pop()?.(event)
        // before the next timer
        for (let times = 0; times < 10; times++) await Promise.resolve()
      }
    },
    /** Whether each timeline that was read has ended. */
    ended: () => signals.map((signal) => signal?.aborted),
    confirm: () => {
      for (const resolve of sends) resolve(conversation("office"))
    },
    [Symbol.asyncDispose]: async () => {
      remove()
      release()
      await settled()
      await made[Symbol.asyncDispose]()
    }
  }
}

/** One older message, and room for no more than that. */
const full = () => start({ capacity: 1 }, pageOf([message(4)], () => Promise.resolve(pageOf([]))))

describe("a conversation", () => {
  it("is loading and empty before it is first used", () => {
    const { outgoing, timeline } = ConversationStore.make("office", ClientSource.withoutProvider, KeepAlive.make(5))
    assert.deepStrictEqual([timeline.get(), outgoing.get()], [
      {
        status: "loading",
        error: null,
        messages: [],
        gaps: [],
        hasOlder: true,
        hasNewer: false,
        isLoadingOlder: false,
        olderError: null
      },
      []
    ])
  })

  it("changes once for all messages of one task, and again for later ones", async () => {
    await using one = await start()
    const before = one.states.length
    await one.emit(isNew(6), isNew(7))
    assert.strictEqual(one.states.length, before)
    await eventually(() => assert.deepStrictEqual(one.ids(), ["m5", "m6", "m7"]))
    assert.strictEqual(one.states.length, before + 1)
    await one.emit(isNew(8))
    await eventually(() => assert.deepStrictEqual(one.ids(), ["m5", "m6", "m7", "m8"]))
    assert.strictEqual(one.states.length, before + 2)
  })

  it("has a message at once when it is sent, after the stored ones, and until the stored one replaces it", async () => {
    await using one = await start()
    const clientId = one.send("hello")
    assert.deepStrictEqual([one.ids(), one.outgoing.get().map(({ text }) => text)], [["m5", "hello"], ["hello"]])
    await one.emit(isNew(6, clientId))
    await eventually(() => assert.deepStrictEqual([one.ids(), one.outgoing.get()], [["m5", "m6"], []]))
    assert.strictEqual(one.timeline.get().messages[1]?.key, clientId)
  })

  it("is not read again when a message is sent while it has the newest ones", async () => {
    await using one = await start()
    one.send("hello")
    assert.deepStrictEqual([one.ended(), one.timeline.get().status], [[false], "live"])
  })

  it("is read again from the newest messages on when one is sent while those are not in memory", async () => {
    await using one = await full()
    await one.loadOlder()
    await eventually(() => assert.deepStrictEqual([one.ids(), one.timeline.get().hasNewer], [["m4"], true]))
    one.send("hello")
    assert.deepStrictEqual([one.ended(), one.timeline.get().status], [[true, false], "loading"])
    await eventually(() => assert.deepStrictEqual([one.ids(), one.timeline.get().hasNewer], [["m5", "hello"], false]))
  })

  it("is loading at once when it is read again, and keeps its messages meanwhile", async () => {
    await using one = await start()
    one.restart()
    assert.deepStrictEqual([one.timeline.get().status, one.ids(), one.ended()], ["loading", ["m5"], [true, false]])
  })

  it("says whether there are older messages", async () => {
    await using one = await start()
    assert.isTrue(one.timeline.get().hasOlder)
    await one.loadOlder()
    await eventually(() => assert.isFalse(one.timeline.get().hasOlder))
  })

  it("P7.2: is empty and reads no more once nothing uses it", async () => {
    await using one = await start({ keepAlive: 0 })
    one.remove()
    await settled()
    assert.deepStrictEqual([one.ended(), one.ids(), one.timeline.get().status], [[true], [], "loading"])
  })

  it("is kept after its last use, and goes back to the newest messages if those are not in memory", async () => {
    await using one = await full()
    await one.loadOlder()
    await eventually(() => assert.isTrue(one.timeline.get().hasNewer))
    one.remove()
    await settled()
    assert.deepStrictEqual(one.ended(), [true, false])
    await eventually(() => assert.deepStrictEqual(one.ids(), ["m5"]))
  })

  it("does not show a sent message any more when nothing shows the stored one", async () => {
    await using one = await start({ keepAlive: 0 })
    one.send("hello")
    await settled()
    one.confirm()
    await eventually(() => assert.deepStrictEqual(one.outgoing.get().map(({ status }) => status), ["sent"]))
    one.remove()
    await settled()
    assert.deepStrictEqual(one.outgoing.get(), [])
  })
})
