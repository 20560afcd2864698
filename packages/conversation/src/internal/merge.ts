/**
 * The merge of history, live events and re-reads into one sequence without repetition. It does no I/O: it is told what
 * was read and says what is new.
 *
 * - Nothing twice: an id that was let through is never let through again, as long as a re-read can reach it.
 * - In order: what one read brings is let through by position; what stands before the frontier is marked late.
 * - Bounded: it remembers ids of a window, not of a lifetime.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { compare, type Position } from "./position.ts"
import * as Seen from "./seen.ts"

/** A message let through; `late` when one that stands after it was let through before. */
export interface Admitted<M> {
  readonly message: M
  readonly late: boolean
}

export interface Merge {
  /** The furthest position let through or taken note of; `null` when there was none. */
  readonly frontier: () => Position | null
  /** How far back a re-read must go, in unix seconds; `null` for all the way. */
  readonly readBackTo: () => number | null
  /** Takes note of messages that are not to be let through: what stood before the beginning. */
  readonly note: (messages: ReadonlyArray<ConversationMessage>) => void
  /** Lets a message through unless it was seen. */
  readonly admit: <M extends ConversationMessage>(message: M) => Admitted<M> | undefined
  /** Lets through what of a read is new, by position. */
  readonly admitAll: <M extends ConversationMessage>(messages: ReadonlyArray<M>) => ReadonlyArray<Admitted<M>>
}

export interface Options {
  /** How far before the frontier a re-read goes, for messages that became visible late. Seconds. */
  readonly overlapSeconds: number
  /** How many ids to remember at least. */
  readonly memory: number
}

export const make = (options: Options): Merge => {
  let frontier: Position | null = null
  const readBackTo = () => frontier === null ? null : frontier.epochSeconds - options.overlapSeconds
  const seen = Seen.make({ size: options.memory, keepFrom: () => readBackTo() ?? Number.NEGATIVE_INFINITY })

  /** Whether the position stands after the frontier, which it then is. */
  const advance = (position: Position): boolean => {
    if (frontier !== null && compare(position, frontier) <= 0) return false
    frontier = { epochSeconds: position.epochSeconds, id: position.id }
    return true
  }

  const admit: Merge["admit"] = (message) =>
    seen.add(message.id, message.epochSeconds) ? { message, late: !advance(message) } : undefined

  return {
    frontier: () => frontier,
    readBackTo,
    note: (messages) => {
      for (const message of messages) {
        seen.add(message.id, message.epochSeconds)
        advance(message)
      }
    },
    admit,
    admitAll: (messages) => messages.toSorted(compare).flatMap((message) => admit(message) ?? [])
  }
}
