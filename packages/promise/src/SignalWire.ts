/**
 * SignalWire's Conversation namespace for plain TypeScript: Promises, callbacks and async iterators, which use the
 * snake_case objects of SignalWire's documentation.
 *
 * @since 0.1.0
 */
import type { HttpClient } from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import * as Client from "./internal/client.ts"
import { normalizeOptions } from "./internal/options.ts"
import { asyncMethod } from "./internal/publicMethod.ts"
import type { SignalWireClient } from "./SignalWireClient.ts"
import type { SignalWireOptions } from "./SignalWireOptions.ts"

export type { Connection, SignalWireClient } from "./SignalWireClient.ts"
export type { SignalWireLogger, SignalWireOptions } from "./SignalWireOptions.ts"

/**
 * Creates a client. It resolves without contacting the server: the client sends requests when its methods are called,
 * and connects its socket when something subscribes.
 *
 * Rejects with a `ConversationError` of reason `Invalid`, which names the option, when an option is invalid.
 *
 * ```ts
 * import { SignalWire } from "@effect-signalwire/promise"
 *
 * await using client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] })
 * const page = await client.conversation.getConversations()
 * console.log(page.data)
 * ```
 */
export const SignalWire: (options?: SignalWireOptions) => Promise<SignalWireClient> = asyncMethod(
  "SignalWire",
  (_, options: SignalWireOptions = {}) => Client.make(normalizeOptions(options), Client.servicesOfPlatform)
)

/**
 * Creates a client like {@link SignalWire} does, but over the given transports instead of the platform's, such as those
 * of a backend in memory.
 */
export const makeWithTransports: (
  options: SignalWireOptions,
  transports: Layer.Layer<HttpClient | Socket.WebSocketConstructor>
) => Promise<SignalWireClient> = /* @__PURE__ */ asyncMethod(
  "SignalWire",
  (_, options: SignalWireOptions, transports: Layer.Layer<HttpClient | Socket.WebSocketConstructor>) =>
    Client.make(normalizeOptions(options), Client.servicesOver(transports))
)
