/**
 * Signals of the platform about its network, which let a client reconnect at the right moment. Browsers have them;
 * elsewhere, provide {@link Wake}.
 *
 * ```ts
 * import { Wake, type WakeSignal } from "@effect-signalwire/subscription/Wake"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Queue from "effect/Queue"
 * import * as Stream from "effect/Stream"
 *
 * declare const onForeground: (callback: () => void) => { readonly remove: () => void }
 *
 * // an app that comes to the foreground; provide this to the client's layer
 * export const layer = Layer.succeed(
 *   Wake,
 *   Stream.callback<WakeSignal>((queue) =>
 *     Effect.acquireRelease(
 *       Effect.sync(() => onForeground(() => Queue.offerUnsafe(queue, "wake"))),
 *       (listener) => Effect.sync(() => listener.remove())
 *     )
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/**
 * A signal of the platform.
 *
 * - `wake`: now is a good moment to connect, since the network is back, or the page or app is visible again. It ends
 *   the wait before the next dial: up to three times at once, then once every 6 seconds.
 * - `offline`: the network is gone. A connection that is up becomes `Reconnecting` until the server sends something.
 *
 * Either makes a client with a session ping the server, and end the session if nothing arrives within the option
 * `probeTimeout`.
 */
export type WakeSignal = "wake" | "offline"

interface EventTargetLike {
  readonly addEventListener: (type: string, listener: () => void) => void
  readonly removeEventListener: (type: string, listener: () => void) => void
}

const listen = (target: EventTargetLike, type: string, listener: () => void): () => void => {
  // some platforms have a `document` that is not an event target
  if (typeof target.addEventListener !== "function") return () => {}
  target.addEventListener(type, listener)
  return () => target.removeEventListener(type, listener)
}

const listenToPlatform: Streams.Listen<WakeSignal> = (callback) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      typeof document === "undefined" ? [] : [
        listen(globalThis, "online", () => callback("wake")),
        listen(globalThis, "offline", () => callback("offline")),
        listen(document, "visibilitychange", () => {
          if (document.visibilityState === "visible") callback("wake")
        })
      ]
    ),
    (unlisteners) => Effect.sync(() => unlisteners.forEach((unlisten) => unlisten()))
  )

/**
 * The signals of the platform. In browsers, the event `online` and a page that becomes visible are `wake`, and the
 * event `offline` is `offline`. On other platforms there are none.
 */
export const platform: Stream.Stream<WakeSignal> = /* @__PURE__ */ Streams.fromListen(listenToPlatform)

/** The signals that a client listens to. They are read when the client is made. @default {@link platform} */
export const Wake: Context.Reference<Stream.Stream<WakeSignal>> = Context.Reference(
  "@effect-signalwire/subscription/Wake",
  {
    defaultValue: () => platform
  }
)
