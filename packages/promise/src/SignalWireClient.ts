/**
 * The client that `SignalWire` creates.
 *
 * @since 0.1.0
 */
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type { AddressApi } from "./AddressApi.ts"
import type { ChatApi } from "./ChatApi.ts"
import type { ConversationApi } from "./ConversationApi.ts"
import type { RunOptions } from "./RunOptions.ts"

/** The connection that delivers messages: its state, with a reason while messages do not arrive. */
export interface Connection {
  /** The current state. It is `Idle` until the first subscription. */
  readonly state: ConnectionState
  /**
   * Calls a callback with the current state and then with every change; the last state is `Closed`. Returns a function
   * that stops the calls. Whatever the callback throws or rejects with is logged.
   *
   * Throws a `ConversationError` of reason `Invalid` when `callback` is not a function.
   */
  readonly onChange: (callback: (state: ConnectionState) => void) => () => void
  /**
   * Resolves when the client has a session, and opens one if nothing is subscribed. It waits without limit for failures
   * that may recover; pass a `signal` to give up.
   *
   * Rejects with a `ConversationError`: the reason of the state when that becomes `Failed`, or `Closed` once the client
   * is disconnected. If `signal` is aborted, it rejects with the signal's own reason.
   */
  readonly ready: (options?: RunOptions) => Promise<void>
}

/** A client. It connects when something subscribes, and uses one session for everything. */
export interface SignalWireClient extends AsyncDisposable {
  /** The documented methods, for all conversations and all kinds of messages. */
  readonly conversation: ConversationApi
  /** The same methods for chat messages only, without the log entries of calls. */
  readonly chat: ChatApi
  /** Looks up the addresses of rooms, subscribers and other parties that have conversations. */
  readonly address: AddressApi
  /** The connection that delivers messages: its state, with a reason while messages do not arrive. */
  readonly connection: Connection
  /**
   * Replaces the token, for HTTP requests and the socket alike. Later calls use the new token, and everything that was
   * waiting for one continues at once. It resolves without asking the server, so a token that the server refuses only
   * shows with the next call.
   *
   * Rejects with a `ConversationError`: `Invalid` when the token is malformed, `Closed` when the client is
   * disconnected.
   */
  readonly updateToken: (token: string) => Promise<void>
  /**
   * Reconnects now: skips the wait before the next attempt, or replaces the current session. It resolves without
   * waiting for the new session; use {@link Connection.ready} for that. The long-term limit of ten connection attempts
   * per minute (`dialsPerMinute`) applies to these too.
   *
   * Rejects with a `ConversationError` of reason `Closed` when the client is disconnected. If `signal` is aborted, it
   * rejects with the signal's own reason.
   */
  readonly reconnect: (options?: RunOptions) => Promise<void>
  /**
   * Ends every subscription, iteration and call, closes the socket, and resolves when that is done. Calls in progress
   * and later calls reject with reason `Closed`; running iterations end. It never rejects, and calling it more than
   * once is safe. `await using` calls it as well.
   */
  readonly disconnect: () => Promise<void>
}
