/**
 * The state machine of the connection: {@link transition} returns the next {@link State} for a state and an
 * {@link Event}. It is pure: no time, randomness or I/O. `connectionDriver.ts` performs what each state requires and
 * sends the events.
 *
 * ```text
 * Event \ State       Idle      Connecting   Connected     RefreshingToken  BackingOff       AwaitingToken  Failed
 * ------------------  --------  -----------  ------------  ---------------  ---------------  -------------  --------
 * Start               begin     -            -             -                -                -              begin
 * SessionReady        -         Connected    -             -                -                -              -
 * SessionEnded        -         outcome      outcome       -                -                -              -
 * DelayComputed       -         -            -             -                BackingOff       -              -
 * ScheduleEnded       -         -            -             -                Failed           -              -
 * BackoffElapsed      -         -            -             -                Connecting (1)   -              -
 * ConnectNow          -         -            -             Connecting       Connecting       Connecting     -
 * TokenRefreshed      -         -            -             Connecting       -                -              -
 * TokenRefreshFailed  -         -            -             BackingOff (2)   -                -              -
 * ConnectionSuspect   -         -            Connected     -                -                -              -
 * ConnectionAlive     -         -            Connected     -                -                -              -
 * DriverFailed        Failed    Failed       Failed        Failed           Failed           Failed         -
 * Reset               -         Idle         Idle          Idle             Idle             Idle           Idle
 * Close               Closed    Closed       Closed        Closed           Closed           Closed         Closed
 * ```
 *
 * - `-`: the state stays as it is. `Closed` is final: no event changes it.
 * - `begin`: `Connecting`, or `BackingOff` while the server's request to wait still applies.
 * - `outcome`: what follows the end of a session, by its {@link SessionOutcome}. `lost` and `restart`: `BackingOff`.
 *   `rejected`: `BackingOff`, and `Failed` the third time in a row without resuming. `unauthorized`: `RefreshingToken`,
 *   and `BackingOff` if the token had just been refreshed. `unsupported`: `Failed`.
 * - (1) `RefreshingToken` if the last token was rejected and has not been replaced.
 * - (2) `AwaitingToken` if the failure is final.
 *
 * A new `BackingOff` has no delay yet: the driver computes it, since the schedule of an application may take time.
 *
 * The match over states and events is exhaustive: a missing cell does not compile.
 */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"

/** The parameters of `signalwire.connect` that resume an earlier session. */
export interface ResumeParams {
  readonly protocol: string
  readonly authorizationState: string | null
}

/** What is known when the client dials: the attempts so far and how to resume. */
export interface DialContext {
  /** How many dials failed, or led to sessions that did not last, since the last session that lasted. */
  readonly attempt: number
  /** How to resume the last session; `null` to begin a new one. */
  readonly resume: ResumeParams | null
  /** Whether the token was refreshed since the last session that lasted, or since the last dial that was lost. */
  readonly isTokenRefreshed: boolean
  /** How many times in a row the server rejected a connect that did not resume a session. */
  readonly rejections: number
  /** Why the session before this dial ended; `null` for the first dial. */
  readonly lastReason: Reason | null
}

/** A state of the connection. */
export type State =
  /** No session is needed. */
  | { readonly _tag: "Idle" }
  /** A dial or the handshake after it is in progress. */
  | { readonly _tag: "Connecting"; readonly context: DialContext }
  /** A session is ready. */
  | {
    readonly _tag: "Connected"
    readonly context: DialContext
    readonly resume: ResumeParams
    /** Whether the server resumed the session before it. */
    readonly resumed: boolean
    /** Why the connection may be dead, until a frame arrives; `null` while nothing indicates that. */
    readonly suspectReason: Reason | null
  }
  /** The token was rejected, with the reason `rejection`, and is being refreshed. */
  | { readonly _tag: "RefreshingToken"; readonly context: DialContext; readonly rejection: Reason }
  /** Waits before the next attempt. */
  | {
    readonly _tag: "BackingOff"
    readonly context: DialContext
    readonly reason: Reason
    /** The delay in milliseconds; `null` until it is computed. `Infinity` if no dial follows by itself. */
    readonly delayMillis: number | null
    /** How long the server asked to wait, in milliseconds: the delay is no shorter. 0 if it did not ask. */
    readonly minDelayMillis: number
    /** Why the token was rejected, if the token is to be refreshed after the delay; `null` if a dial follows. */
    readonly rejection: Reason | null
  }
  /** The token was rejected and cannot be refreshed: waits until it is replaced. */
  | { readonly _tag: "AwaitingToken"; readonly context: DialContext; readonly reason: Reason }
  /** The client stopped dialling, for a reason that does not recover by itself. */
  | { readonly _tag: "Failed"; readonly reason: Reason }
  /** The client was closed. */
  | { readonly _tag: "Closed" }

