/**
 * Signals of the platform about its network. `wake`: now is a good moment to dial, as the network is back, or the page is
 * looked at again. `offline`: the network is gone. A `wake` ends the wait before the next dial; either has a live session
 * ask the server for a sign of life.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What the platform signals. */
export type WakeSignal = "wake" | "offline"

/** Calls back with each signal, until the scope closes. */
export type Hints = (hint: (signal: WakeSignal) => void) => Effect.Effect<void, never, Scope.Scope>

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

const browser: Hints = (hint) =>
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

/** What browsers signal: `online`, `offline`, and a page that becomes visible. Elsewhere nothing. */
export const platform: Hints = typeof document === "undefined" ? () => Effect.void : browser

/** The signals in use; replace it where a platform has others, such as an app that comes to the foreground. */
export const Wake: Context.Reference<Hints> = Context.Reference("@effect-signalwire/subscription/Wake", {
  defaultValue: () => platform
})
