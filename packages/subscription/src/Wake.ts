/**
 * Hints of the platform that now is a good moment to dial: the network is back, or the page is looked at again. A hint
 * ends the wait before the next dial, and has a live session ask the server for a sign of life.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Calls back with each hint, until the scope closes. */
export type Hints = (hint: () => void) => Effect.Effect<void, never, Scope.Scope>

const browser: Hints = (hint) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const controller = new AbortController()
      const { signal } = controller
      globalThis.addEventListener("online", hint, { signal })
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") hint()
      }, { signal })
      return controller
    }),
    (controller) => Effect.sync(() => controller.abort())
  )

/** What browsers tell: `online`, and a page that becomes visible. Elsewhere nothing. */
export const platform: Hints = typeof document === "undefined" ? () => Effect.void : browser

/** The hints in use; replace it where a platform has others, such as an app that comes to the foreground. */
export const Wake: Context.Reference<Hints> = Context.Reference("@effect-signalwire/subscription/Wake", {
  defaultValue: () => platform
})
