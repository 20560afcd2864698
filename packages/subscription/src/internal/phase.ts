/**
 * The life of the connection as a table: what each phase becomes on each happening. It has no time, chance or I/O. A
 * happening that a phase does not mention leaves it as it is; a happening that no phase mentions does not compile.
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"
import type { Backoff } from "./backoff.ts"

/** What a session leaves behind for the next one to go on with. */
export interface Resume {
  readonly protocol: string
  readonly authorizationState: string | null
}

/** What a dial needs to know. */
export interface Plan {
  /** How many dials failed, or led to sessions that did not last, since the last session that lasted. */
  readonly attempt: number
  readonly resume: Resume | null
  /** The token was renewed since the last session that lasted, or since the last dial that was lost. */
  readonly renewed: boolean
  /** How often in a row the server refused to begin a session afresh. */
  readonly refusedStarts: number
  /** Why the session before this dial ended; `null` for the first dial. */
  readonly lastReason: Reason | null
}

export type Phase =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Dialling"; readonly plan: Plan }
  | {
    readonly _tag: "Online"
    readonly plan: Plan
    readonly resume: Resume
    readonly resumed: boolean
    /** Why the connection may be dead, until the server gives a sign of life; `null` while nothing says so. */
    readonly doubt: Reason | null
  }
  /** Another token is asked for; `refusal` is why the last one was refused. */
  | { readonly _tag: "Renewing"; readonly plan: Plan; readonly refusal: Reason }
  | {
    readonly _tag: "Waiting"
    readonly plan: Plan
    readonly reason: Reason
    readonly delayMillis: number
    /** Why the token was refused, where another one is asked for after the wait; `null` where it dials. */
    readonly refusal: Reason | null
  }
  /** The token was refused, and nothing but another one helps. */
  | { readonly _tag: "Refused"; readonly plan: Plan; readonly reason: Reason }
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
  /** There is nothing to dial with. */
  | "unsupported"

export type Happening =
  | {
    readonly _tag: "Wanted"
    /** How long the server still asks to be left alone, and why; `null` when it does not. */
    readonly rest: { readonly delayMillis: number; readonly reason: Reason } | null
  }
  | { readonly _tag: "Ready"; readonly resume: Resume; readonly resumed: boolean }
  | {
    readonly _tag: "Ended"
    readonly ending: Ending
    readonly reason: Reason
    /** What the session left behind; `null` when it never became ready. */
    readonly resume: Resume | null
    /** Whether it was ready for long enough to begin the backoff anew. */
    readonly lasted: boolean
    /** How long the server asked to be left alone. */
    readonly retryAfterMillis: number
    /** Chance for the backoff: at least 0, below 1. */
    readonly chance: number
  }
  | { readonly _tag: "Elapsed" }
  /** Something says that now is a good moment to dial: the caller, or another token. */
  | { readonly _tag: "Nudged" }
  | { readonly _tag: "Renewed" }
  | {
    readonly _tag: "RenewalFailed"
    readonly reason: Reason
    /** Chance for the backoff: at least 0, below 1. */
    readonly chance: number
  }
  | { readonly _tag: "Doubted"; readonly reason: Reason }
  | { readonly _tag: "Confirmed" }
  /** What drives the connection can't go on. */
  | { readonly _tag: "Broken"; readonly reason: Reason }
  | { readonly _tag: "Closing" }

const firstPlan: Plan = { attempt: 0, resume: null, renewed: false, refusedStarts: 0, lastReason: null }

/** A server that refuses to begin a session so often in a row does not mean to. */
const maxRefusedStarts = 3

/** The first dial, or the wait for it: that nobody was there meanwhile does not end what the server asked for. */
const begin = ({ rest }: Extract<Happening, { readonly _tag: "Wanted" }>): Phase =>
  rest === null
    ? { _tag: "Dialling", plan: firstPlan }
    : { _tag: "Waiting", plan: { ...firstPlan, attempt: 1, lastReason: rest.reason }, ...rest, refusal: null }

const closed: Phase = { _tag: "Closed" }

/** Waits; the attempts since the last session that lasted decide how long. */
const wait = (
  plan: Plan,
  reason: Reason,
  chance: number,
  backoff: Backoff,
  { atLeastMillis = 0, refusal = null }: { readonly atLeastMillis?: number; readonly refusal?: Reason | null } = {}
): Phase => ({
  _tag: "Waiting",
  plan: { ...plan, attempt: plan.attempt + 1, lastReason: reason },
  reason,
  // those whom a server sends away together do not come back together
  delayMillis: Math.max(backoff.delayMillis(plan.attempt, chance), Math.round(atLeastMillis * (1 + chance / 4))),
  refusal
})

