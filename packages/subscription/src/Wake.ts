/**
 * Hints of the platform that now is a good moment to dial: the network is back, or the page is looked at again. A hint
 * ends the wait before the next dial, and has a live session ask the server for a sign of life.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

const browser: Stream.Stream<void> = Stream.callback((queue) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const controller = new AbortController()
      const { signal } = controller
      const hint = () => void Queue.offerUnsafe(queue, undefined)
      globalThis.addEventListener("online", hint, { signal })
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") hint()
      }, { signal })
      return controller
    }),
    (controller) => Effect.sync(() => controller.abort())
  )
)

/** What browsers tell: `online`, and a page that becomes visible. Elsewhere nothing. */
export const platform: Stream.Stream<void> = typeof document === "undefined" ? Stream.never : browser

/** The hints in use; replace it where a platform has others, such as an app that comes to the foreground. */
export const Wake: Context.Reference<Stream.Stream<void>> = Context.Reference("@effect-signalwire/subscription/Wake", {
  defaultValue: () => platform
})
