/**
 * The life of the connection as a table: what each phase becomes on each happening. It has no time, chance or I/O, and
 * a missing cell does not compile.
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"
import type { Backoff } from "./backoff.ts"

/** What a session leaves behind for the next one to go on with. */
export interface Resume {
  readonly protocol: string
  readonly authorizationState: string | null
}

/** Remedies already tried since the last session that became ready; each is tried once. */
export interface Tried {
  /** The token was renewed just before this dial. */
  readonly renewal: boolean
  readonly freshStart: boolean
}

/** What a dial needs to know. */
export interface Plan {
  readonly attempt: number
  readonly resume: Resume | null
  readonly tried: Tried
  /** Why the session before this dial ended; `null` for the first dial. */
  readonly lastReason: Reason | null
}

export type Phase =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Dialling"; readonly plan: Plan }
  | { readonly _tag: "Online"; readonly resume: Resume; readonly resumed: boolean }
  | { readonly _tag: "Renewing"; readonly plan: Plan; readonly reason: Reason }
  | { readonly _tag: "Waiting"; readonly plan: Plan; readonly reason: Reason; readonly delayMillis: number }
  | { readonly _tag: "Failed"; readonly reason: Reason }
  | { readonly _tag: "Closed" }

/** How a session ended, by what it takes to begin another. */
export type Ending =
  /** Healing: dial again and go on where it stopped. */
  | "lost"
  /** The server forgets the session: dial afresh. */
  | "restart"
  /** The token was refused. */
  | "unauthorized"
  /** What was sent to resume was refused. */
  | "stale"

export type Happening =
  | { readonly _tag: "Wanted" }
  | { readonly _tag: "Ready"; readonly resume: Resume; readonly resumed: boolean }
  | {
    readonly _tag: "Ended"
    readonly ending: Ending
    readonly reason: Reason
    /** What the session left behind; `null` when it never became ready. */
    readonly resume: Resume | null
    /** Chance for the backoff: at least 0, below 1. */
    readonly chance: number
  }
  | { readonly _tag: "Elapsed" }
  | { readonly _tag: "Renewed" }
  | {
    readonly _tag: "RenewalFailed"
    readonly reason: Reason
    /** Chance for the backoff: at least 0, below 1. */
    readonly chance: number
  }
  | { readonly _tag: "Closing" }

const nothingTried: Tried = { renewal: false, freshStart: false }

const firstDial: Phase = {
  _tag: "Dialling",
  plan: { attempt: 0, resume: null, tried: nothingTried, lastReason: null }
}

const closed: Phase = { _tag: "Closed" }

/** Waits before the next dial; the attempts since the last ready session decide how long. */
const wait = (plan: Plan, reason: Reason, chance: number, backoff: Backoff): Phase => ({
  _tag: "Waiting",
  plan: { ...plan, attempt: plan.attempt + 1, lastReason: reason },
  reason,
  delayMillis: backoff.delayMillis(plan.attempt, chance)
})

/** What follows the end of a session: the one place that decides what heals. */
const afterEnd = (
  plan: Plan,
  { chance, ending, reason, resume }: Extract<Happening, { readonly _tag: "Ended" }>,
  backoff: Backoff
): Phase => {
  const { tried } = plan
  switch (ending) {
    case "lost":
      // by the next dial the token may have expired again
      return wait(
        { ...plan, resume: resume ?? plan.resume, tried: { ...tried, renewal: false } },
        reason,
        chance,
        backoff
      )
    case "restart":
      return wait({ ...plan, resume: null }, reason, chance, backoff)
    case "unauthorized":
      return tried.renewal
        ? { _tag: "Failed", reason }
        : {
          _tag: "Renewing",
          reason,
          plan: { ...plan, resume: null, tried: { ...tried, renewal: true }, lastReason: reason }
        }
    case "stale":
      return tried.freshStart
        ? { _tag: "Failed", reason }
        : wait({ ...plan, resume: null, tried: { ...tried, freshStart: true } }, reason, chance, backoff)
  }
}

const phases = Data.taggedEnum<Phase>()
const happenings = Data.taggedEnum<Happening>()

/** The table. Happenings that a phase does not expect leave it as it is. */
export const step = (phase: Phase, happening: Happening, backoff: Backoff): Phase => {
  const stay = () => phase
  return phases.$match(phase, {
    Idle: () =>
      happenings.$match(happening, {
        Wanted: () => firstDial,
        Ready: stay,
        Ended: stay,
        Elapsed: stay,
        Renewed: stay,
        RenewalFailed: stay,
        Closing: () => closed
      }),
    Dialling: ({ plan }): Phase =>
      happenings.$match(happening, {
        Wanted: stay,
        Ready: ({ resume, resumed }): Phase => ({ _tag: "Online", resume, resumed }),
        Ended: (ended) => afterEnd(plan, ended, backoff),
        Elapsed: stay,
        Renewed: stay,
        RenewalFailed: stay,
        Closing: () => closed
      }),
    Online: ({ resume }): Phase =>
      happenings.$match(happening, {
        Wanted: stay,
        Ready: stay,
        Ended: (ended) => afterEnd({ attempt: 0, resume, tried: nothingTried, lastReason: null }, ended, backoff),
        Elapsed: stay,
        Renewed: stay,
        RenewalFailed: stay,
        Closing: () => closed
      }),
    Renewing: ({ plan }): Phase =>
      happenings.$match(happening, {
        Wanted: stay,
        Ready: stay,
        Ended: stay,
        Elapsed: stay,
        Renewed: (): Phase => ({ _tag: "Dialling", plan }),
        RenewalFailed: ({ chance, reason }): Phase =>
          reason.isRetryable
            ? wait({ ...plan, tried: { ...plan.tried, renewal: false } }, reason, chance, backoff)
            : { _tag: "Failed", reason },
        Closing: () => closed
      }),
    Waiting: ({ plan }): Phase =>
      happenings.$match(happening, {
        Wanted: stay,
        Ready: stay,
        Ended: stay,
        Elapsed: (): Phase => ({ _tag: "Dialling", plan }),
        Renewed: stay,
        RenewalFailed: stay,
        Closing: () => closed
      }),
    Failed: (): Phase =>
      happenings.$match(happening, {
        Wanted: () => firstDial,
        Ready: stay,
        Ended: stay,
        Elapsed: stay,
        Renewed: stay,
        RenewalFailed: stay,
        Closing: () => closed
      }),
    Closed: (): Phase =>
      happenings.$match(happening, {
        Wanted: stay,
        Ready: stay,
        Ended: stay,
        Elapsed: stay,
        Renewed: stay,
        RenewalFailed: stay,
        Closing: stay
      })
  })
}
