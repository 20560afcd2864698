/** Somebody who follows a sequence in one process: reads it batch by batch, and pauses when told to. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { Policy } from "@effect-signalwire/conversation/Conversations"
import type * as TimelineEvent from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import type { Device } from "./device.ts"
import type { Lineage } from "./lineage.ts"
import { Violation } from "./Violation.ts"

/** A client that is broken on purpose, to see that it is noticed. */
export type Sabotage = "lose" | "repeat"

export interface ConsumerOptions {
  readonly device: Device
  readonly lineage: Lineage
  readonly addressId: string | undefined
  readonly policy: Policy | undefined
  readonly sabotage: Sabotage | undefined
  readonly now: () => number
  readonly note: (text: string) => void
  readonly onItem: (item: ConversationEvent | TimelineEvent.TimelineEvent) => void
  readonly onEnd: (consumer: Consumer, error: ConversationError | undefined) => void
}

export class Consumer {
  readonly options: ConsumerOptions
  state: "open" | "closed" | "ended" = "open"
  #gate = Latch.makeUnsafe(true)
  #fiber: Fiber.Fiber<void, ConversationError>
  paused = false

  constructor(options: ConsumerOptions) {
    this.options = options
    const { device, lineage } = options
    this.#fiber = device.options.environment.fork(Effect.scoped(this.#follow()))
    this.#fiber.addObserver((exit) => {
      if (this.state === "closed") return
      this.state = "ended"
      if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) return
      const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
      options.note(`${lineage.name} ends: ${error?._tag === "Some" ? error.value.reason._tag : "no reason"}`)
      options.onEnd(this, error?._tag === "Some" ? error.value : undefined)
    })
  }

  readonly #follow = Effect.fnUntraced(function*(this: Consumer) {
    const { addressId, device: { client }, lineage, policy } = this.options
    const { cursor, terms: { since } } = lineage
    const { pushedAt } = this.options.device.options.network
    if (addressId === undefined) {
      const events = yield* client.subscription({
        policy,
        cursor,
        onGap: (gap) =>
          Effect.sync(() => {
            this.options.note(`${lineage.name} < ${describe(gap)}`)
            lineage.event(gap, this.options.now(), pushedAt)
          })
      })
      lineage.open(this.options.now())
      yield* this.#read(events, (event) => lineage.message(event, undefined, pushedAt.get(event.id)))
    } else {
      yield* this.#read(
        client.timeline({ addressId, since, policy, cursor }),
        (event, at) => lineage.event(event, at, pushedAt)
      )
    }
  }).bind(this)

  #read<A extends ConversationEvent | TimelineEvent.TimelineEvent>(
    items: Stream.Stream<A, ConversationError>,
    take: (item: A, at: number) => void
  ): Effect.Effect<void, ConversationError> {
    const { lineage } = this.options
    return Stream.runForEachArray(sabotaged(items, this.options.sabotage), (batch) => {
      const at = this.options.now()
      lineage.open(at)
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

/** Every seventh message is lost, or comes twice. */
const sabotaged = <A extends ConversationEvent | TimelineEvent.TimelineEvent>(
  items: Stream.Stream<A, ConversationError>,
  sabotage: Sabotage | undefined
): Stream.Stream<A, ConversationError> => {
  if (sabotage === undefined) return items
  let count = 0
  return Stream.flatMap(items, (item) => {
    if (!isMessage(item) || ++count % 7 > 0) return Stream.succeed(item)
    return sabotage === "lose" ? Stream.empty : Stream.make(item, item)
  })
}
