/** Older platforms, as far as the README claims support for them. The browser tests cover the rest. */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { fork } from "node:child_process"
import { once } from "node:events"
import { assert, it } from "vitest"
import { callUntyped, openSandbox, rejection } from "./support.ts"

/** Options of any type, as untyped JavaScript may pass them. */
const untyped = (options: unknown): object => Object(options)

it("works on a platform without features newer than May 2024, without streams, and with old signals", async () => {
  await using sandbox = await SandboxProcess.start([])
  const { http, rooms: [office], subscribers: [ada], ws } = sandbox.info
  if (ada === undefined || office === undefined) throw new Error("the sandbox has no subscribers")
  const child = fork(
    new URL("programs/runOnOlderPlatform.ts", import.meta.url),
    [http, ws, ada.token, office.addressId],
    { execArgv: ["--disable-warning=ExperimentalWarning"] }
  )
  const exited = once(child, "exit")
  const [{ effect, older, promises }] = await Promise.race([
    once(child, "message"),
    exited.then(([code]) => assert.fail(`the process exited with ${code}`))
  ])
  assert.deepStrictEqual(older.left, [])
  assert.includeMembers(older.removed, [
    "AbortSignal.prototype.throwIfAborted",
    "AbortSignal.any",
    "AbortSignal.timeout",
    "URL.canParse",
    "Array.prototype.toSorted",
    "Array.prototype.toReversed",
    "Array.prototype.findLast",
    "Array.prototype.findLastIndex",
    "Array.fromAsync",
    "Crypto.prototype.randomUUID",
    "Promise.withResolvers",
    "Object.groupBy",
    "Set.prototype.union",
    "Iterator.prototype.map",
    "Symbol.asyncDispose"
  ])
  const sent = ["first", "second", "third"]
  assert.deepStrictEqual(promises, {
    received: sent,
    read: ["third", "second", "first"],
    timeline: sent,
    aborted: "enough",
    rejected: "enough",
    invalid: "ConversationError: conversation.join: invalid input: addressId: must be a non-empty string",
    state: "Closed"
  })
  assert.deepStrictEqual(effect, [...sent, "fourth"])
  assert.deepStrictEqual(await exited, [0, null])
})

it("P7.2: fails with an AbortError when a polyfilled signal without a reason is aborted", async () => {
  await using sandbox = await openSandbox()
  const ada = await sandbox.client({ token: sandbox.ada.token })
  const listeners = new Set<() => void>()
  const signal = {
    aborted: false,
    addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener)
  }
  const timeline = ada.conversation.timeline({ addressId: sandbox.addressId, ...untyped({ signal }) })
  const iterator = timeline[Symbol.asyncIterator]()
  await iterator.next()
  const waiting = iterator.next()
  signal.aborted = true
  for (const listener of listeners) listener()
  for (const ended of [waiting, callUntyped(ada.conversation.getMessages, { signal })]) {
    assert.propertyVal(await rejection(ended), "name", "AbortError")
  }
})
