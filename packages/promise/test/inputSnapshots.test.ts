/** A call uses its arguments as they were when it was made. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { assert, describe, it } from "vitest"
import {
  callUntyped,
  collect,
  failure,
  invalidFields,
  joinBoth,
  MessageRecorder,
  openSandbox,
  texts
} from "./support.ts"

const steps = [1, 2, 3, 4, 5, 6]

const stepOf = (stored: ReadonlyArray<{ readonly metadata?: unknown; readonly details?: unknown }>) =>
  stored.map(({ details, metadata }) => [
    metadata instanceof Object && "step" in metadata ? metadata.step : undefined,
    details instanceof Object && "list" in details ? details.list : undefined
  ])

describe.each(["address", "group"] as const)("queued messages, dialect %s", (dialect) => {
  it("P4.8: are stored as they were when sendMessage was called, even if the objects change", async () => {
    await using sandbox = await openSandbox(dialect)
    const { ada, addressId } = await joinBoth(sandbox)
    const options = { addressId, text: "", metadata: { step: 0 }, details: { list: [0] } }
    const sending = steps.map((step) => {
      options.text = String(step)
      options.metadata.step = step
      options.details.list[0] = step
      return ada.conversation.sendMessage(options)
    })
    options.text = "changed"
    options.metadata.step = -1
    await Promise.all(sending)
    const stored = await sandbox.admin.stored(addressId)
    assert.deepStrictEqual(texts(stored), steps.map(String))
    assert.deepStrictEqual(stepOf(stored), steps.map((step) => [step, [step]]))
  })

  it("P4.8: are stored as they were when sendMessage was called, even if the Effect runs later", async () => {
    await using sandbox = await openSandbox(dialect)
    const { addressId } = await joinBoth(sandbox)
    const metadata = { step: 0 }
    const details = { list: [0] }
    const program = Effect.gen(function*() {
      const { sendMessage } = yield* Conversations.Conversations
      const sends = steps.map((step) => {
        metadata.step = step
        details.list[0] = step
        return sendMessage({ addressId, text: String(step), metadata, details })
      })
      metadata.step = -1
      const fibers = yield* Effect.forEach(sends, (send) => Effect.forkChild(send, { startImmediately: true }))
      yield* Effect.forEach(fibers, Fiber.join)
    })
    const token = Redacted.make(sandbox.ada.token)
    await Effect.runPromise(Effect.provide(program, Conversations.layerFetch({ token, urls: sandbox.urls })))
    assert.deepStrictEqual(stepOf(await sandbox.admin.stored(addressId)), steps.map((step) => [step, [step]]))
  })
})

describe("options", () => {
  it("of a timeline are read when it is created, not when it is iterated", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    const options = { addressId }
    const timeline = ada.conversation.timeline(options)
    options.addressId = sandbox.grace.addressId
    const seen: Array<string | null> = []
    for await (const event of timeline) {
      if (event._tag === "CaughtUp") break
      if (event._tag === "Message") seen.push(event.message.text)
    }
    assert.deepStrictEqual(seen, ["hello"])
  })

  it("of a subscription's policy are read when subscribe is called", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const received = new MessageRecorder()
    const policy = { strategy: "sliding", capacity: 10 }
    const subscribing = callUntyped(ada.conversation.subscribe, received.push, { policy })
    Object.assign(policy, { strategy: "dropping", capacity: 0 })
    await subscribing
    await ada.conversation.sendMessage({ addressId, text: "hello" })
    assert.deepStrictEqual(await received.waitForText("hello"), ["hello"])
  })

  it("of a page are read when the method is called, and apply to the following pages too", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    for (const text of ["a", "b", "c"]) await ada.conversation.sendMessage({ addressId, text })
    const options = { addressId, pageSize: 1, limit: 2 }
    const reading = ada.conversation.getConversationMessages(options)
    Object.assign(options, { addressId: "", pageSize: 0, limit: 3 })
    assert.deepStrictEqual(texts(await collect(await reading)), ["c", "b"])
  })
})

describe("metadata and details", () => {
  it.each<[string, object, string, string]>([
    ["a Date", { metadata: { when: new Date() } }, "metadata.when", "use date.toISOString()"],
    ["a Map in a list", { details: { items: [1, 2, new Map()] } }, "details.items[2]", "not an instance of Map"],
    ["a number that is not finite", { metadata: { ratio: 1 / 0 } }, "metadata.ratio", "must be a finite number"]
  ])("P9.2: with %s are rejected before anything is sent, with the path", async (_, content, attribute, message) => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const error = await failure(callUntyped(ada.conversation.sendMessage, { addressId, text: "hello", ...content }))
    assert.deepStrictEqual(invalidFields(error), [attribute])
    assert.include(error.message, message)
    assert.deepStrictEqual(await sandbox.admin.stored(addressId), [])
  })

  it("are sent without undefined properties", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    await ada.conversation.sendMessage({ addressId, text: "hello", details: { a: undefined, b: { c: undefined } } })
    assert.deepStrictEqual((await sandbox.admin.stored(addressId))[0]?.details, { b: {} })
  })
})
