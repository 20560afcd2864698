/**
 * Signals of the platform about its network, for a client that dials at the right moment. Browsers have some; elsewhere
 * provide {@link Wake}.
 *
 * ```ts
 * import { Wake } from "@effect-signalwire/subscription/Wake"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * declare const onForeground: (callback: () => void) => { readonly remove: () => void }
 *
 * // an app that comes to the foreground; provide this to the client's layer
 * export const layer = Layer.succeed(Wake, (signal) =>
 *   Effect.acquireRelease(
 *     Effect.sync(() => onForeground(() => signal("wake"))),
 *     (listener) => Effect.sync(() => listener.remove())
 *   ))
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What the platform signals.
 *
 * - `wake`: now is a good moment to dial, since the network is back, or the page or app is visible again. It ends the
 *   wait before the next dial: three times at once, then once every 6 seconds.
 * - `offline`: the network is gone. The state of a session that is up becomes `Reconnecting`, until the server gives a
 *   sign of life.
 *
 * Either makes a session that is up ask the server for a sign of life, within the option `probeTimeout`.
 */
export type WakeSignal = "wake" | "offline"

/** Listens to the platform: calls back with each signal, until the scope closes. */
export type WakeSignals = (hint: (signal: WakeSignal) => void) => Effect.Effect<void, never, Scope.Scope>

/** Something that can be listened to. There are platforms whose `document` is no such thing. */
interface Target {
  readonly addEventListener: (type: string, listener: () => void) => void
  readonly removeEventListener: (type: string, listener: () => void) => void
}

const isTarget = (value: unknown): value is Target =>
  typeof value === "object" && value !== null &&
  "addEventListener" in value && typeof value.addEventListener === "function"

const listen = (target: unknown, type: string, listener: () => void): () => void => {
  if (!isTarget(target)) return () => {}
  target.addEventListener(type, listener)
  return () => target.removeEventListener(type, listener)
}

const browser: WakeSignals = (hint) =>
  Effect.acquireRelease(
    Effect.sync(() => [
      listen(globalThis, "online", () => hint("wake")),
      listen(globalThis, "offline", () => hint("offline")),
      listen(document, "visibilitychange", () => {
        if (document.visibilityState === "visible") hint("wake")
      })
    ]),
    (stops) => Effect.sync(() => stops.forEach((stop) => stop()))
  )

/**
 * The signals of browsers: `online` and a page that becomes visible are `wake`, `offline` is `offline`. Elsewhere there
 * are none.
 */
export const platform: WakeSignals = typeof document === "undefined" ? () => Effect.void : browser

/** The signals in use when a client is made. @default {@link platform} */
export const Wake: Context.Reference<WakeSignals> = Context.Reference("@effect-signalwire/subscription/Wake", {
  defaultValue: () => platform
})
