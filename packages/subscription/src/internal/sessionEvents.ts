/** What a session receives from, and reports to, the driver that runs it. */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type * as Effect from "effect/Effect"
import type * as Signal from "../Signal.ts"
import type { WakeSignal } from "../Wake.ts"
import type { ResumeParams } from "./connectionMachine.ts"

/** A trigger for a session: a signal of the platform, or a caller's request to replace the session. */
export type SessionTrigger = WakeSignal | "reconnect"

/** The events of a session. The reader of frames waits for those that return an `Effect`. */
export interface SessionEvents {
  /** The session is ready; `resumed` is `true` if the server resumed the session before it. */
  readonly onReady: (resume: ResumeParams, resumed: boolean) => Effect.Effect<void>
  /** The session emits signals for its subscribers. */
  readonly onSignals: (signals: ReadonlyArray<Signal.Signal>) => void
  /** Frames or events could not be decoded. */
  readonly onMalformed: (malformed: ReadonlyArray<MalformedValue>) => Effect.Effect<void>
  /** The dial was abandoned after a wake signal: another one is to begin at once. */
  readonly onDialAbandoned: () => void
  /** The connection may be dead. */
  readonly onSuspect: (reason: Reason) => Effect.Effect<void>
  /** A frame arrived after `onSuspect`. */
  readonly onAlive: Effect.Effect<void>
  /** A frame arrived within the time of a probe. */
  readonly onProbeSuccess: () => void
}
