/**
 * Tests programs in plain TypeScript: the real Promise client with a backend in memory, without a network port. The test sends
 * messages as other participants, and sets faults. Every call of `start` makes a separate backend.
 *
 * ```ts
 * import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
 *
 * await using test = await SignalWireTest.start({ conversations: ["office"] })
 * await test.client.conversation.subscribe((event) => console.log(event.text))
 * await test.addMessage({ conversation: "office", text: "hello" })
 * ```
 *
 * @since 0.1.0
 */
import type * as Faults from "@effect-signalwire/backend/Faults"
import {
  makeWithTransports,
  type SignalWireClient,
  type SignalWireOptions
} from "@effect-signalwire/promise/SignalWire"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as ConversationsTest from "./ConversationsTest.ts"
import * as MemoryBackend from "./MemoryBackend.ts"
import { TestBackend } from "./TestBackend.ts"

/** The state of the backend when the test starts, and the options of client and backend. */
export interface Options extends Omit<ConversationsTest.Options, "client"> {
  /** Options of the client. */
  readonly client?: Omit<SignalWireOptions, "token" | "host" | "urls" | "fetch" | "WebSocket"> | undefined
}

/** A client under test, and control over the backend and the other participants. */
export interface SignalWireTest extends AsyncDisposable {
  /** The client under test. */
  readonly client: SignalWireClient
  /** The first token of the subscriber under test. */
  readonly token: string
  /** Returns the address id of a conversation. Throws if the test has no conversation of this name. */
  readonly addressId: (conversation: string) => string
  /** Stores a message of another participant, and pushes it to the client. */
  readonly addMessage: (message: ConversationsTest.SeedMessage) => Promise<void>
  /** Returns the messages that the client has sent, oldest first. */
  readonly sent: () => Promise<ReadonlyArray<ConversationsTest.SentMessage>>
  /** Waits until the client has sent `count` messages, and returns all of them. Rejects after ten seconds. */
  readonly awaitSent: (count: number) => Promise<ReadonlyArray<ConversationsTest.SentMessage>>
  /** Closes the client's sockets without a close frame, as a network failure does. The client reconnects. */
  readonly drop: () => Promise<void>
  /** Replaces the fault rules. */
  readonly setFaults: (rules: ReadonlyArray<Faults.Rule>) => Promise<void>
  /** Removes all fault rules. */
  readonly clearFaults: () => Promise<void>
  /** Expires the client's first token. */
  readonly expireToken: () => Promise<void>
  /** Mints and returns another token of the same subscriber, for `onRefreshToken` or `updateToken`. */
  readonly mintToken: () => Promise<string>
  /** Disconnects the client and stops the backend. */
  readonly close: () => Promise<void>
}

/** Starts a backend and a client. Rejects with the client's error if its options are invalid. */
export const start = async ({ client: clientOptions, ...options }: Options = {}): Promise<SignalWireTest> => {
  const runtime = ManagedRuntime.make(
    Layer.provideMerge(
      Layer.effect(ConversationsTest.ConversationsTest, ConversationsTest.make(options)),
      MemoryBackend.layerTestBackend(options.backend)
    )
  )
  try {
    const context = await runtime.context()
    const { endpoint, transports } = Context.get(context, TestBackend)
    const test = Context.get(context, ConversationsTest.ConversationsTest)
    const client = await makeWithTransports({ ...clientOptions, token: test.me.token, urls: endpoint }, transports)
    const close = async () => {
      await client.disconnect()
      await runtime.dispose()
    }
    return {
      client,
      token: test.me.token,
      addressId: test.addressId,
      addMessage: (message) => runtime.runPromise(test.addMessage(message)),
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
