import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"
import { closed, ConnectionState, idle } from "../ConnectionState.ts"
import type { DialContext, State } from "./connectionMachine.ts"

const states = Data.taggedEnum<State>()

const reconnecting = (context: DialContext, delayMillis: number | null, reason: Reason): ConnectionState =>
  ConnectionState.Reconnecting({ attempt: context.attempt, delayMillis, polling: false, reason })

/** The public state while a dial begins in `delayMillis` milliseconds or, if that is 0, is in progress. */
export const dialling = (context: DialContext, delayMillis: number): ConnectionState =>
  context.lastReason === null
    ? ConnectionState.Connecting({ polling: false, reason: null })
    : reconnecting(context, delayMillis, context.lastReason)

/** Returns the public state for a state of the machine. */
export const connectionStateOf = (state: State): ConnectionState =>
  states.$match(state, {
    Idle: () => idle,
    Connecting: ({ context }) => dialling(context, 0),
    Connected: ({ context, resumed, suspectReason }) =>
      suspectReason === null
        ? ConnectionState.Connected({ resumed, catchingUp: false, reason: null })
        : reconnecting(context, 0, suspectReason),
    RefreshingToken: ({ context, rejection }) => reconnecting(context, 0, context.lastReason ?? rejection),
    BackingOff: ({ context, delayMillis, reason }) =>
      reconnecting(context, delayMillis === Number.POSITIVE_INFINITY ? null : delayMillis, reason),
    AwaitingToken: ({ context, reason }) => reconnecting(context, null, reason),
    Failed: ({ reason }) => ConnectionState.Failed({ reason }),
    Closed: () => closed
  })
