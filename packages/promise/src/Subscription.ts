/**
 * Subscriptions by callback: their options, and the handle that ends them.
 *
 * @since 0.1.0
 */
import type * as Conversations from "@effect-signalwire/conversation/Conversations"
import type * as Documented from "@effect-signalwire/schema/Documented"
import type * as Duration from "effect/Duration"
import type { RunOptions } from "./RunOptions.ts"
import type { Gap } from "./TimelineEvent.ts"

/**
 * A callback that is called with every message as it arrives. If it returns a Promise, that Promise is awaited before
 * the next call, unless `concurrency` allows more. Whatever it throws or rejects with is passed to `onError`.
 */
export type OnMessage = (message: Documented.ConversationEvent) => unknown

/** The options of a subscription. The `signal` also ends a subscription that is already running. */
export interface SubscribeOptions extends RunOptions {
  /**
   * What happens when messages arrive faster than the callback handles them. `"suspend"` keeps all of them;
   * `{ strategy: "sliding", capacity }` drops the oldest, and `{ strategy: "dropping", capacity }` the newest.
   * @default "suspend"
   */
  readonly policy?: Conversations.OverflowPolicy | undefined
  /**
   * How many Promises returned by the callback may be pending at the same time. With 1, messages are handled strictly
   * one after the other, and those that arrive in the meantime are kept as `policy` says. A call that has kept others
   * waiting for 30 seconds is reported to the logger.
   * @default 1
   */
  readonly concurrency?: number | undefined
  /**
   * How long `subscribe` may take before it rejects with reason `Timeout`: milliseconds, or a string such as
   * `"5 seconds"`. By default it waits for as long as the client may recover; `client.connection` says what it is
   * waiting for.
   * @default no limit
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * Called when messages may be missing because history does not reach back over an interruption. It is called before
   * the callback receives the messages that follow the gap.
   * @default a warning is logged
   */
  readonly onGap?: ((gap: Gap) => void) | undefined
  /**
   * Called with what goes wrong in this subscription; other subscriptions are not affected:
   *
   * - whatever `callback` or `onGap` throws or rejects with, which can be any value. The subscription continues.
   * - a `ConversationError` of reason `Unauthorized`, once for each token that is refused when `onRefreshToken` can't
   *   replace it. The subscription waits for `client.updateToken`.
   * - a `ConversationError` of any other reason: the failure that ended the subscription.
   *
   * ```ts
   * import { ConversationError, type SubscribeOptions } from "@effect-signalwire/promise"
   *
   * export const onError: SubscribeOptions["onError"] = (error) => {
   *   if (error instanceof ConversationError) console.error(error.message, error.remediation)
   *   else console.error("the callback failed:", error instanceof Error ? error.message : error)
   * }
   * ```
   * @default errors are logged
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A running subscription. */
export interface Subscription extends AsyncDisposable {
  /**
   * Ends the subscription; the callback is not called again. It never rejects, and calling it more than once is safe.
   */
  readonly unsubscribe: () => Promise<void>
}
