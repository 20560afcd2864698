/** Somebody who follows a sequence in one process: reads it batch by batch, and pauses when told to. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { Policy } from "@effect-signalwire/conversation/Conversations"
import type * as TimelineEvent from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { Transport } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import type { Device } from "./device.ts"
import type { Lineage } from "./lineage.ts"
import { PlatformException } from "./platform.ts"
import type { Sabotage } from "./sabotage.ts"
import { Violation } from "./Violation.ts"

/** How somebody's reading came to an end of its own. */
export type End = ConversationError | "exception" | undefined

export interface ConsumerOptions {
  readonly device: Device
  readonly lineage: Lineage
  readonly addressId: string | undefined
  readonly policy: Policy | undefined
  /** How long it waits for the beginning, milliseconds; `undefined` for as long as it takes. */
  readonly timeout: number | undefined
  readonly sabotage: Sabotage | undefined
  readonly now: () => number
  readonly note: (text: string) => void
  readonly onItem: (item: ConversationEvent | TimelineEvent.TimelineEvent) => void
  readonly onEnd: (consumer: Consumer, end: End) => void
}

export class Consumer {
  readonly options: ConsumerOptions
  /** When it was attached to this process. */
  readonly attachedAt: number
  state: "open" | "closed" | "ended" = "open"
  /** It has begun in this process. */
  isBegun = false
  #gate = Latch.makeUnsafe(true)
  #fiber: Fiber.Fiber<void, ConversationError>
  paused = false
  /** When it went on last after a pause. */
  wentOnAt = Number.NEGATIVE_INFINITY

  constructor(options: ConsumerOptions) {
    this.options = options
    this.attachedAt = options.now()
    const { device, lineage } = options
    device.options.conduct.begins()
    this.#fiber = device.options.environment.fork(Effect.scoped(this.#follow()))
    this.#fiber.addObserver((exit) => {
      if (this.state === "closed") return
      this.state = "ended"
      const end = endOf(exit)
      // what is wrong here, and not in the client, is told where it is found
      if (end === "defect") return
      options.note(`${lineage.name} ends: ${end instanceof ConversationError ? end.reason._tag : end ?? "no reason"}`)
      options.onEnd(this, end)
    })
  }

  readonly #follow = Effect.fnUntraced(function*(this: Consumer) {
    const { addressId, device: { client }, lineage, policy, timeout } = this.options
    const { cursor, terms: { since } } = lineage
    const { pushedAt } = this.options.device.options.network
    if (addressId === undefined) {
      const events = yield* this.#hasty(client.subscription({
        policy,
        cursor,
        timeout,
        onGap: (gap) =>
          Effect.sync(() => {
            this.options.note(`${lineage.name} < ${describe(gap)}`)
            lineage.event(gap, this.options.now(), pushedAt)
          })
      }))
      this.#opens()
      yield* this.#read(events, (event) => lineage.message(event, undefined, pushedAt.get(event.id)))
    } else {
      yield* this.#read(
        client.timeline({ addressId, since, policy, cursor, timeout }),
        (event, at) => lineage.event(event, at, pushedAt)
      )
    }
  }).bind(this)

  #opens(): void {
    this.isBegun = true
    this.options.lineage.open()
  }

  /** As it is, unless it was sabotaged to fail for what heals. */
  #hasty<A, R>(begin: Effect.Effect<A, ConversationError, R>): Effect.Effect<A, ConversationError, R> {
    if (this.options.sabotage !== "quit") return begin
    const reason = new Transport({ detail: "sabotage" })
    return Effect.timeoutOrElse(begin, {
      duration: 3000,
      orElse: () => Effect.fail(new ConversationError({ method: "subscribe", reason }))
    })
  }

  #read<A extends ConversationEvent | TimelineEvent.TimelineEvent>(
    items: Stream.Stream<A, ConversationError>,
    take: (item: A, at: number) => void
  ): Effect.Effect<void, ConversationError> {
    const { device: { options: { exceptions } }, lineage, sabotage } = this.options
    return Stream.runForEachArray(sabotaged(items, sabotage), (batch) => {
      const at = this.options.now()
      if (sabotage === "die" && exceptions.last !== undefined) return Effect.die(exceptions.last)
      this.#opens()
      return Effect.forEach(batch, (item) =>
        Effect.andThen(
          this.#gate.await,
          Effect.sync(() => {
            if (this.state !== "open") throw new Violation(`${lineage.name}: something comes after the end (P7.2)`)
            this.options.onItem(item)
            this.options.note(`${lineage.name} < ${describe(item)}`)
            take(item, at)
          })
        ), { discard: true })
    })
  }

  pause(): void {
    this.paused = true
    this.#gate.closeUnsafe()
  }

  go(): void {
    this.options.device.options.conduct.begins()
    this.wentOnAt = this.options.now()
    this.paused = false
    this.#gate.openUnsafe()
  }

  /** Unsubscribes. */
  close(): void {
    if (this.state !== "open") return
    this.state = "closed"
    this.#fiber.interruptUnsafe()
  }

  /** Whether it has come to its end. */
  get isOver(): boolean {
    return this.#fiber.pollUnsafe() !== undefined
  }
}

const endOf = (exit: Exit.Exit<void, ConversationError>): End | "defect" => {
  if (Exit.isSuccess(exit)) return undefined
  if (Cause.hasDies(exit.cause)) return Cause.squash(exit.cause) instanceof PlatformException ? "exception" : "defect"
  const error = Cause.findErrorOption(exit.cause)
  return error._tag === "Some" ? error.value : undefined
}

const describe = (item: ConversationEvent | TimelineEvent.TimelineEvent): string => {
  if (!("_tag" in item)) return item.text ?? item.id
  switch (item._tag) {
    case "Message":
      return `${item.message.text}${item.late ? " (late)" : ""}`
    case "CaughtUp":
      return "caught up"
    case "Gap":
      return `a gap: ${item.reason}`
  }
}

const isMessage = (item: ConversationEvent | TimelineEvent.TimelineEvent): boolean =>
  !("_tag" in item) || item._tag === "Message"

const sabotaged = <A extends ConversationEvent | TimelineEvent.TimelineEvent>(
  items: Stream.Stream<A, ConversationError>,
  sabotage: Sabotage | undefined
): Stream.Stream<A, ConversationError> => {
  if (sabotage === "dawdle") return Stream.tap(items, () => Effect.sleep(60_000))
  if (sabotage !== "lose" && sabotage !== "repeat") return items
  let count = 0
  return Stream.flatMap(items, (item) => {
    if (!isMessage(item) || ++count % 7 > 0) return Stream.succeed(item)
    return sabotage === "lose" ? Stream.empty : Stream.make(item, item)
  })
}
