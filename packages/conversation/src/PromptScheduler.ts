/**
 * When fibers go on in a browser. Effect's scheduler hands over to the event loop by `setImmediate`, and where there is
 * none by `setTimeout`, which browsers hold back: for a millisecond at least, four when timers follow each other, and a
 * second in a tab that nobody looks at. A message to oneself is not held back.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"

/** As much of a `MessageChannel` as is needed. */
export interface Channel {
  /** Where messages arrive. */
  readonly port1: {
    readonly addEventListener: (type: "message", listener: () => void) => void
    readonly start: () => void
    /** On Node, where a page is only played: it must not keep the process alive. */
    readonly unref?: () => void
  }
  /** Where they are sent. */
  readonly port2: { readonly postMessage: (message: null) => void }
}

/**
 * A scheduler that hands over by messages to itself.
 *
 * @category constructors
 */
export const make = ({ port1, port2 }: Channel): Scheduler.Scheduler => {
  const tasks: Array<() => void> = []
  port1.addEventListener("message", () => tasks.shift()?.())
  port1.start()
  port1.unref?.()
  return new Scheduler.MixedScheduler("async", (task) => {
    let isOn = true
    tasks.push(() => {
      if (isOn) task()
    })
    port2.postMessage(null)
    return () => {
      isOn = false
    }
  })
}

/** In pages and their workers; elsewhere what one request made may not be used by another. */
const isNeeded = !("setImmediate" in globalThis) && "MessageChannel" in globalThis &&
  ("document" in globalThis || "importScripts" in globalThis)

let shared: Scheduler.Scheduler | undefined

/**
 * The scheduler of all clients in a page; nothing where the platform's own is as good. Made when first asked for.
 *
 * @category constructors
 */
export const forPlatform = (): Scheduler.Scheduler | undefined =>
  isNeeded ? shared ??= make(new MessageChannel()) : undefined

/**
 * Makes a program use it where it is needed: provide it to the whole program.
 *
 * @category layers
 */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.suspend(() => {
  const scheduler = forPlatform()
  return scheduler === undefined ? Layer.empty : Layer.succeed(Scheduler.Scheduler, scheduler)
})
