/**
 * For tests in plain TypeScript: a real client over a backend in memory, and what the others say in the hands of the
 * test. No port is opened, and nothing is shared between two of them.
 *
 * ```ts
 * import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
 *
 * await using test = await SignalWireTest.start({ conversations: ["office"] })
 * await test.client.conversation.subscribe((event) => console.log(event.text))
 * await test.say({ conversation: "office", text: "hello" })
 * ```
 *
 * @since 0.1.0
 */
import type * as Faults from "@effect-signalwire/backend/Faults"
import { connect, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise/SignalWire"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as ConversationsTest from "./ConversationsTest.ts"
import * as MemoryBackend from "./MemoryBackend.ts"
import { World } from "./World.ts"

/** What is there when a test begins. */
export interface Options extends Omit<ConversationsTest.Options, "client"> {
  /** How the client behaves. */
  readonly client?: Omit<SignalWireOptions, "token" | "host" | "urls" | "fetch" | "WebSocket"> | undefined
}

/** A client under test, and everybody else. What the methods do is said at {@link ConversationsTest.Service}. */
export interface SignalWireTest extends AsyncDisposable {
  /** The client under test. */
  readonly client: SignalWireClient
  /** The token that it began with. */
  readonly token: string
  /** The id under which a conversation of the test is known to the API; throws when there is none of the name. */
  readonly addressId: (conversation: string) => string
  /** Says something, live: those who are subscribed hear it. */
  readonly say: (message: ConversationsTest.SeedMessage) => Promise<void>
  /** What the client has sent so far, oldest first. */
  readonly sent: () => Promise<ReadonlyArray<ConversationsTest.SentMessage>>
  /** Waits until so many were sent, and answers them all; rejects after ten seconds. */
  readonly awaitSent: (count: number) => Promise<ReadonlyArray<ConversationsTest.SentMessage>>
  /** Breaks the client's sockets, as a network that fails does; it recovers by itself. */
  readonly drop: () => Promise<void>
  /** Replaces the fault rules: what goes wrong from now on, and how often. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>) => Promise<void>
  /** Nothing goes wrong any more. */
  readonly clearFaults: () => Promise<void>
  /** Makes the client's first token worthless. */
  readonly expireToken: () => Promise<void>
  /** Another token of the same subscriber, for `onRefreshToken` or `updateToken`. */
  readonly mintToken: () => Promise<string>
  /** Disconnects the client and ends the backend. */
  readonly close: () => Promise<void>
}

/** Starts a backend with a client; rejects with the client's error when its options are wrong. */
export const start = async ({ client: options, ...cast }: Options = {}): Promise<SignalWireTest> => {
  const runtime = ManagedRuntime.make(
    Layer.provideMerge(
      Layer.effect(ConversationsTest.ConversationsTest, ConversationsTest.make(cast)),
      MemoryBackend.layerWorld(cast.backend)
    )
  )
  try {
    const context = await runtime.context()
    const { endpoint, transports } = Context.get(context, World)
    const test = Context.get(context, ConversationsTest.ConversationsTest)
    const client = await connect({ ...options, token: test.me.token, urls: endpoint }, transports)
    const close = async () => {
      await client.disconnect()
      await runtime.dispose()
    }
    return {
      client,
      token: test.me.token,
      addressId: test.addressId,
      say: (message) => runtime.runPromise(test.say(message)),
      sent: () => runtime.runPromise(test.sent),
      awaitSent: (count) => runtime.runPromise(test.awaitSent(count)),
      drop: () => runtime.runPromise(test.drop),
      setFaults: (rules) => runtime.runPromise(test.setFaults(rules)),
      clearFaults: () => runtime.runPromise(test.clearFaults),
      expireToken: () => runtime.runPromise(test.expireToken),
      mintToken: () => runtime.runPromise(test.mintToken),
      close,
      [Symbol.asyncDispose]: close
    }
  } catch (error) {
    await runtime.dispose()
    throw error
  }
}