/** How a session ended, by how the next one begins. */
export type SessionOutcome =
  /** The connection was lost: dial again and resume the session. */
  | "lost"
  /** The server discards the session: dial again and begin a new one. */
  | "restart"
  /** The server rejected the token. */
  | "unauthorized"
  /** The server rejected the connect request or what it resumes with. */
  | "rejected"
  /** The platform has no usable WebSocket. */
  | "unsupported"

/** An event of the connection. */
export type Event =
  /** A session is needed. */
  | {
    readonly _tag: "Start"
    /** For how long, and why, the server still asks clients to wait; `null` if it does not. */
    readonly retryAfter: { readonly delayMillis: number; readonly reason: Reason } | null
  }
  | { readonly _tag: "SessionReady"; readonly resume: ResumeParams; readonly resumed: boolean }
  | {
    readonly _tag: "SessionEnded"
    readonly outcome: SessionOutcome
    readonly reason: Reason
    /** How to resume the session; `null` if it never became ready. */
    readonly resume: ResumeParams | null
    /** Whether it was ready for long enough to reset the backoff. */
    readonly resetsBackoff: boolean
    /** How long the server asked the client to wait, in milliseconds; 0 if it did not. */
    readonly retryAfterMillis: number
    /** At least 0 and below 1, for jitter. */
    readonly random: number
  }
  /** The delay of the backoff is known. */
  | { readonly _tag: "DelayComputed"; readonly delayMillis: number }
  /** The backoff has no further delay. */
  | { readonly _tag: "ScheduleEnded" }
  /** The delay is over, or a wake signal ended it. */
  | { readonly _tag: "BackoffElapsed" }
  /** A caller asked to reconnect, or the token was replaced. */
  | { readonly _tag: "ConnectNow" }
  | { readonly _tag: "TokenRefreshed" }
  | { readonly _tag: "TokenRefreshFailed"; readonly reason: Reason }
  /** The connection may be dead. */
  | { readonly _tag: "ConnectionSuspect"; readonly reason: Reason }
  /** A frame arrived after the connection was suspect. */
  | { readonly _tag: "ConnectionAlive" }
  /** The driver died with an exception. */
  | { readonly _tag: "DriverFailed"; readonly reason: Reason }
  /** The session is not needed any more, or everything begins again after a failure. */
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Close" }

type EventOf<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

const initialContext: DialContext = {
  attempt: 0,
  resume: null,
  isTokenRefreshed: false,
  rejections: 0,
  lastReason: null
}

/** How many rejected connects in a row, none of which resumes a session, make the connection fail. */
const maxRejections = 3

/** The state before the first session. */
export const idle: State = { _tag: "Idle" }
const closed: State = { _tag: "Closed" }
const connecting = (context: DialContext): State => ({ _tag: "Connecting", context })
const failed = (reason: Reason): State => ({ _tag: "Failed", reason })

const backOff = (context: DialContext, reason: Reason, minDelayMillis = 0, rejection: Reason | null = null): State => ({
  _tag: "BackingOff",
  context: { ...context, attempt: context.attempt + 1, lastReason: reason },
  reason,
  delayMillis: null,
  minDelayMillis,
  rejection
})

/** The server's request to wait outlives the subscribers that were there when it was made. */
const begin = ({ retryAfter }: EventOf<"Start">): State =>
  retryAfter === null
    ? connecting(initialContext)
    : backOff(initialContext, retryAfter.reason, retryAfter.delayMillis)

