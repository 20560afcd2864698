/** Consumes a subscription or timeline in one process, batch by batch, and can be paused. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { OverflowPolicy } from "@effect-signalwire/conversation/Conversations"
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
import type { ExpectedSequence } from "./expectedSequence.ts"
import type { Mutation } from "./mutation.ts"
import { PlatformException } from "./platform.ts"
import { Violation } from "./Violation.ts"

/** Why a subscription or timeline has ended by itself. */
export type EndReason = ConversationError | "exception" | undefined

export interface ConsumerOptions {
  readonly device: Device
  readonly sequence: ExpectedSequence
  readonly addressId: string | undefined
  readonly policy: OverflowPolicy | undefined
  /** The `timeout` of the subscription, milliseconds. */
  readonly timeout: number | undefined
  readonly mutation: Mutation | undefined
  readonly now: () => number
  readonly note: (text: string) => void
  readonly onItem: (item: ConversationEvent | TimelineEvent.TimelineEvent) => void
  readonly onEnd: (consumer: Consumer, end: EndReason) => void
}

export class Consumer {
  readonly options: ConsumerOptions
  /** When it was created, virtual Unix milliseconds. */
  readonly attachedAt: number
  /** `ending`: its process ends, which ends the stream. */
  state: "open" | "ending" | "closed" | "ended" = "open"
  /** Whether the subscription has started in this process. */
  hasStarted = false
  #gate = Latch.makeUnsafe(true)
  #fiber: Fiber.Fiber<void, ConversationError>
  isPaused = false
  /** When it was last resumed after a pause. */
  resumedAt = Number.NEGATIVE_INFINITY

  constructor(options: ConsumerOptions) {
    this.options = options
    this.attachedAt = options.now()
    const { device, sequence } = options
    device.options.rates.onSubscribe()
    this.#fiber = device.options.environment.fork(Effect.scoped(this.#run()))
    this.#fiber.addObserver((exit) => {
      if (this.state !== "open") return
      this.state = "ended"
      const end = endOf(exit)
      // failed checks are reported by the environment
      if (end === "defect") return
      options.note(`${sequence.name} ends: ${end instanceof ConversationError ? end.reason._tag : end ?? "no reason"}`)
      options.onEnd(this, end)
    })
  }

  readonly #run = Effect.fnUntraced(function*(this: Consumer) {
    const { addressId, device: { client }, sequence, policy, timeout } = this.options
    const { cursor, guarantees: { since } } = sequence
    // only a subscription without a cursor may drop messages
    const continuity = cursor === undefined ? { policy } : { cursor }
    const { pushedAt } = this.options.device.options.network.sockets
    if (addressId === undefined) {
      const events = yield* this.#impatient(client.subscription({
        ...continuity,
        timeout,
        onGap: (gap) =>
          Effect.sync(() => {
            this.options.note(`${sequence.name} < ${describe(gap)}`)
            sequence.receive(gap, this.options.now(), pushedAt)
          })
      }))
      this.#start()
      yield* this.#read(events, (event) => sequence.receiveMessage(event, undefined, pushedAt.get(event.id)))
    } else {
      yield* this.#read(
        client.timeline({ addressId, since, timeout, ...continuity }),
        (event, at) => sequence.receive(event, at, pushedAt)
      )
    }
  }).bind(this)

  #start(): void {
    this.hasStarted = true
    this.options.sequence.start()
  }

  /** Fails after 3 seconds in the mutation `failInOutage`. */
  #impatient<A, R>(begin: Effect.Effect<A, ConversationError, R>): Effect.Effect<A, ConversationError, R> {
    if (this.options.mutation !== "failInOutage") return begin
    const reason = new Transport({ detail: "mutation" })
    return Effect.timeoutOrElse(begin, {
      duration: 3000,
      orElse: () => Effect.fail(new ConversationError({ method: "subscribe", reason }))
    })
  }

  #read<A extends ConversationEvent | TimelineEvent.TimelineEvent>(
    items: Stream.Stream<A, ConversationError>,
    take: (item: A, at: number) => void
  ): Effect.Effect<void, ConversationError> {
    const { device: { options: { exceptions } }, sequence, mutation } = this.options
    return Stream.runForEachArray(mutated(items, mutation), (batch) => {
      const at = this.options.now()
      if (mutation === "propagateExceptions" && exceptions.last !== undefined) return Effect.die(exceptions.last)
      this.#start()
      return Effect.forEach(batch, (item) =>
        Effect.andThen(
          this.#gate.await,
          Effect.sync(() => {
            if (this.state === "closed") {
              throw new Violation(`${sequence.name}: a message is delivered after the end (P7.2)`)
            }
            this.options.onItem(item)
            this.options.note(`${sequence.name} < ${describe(item)}`)
            take(item, at)
          })
        ), { discard: true })
    })
  }

  pause(): void {
    this.isPaused = true
    this.#gate.closeUnsafe()
  }

  resume(): void {
    this.options.device.options.rates.onSubscribe()
    this.resumedAt = this.options.now()
    this.isPaused = false
    this.#gate.openUnsafe()
  }

  /** Unsubscribes. */
  close(): void {
    if (this.state !== "open" && this.state !== "ending") return
    this.state = "closed"
    this.#fiber.interruptUnsafe()
  }

  /** Its process ends: from now on it may end without a reason, and is not paused. */
  expectEnd(): void {
    if (this.state === "open") this.state = "ending"
    this.#gate.openUnsafe()
  }

  /** Whether its fiber has ended. */
  get hasEnded(): boolean {
    return this.#fiber.pollUnsafe() !== undefined
  }
}

const endOf = (exit: Exit.Exit<void, ConversationError>): EndReason | "defect" => {
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

const mutated = <A extends ConversationEvent | TimelineEvent.TimelineEvent>(
  items: Stream.Stream<A, ConversationError>,
  mutation: Mutation | undefined
): Stream.Stream<A, ConversationError> => {
  if (mutation === "delayDelivery") return Stream.tap(items, () => Effect.sleep(60_000))
  if (mutation !== "loseMessages" && mutation !== "repeatMessages") return items
  let count = 0
  return Stream.flatMap(items, (item) => {
    if (!isMessage(item) || ++count % 7 > 0) return Stream.succeed(item)
    return mutation === "loseMessages" ? Stream.empty : Stream.make(item, item)
  })
}
