/** Platforms that lack what this one has: what the README says of them is held to here, and in the browser's tests. */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { fork } from "node:child_process"
import { once } from "node:events"
import { assert, it } from "vitest"
import { callUntyped, openSandbox, rejection } from "./support.ts"

/** What callers give who are not held to types. */
const untyped = (options: unknown): object => Object(options)

it("runs the main job on a platform without what came after May 2024, without streams, and with old signals", async () => {
  await using sandbox = await SandboxProcess.start([])
  const { http, rooms: [office], subscribers: [ada], ws } = sandbox.info
  if (ada === undefined || office === undefined) throw new Error("nobody is there")
  const child = fork(
    new URL("programs/runOnOlderPlatform.ts", import.meta.url),
    [http, ws, ada.token, office.addressId],
    { execArgv: ["--disable-warning=ExperimentalWarning"] }
  )
  const exited = once(child, "exit")
  const [{ effect, older, promises }] = await Promise.race([
    once(child, "message"),
    exited.then(([code]) => assert.fail(`it ended with ${code}`))
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
    heard: sent,
    read: ["third", "second", "first"],
    followed: sent,
    aborted: "enough",
    refused: "enough",
    invalid: "ConversationError: conversation.join: invalid input: addressId: must be a non-empty string",
    state: "Closed"
  })
  assert.deepStrictEqual(effect, [...sent, "fourth"])
  assert.deepStrictEqual(await exited, [0, null])
})

it("P7.2: ends what a polyfilled signal ends that does not say why, with an AbortError", async () => {
  await using world = await openSandbox()
  const ada = await world.client({ token: world.ada.token })
  const listeners = new Set<() => void>()
  const signal = {
    aborted: false,
    addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener)
  }
  const timeline = ada.conversation.timeline({ addressId: world.addressId, ...untyped({ signal }) })
  const iterator = timeline[Symbol.asyncIterator]()
  await iterator.next()
  const waiting = iterator.next()
  signal.aborted = true
  for (const listener of listeners) listener()
  for (const ended of [waiting, callUntyped(ada.conversation.getMessages, { signal })]) {
    assert.propertyVal(await rejection(ended), "name", "AbortError")
  }
})
