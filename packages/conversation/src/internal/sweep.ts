/**
 * When to look into history although nothing says that anything is missing: servers forget to push. Each look that finds
 * nothing makes the next one later, one that finds something makes it soon again.
 */
import { Mailbox } from "@effect-signalwire/schema/Mailbox"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"

/** Milliseconds. */
export interface Options {
  readonly minMillis: number
  readonly maxMillis: number
}

export interface Subscriber {
  readonly connection: Effect.Effect<ConnectionState>
  /** Asks the subscriber to look, when its turn comes. */
  readonly mark: Effect.Effect<void>
}

export class Sweep {
  private readonly options: Options
  private readonly subscriber: Subscriber
  private readonly looks = new Mailbox<number>()
  private millis: number

  constructor(options: Options, subscriber: Subscriber) {
    this.options = options
    this.subscriber = subscriber
    this.millis = options.minMillis
  }

  /** Tells that history was looked into, for whatever reason, and how many messages that found. */
  looked(found: number): void {
    this.looks.clear()
    this.looks.add(found)
  }

  /** Asks for a look again and again, one at a time, while the session is connected. */
  get run(): Effect.Effect<never> {
    const { looks, options, subscriber } = this
    return Effect.suspend(() => Effect.sleep(this.millis)).pipe(
      Effect.andThen(subscriber.connection),
      Effect.flatMap((state) =>
        state._tag === "Connected"
          ? Effect.suspend(() => {
            looks.clear()
            return Effect.andThen(subscriber.mark, looks.take)
          })
          : Effect.void
      ),
      Effect.map((found) => {
        if (found !== undefined) {
          this.millis = found[0] > 0 ? options.minMillis : Math.min(this.millis * 2, options.maxMillis)
        }
      }),
      Effect.forever
    )
  }
}