/** The state after a session ended: the one place that decides which endings recover. */
const afterSession = (
  { context: last, resume: lastResume }: { readonly context: DialContext; readonly resume: ResumeParams | null },
  { outcome, random, reason, resetsBackoff, resume, retryAfterMillis }: EventOf<"SessionEnded">
): State => {
  const context: DialContext = {
    ...last,
    ...(resetsBackoff ? { attempt: 0, isTokenRefreshed: false, rejections: 0 } : undefined),
    resume: resume ?? lastResume
  }
  // up to a quarter longer than requested, so that clients that a server disconnects together do not return together
  const minDelayMillis = Math.round(retryAfterMillis * (1 + random / 4))
  switch (outcome) {
    case "lost":
      // by the next dial the token may have expired again
      return backOff({ ...context, isTokenRefreshed: false }, reason, minDelayMillis)
    case "restart":
      return backOff({ ...context, resume: null }, reason, minDelayMillis)
    case "rejected": {
      // a rejected resume does not count: the server may still accept a new session
      const rejections = context.resume === null ? context.rejections + 1 : context.rejections
      return rejections >= maxRejections
        ? failed(reason)
        : backOff({ ...context, resume: null, rejections }, reason, minDelayMillis)
    }
    case "unauthorized": {
      const withoutSession = { ...context, resume: null, lastReason: reason }
      return context.isTokenRefreshed
        ? backOff(withoutSession, reason, 0, reason)
        : { _tag: "RefreshingToken", rejection: reason, context: { ...withoutSession, isTokenRefreshed: true } }
    }
    case "unsupported":
      return failed(reason)
  }
}

const states = Data.taggedEnum<State>()
const events = Data.taggedEnum<Event>()

/** Returns the state that follows `state` on `event`: `state` itself where the event has no effect. */
export const transition = (state: State, event: Event): State => {
  const stay = () => state
  /** The transitions of a state that defines none of its own. */
  const defaults = {
    Start: stay,
    SessionReady: stay,
    SessionEnded: stay,
    DelayComputed: stay,
    ScheduleEnded: stay,
    BackoffElapsed: stay,
    ConnectNow: stay,
    TokenRefreshed: stay,
    TokenRefreshFailed: stay,
    ConnectionSuspect: stay,
    ConnectionAlive: stay,
    DriverFailed: ({ reason }: EventOf<"DriverFailed">) => failed(reason),
    Reset: () => idle,
    Close: () => closed
  }
  return states.$match(state, {
    Idle: () => events.$match(event, { ...defaults, Start: begin, Reset: stay }),
    Connecting: ({ context }): State =>
      events.$match(event, {
        ...defaults,
        SessionReady: ({ resume, resumed }): State => ({
          _tag: "Connected",
          context,
          resume,
          resumed,
          suspectReason: null
        }),
        SessionEnded: (ended) => afterSession({ context, resume: context.resume }, ended)
      }),
    Connected: (connected): State =>
      events.$match(event, {
        ...defaults,
        SessionEnded: (ended) => afterSession(connected, ended),
        ConnectionSuspect: ({ reason }): State => ({ ...connected, suspectReason: reason }),
        ConnectionAlive: (): State =>
          connected.suspectReason === null ? connected : { ...connected, suspectReason: null }
      }),
    RefreshingToken: ({ context, rejection }): State =>
      events.$match(event, {
        ...defaults,
        ConnectNow: () => connecting(context),
        TokenRefreshed: () => connecting(context),
        TokenRefreshFailed: ({ reason }): State =>
          reason.isRetryable
            ? backOff(context, reason, 0, rejection)
            : { _tag: "AwaitingToken", context: { ...context, lastReason: rejection }, reason }
      }),
    BackingOff: (backingOff): State => {
      const { context, minDelayMillis, reason, rejection } = backingOff
      return events.$match(event, {
        ...defaults,
        DelayComputed: ({ delayMillis }): State => ({
          ...backingOff,
          delayMillis: Math.max(delayMillis, minDelayMillis)
        }),
        ScheduleEnded: () => failed(reason),
        ConnectNow: () => connecting(context),
        BackoffElapsed: (): State =>
          rejection === null ? connecting(context) : { _tag: "RefreshingToken", context, rejection }
      })
    },
    AwaitingToken: ({ context }): State =>
      events.$match(event, {
        ...defaults,
        ConnectNow: () => connecting({ ...context, isTokenRefreshed: false })
      }),
    Failed: () => events.$match(event, { ...defaults, Start: begin, DriverFailed: stay }),
    Closed: () => events.$match(event, { ...defaults, DriverFailed: stay, Reset: stay, Close: stay })
  })
}
