/**
 * A scheduler for browsers that yields to the event loop by a message to itself. Effect's scheduler uses `setImmediate`
 * or, where that does not exist, `setTimeout`, which browsers throttle: to at least 1 ms, to 4 ms for nested timers,
 * and to a second in a background tab. Messages are not throttled.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"

/** The part of a `MessageChannel` that the scheduler uses. */
export interface Channel {
  /** Receives the messages. */
  readonly port1: {
    readonly addEventListener: (type: "message", listener: () => void) => void
    readonly start: () => void
    /** Exists in Node only, where the channel must not keep the process alive. */
    readonly unref?: () => void
  }
  /** Sends the messages. */
  readonly port2: { readonly postMessage: (message: null) => void }
}

/**
 * Makes a scheduler that yields by messages over a channel.
 *
 * @category constructors
 */
export const make = ({ port1, port2 }: Channel): Scheduler.Scheduler => {
  const tasks: Array<() => void> = []
  port1.addEventListener("message", () => tasks.shift()?.())
  port1.start()
  port1.unref?.()
  return new Scheduler.MixedScheduler("async", (task) => {
    let isActive = true
    tasks.push(() => {
      if (isActive) task()
    })
    port2.postMessage(null)
    return () => {
      isActive = false
    }
  })
}

/** Only pages and their workers need it; on servers, a channel of one request must not be used by another. */
const isNeeded = () =>
  !("setImmediate" in globalThis) && "MessageChannel" in globalThis &&
  ("document" in globalThis || "importScripts" in globalThis)

let shared: Scheduler.Scheduler | undefined

/**
 * Returns the scheduler that all clients in a page share, or `None` on platforms that do not need it. It is made
 * by the first call.
 *
 * @category constructors
 */
export const forPlatform = (): Option.Option<Scheduler.Scheduler> =>
  isNeeded() ? Option.some(shared ??= make(new MessageChannel())) : Option.none()

/**
 * Provides the scheduler on platforms that need it. Provide the layer to the whole program.
 *
 * @category layers
 */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.suspend(() =>
  Option.match(forPlatform(), { onNone: () => Layer.empty, onSome: Layer.succeed(Scheduler.Scheduler) })
)