/** What follows the end of a session: the one place that decides what heals. */
const afterEnd = (
  { plan: last, resume: held }: { readonly plan: Plan; readonly resume: Resume | null },
  { chance, ending, lasted, reason, resume, retryAfterMillis }: Extract<Happening, { readonly _tag: "Ended" }>,
  backoff: Backoff
): Phase => {
  const plan = {
    ...last,
    ...(lasted ? { attempt: 0, renewed: false, refusedStarts: 0 } : undefined),
    resume: resume ?? held
  }
  switch (ending) {
    case "lost":
      // by the next dial the token may have expired again
      return wait({ ...plan, renewed: false }, reason, chance, backoff, { atLeastMillis: retryAfterMillis })
    case "restart":
      return wait({ ...plan, resume: null }, reason, chance, backoff, { atLeastMillis: retryAfterMillis })
    case "stale": {
      // one that was refused as it went on with another says nothing of those that begin afresh
      const refusedStarts = plan.resume === null ? plan.refusedStarts + 1 : plan.refusedStarts
      return refusedStarts >= maxRefusedStarts
        ? { _tag: "Failed", reason }
        : wait({ ...plan, resume: null, refusedStarts }, reason, chance, backoff, { atLeastMillis: retryAfterMillis })
    }
    case "unauthorized": {
      const afresh = { ...plan, resume: null, lastReason: reason }
      return plan.renewed
        ? wait(afresh, reason, chance, backoff, { refusal: reason })
        : { _tag: "Renewing", refusal: reason, plan: { ...afresh, renewed: true } }
    }
    case "unsupported":
      return { _tag: "Failed", reason }
  }
}

const phases = Data.taggedEnum<Phase>()
const happenings = Data.taggedEnum<Happening>()

/** The table. */
export const step = (phase: Phase, happening: Happening, backoff: Backoff): Phase => {
  const stay = () => phase
  /** What a phase becomes unless it says otherwise. */
  const others = {
    Wanted: stay,
    Ready: stay,
    Ended: stay,
    Elapsed: stay,
    Nudged: stay,
    Renewed: stay,
    RenewalFailed: stay,
    Doubted: stay,
    Confirmed: stay,
    Broken: ({ reason }: Extract<Happening, { readonly _tag: "Broken" }>): Phase => ({ _tag: "Failed", reason }),
    Closing: () => closed
  }
  return phases.$match(phase, {
    Idle: () => happenings.$match(happening, { ...others, Wanted: begin }),
    Dialling: ({ plan }): Phase =>
      happenings.$match(happening, {
        ...others,
        Ready: ({ resume, resumed }): Phase => ({ _tag: "Online", plan, resume, resumed, doubt: null }),
        Ended: (ended) => afterEnd({ plan, resume: plan.resume }, ended, backoff)
      }),
    Online: (online): Phase =>
      happenings.$match(happening, {
        ...others,
        Ended: (ended) => afterEnd(online, ended, backoff),
        Doubted: ({ reason }): Phase => ({ ...online, doubt: reason }),
        Confirmed: (): Phase => online.doubt === null ? online : { ...online, doubt: null }
      }),
    Renewing: ({ plan, refusal }): Phase =>
      happenings.$match(happening, {
        ...others,
        Nudged: (): Phase => ({ _tag: "Dialling", plan }),
        Renewed: (): Phase => ({ _tag: "Dialling", plan }),
        RenewalFailed: ({ chance, reason: failure }): Phase =>
          failure.isRetryable
            ? wait(plan, failure, chance, backoff, { refusal })
            : { _tag: "Refused", plan: { ...plan, lastReason: refusal }, reason: failure }
      }),
    Waiting: ({ plan, refusal }): Phase =>
      happenings.$match(happening, {
        ...others,
        Nudged: (): Phase => ({ _tag: "Dialling", plan }),
        Elapsed: (): Phase => refusal === null ? { _tag: "Dialling", plan } : { _tag: "Renewing", plan, refusal }
      }),
    Refused: ({ plan }): Phase =>
      happenings.$match(happening, {
        ...others,
        Nudged: (): Phase => ({ _tag: "Dialling", plan: { ...plan, renewed: false } })
      }),
    Failed: () => happenings.$match(happening, { ...others, Wanted: begin, Broken: stay }),
    Closed: () => happenings.$match(happening, { ...others, Broken: stay, Closing: stay })
  })
}
