/**
 * What one client is made of, and what it has learned. A program may have thousands, most of them idle, so operations are
 * functions of a client, made once for all, and what not every client needs is made when it is first needed.
 */
import type * as Credentials from "@effect-signalwire/runtime/Credentials"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { SingleFlight } from "@effect-signalwire/runtime/SingleFlight"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import type * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { BoundedMap } from "./bounded.ts"
import type { Transport } from "./transport.ts"

type Joined = JoinConversationResponse

/** What is known of groups, and what is under way to know more. */
export interface Groups {
  /** The caller's own addresses, once they are known. */
  own: ReadonlyArray<AddressId> | undefined
  /** How often it was asked in vain who the caller is. */
  vain: number
  readonly ofAddress: BoundedMap<AddressId, { readonly groupId: GroupId }>
  readonly addressOf: BoundedMap<GroupId, AddressId>
  readonly asking: SingleFlight<boolean, Subscriber, SignalWireHttpError>
  readonly joining: SingleFlight<AddressId, Joined, SignalWireHttpError>
}

/** What is under way to learn the dialect. */
export interface Learning {
  readonly glancing: SingleFlight<"glance", void, SignalWireHttpError>
  readonly trying: SingleFlight<
    "try",
    { readonly by: AddressId; readonly outcome: Result.Result<Joined, SignalWireHttpError> },
    never
  >
}

/** How patiently it asks. Milliseconds. */
export interface Patience {
  /** How long one attempt may take of what may be repeated. */
  readonly repeatable: number
  /** How long the one attempt may take of what may not. */
  readonly once: number
  /** How long something may take with all its attempts. */
  readonly deadline: number
  /** When something is tried again. */
  readonly schedule: Schedule.Schedule<unknown, SignalWireHttpError>
}

export interface Client {
  /** The origin, and the path under which a reverse proxy serves the API, if any: what `/api/fabric/` is appended to. */
  readonly origin: string
  /** Whether the server is on this machine. */
  readonly isLoopback: boolean
  readonly transport: Transport
  readonly credentials: Credentials.Service
  readonly patience: Patience
  readonly telemetry: Instrumentation
  /** Nothing is sent any more. */
  isClosed: boolean
  /** The dialect in use: configured, or what the first answer told that did; `undefined` until then. */
  dialect: Dialect | undefined
  groups: Groups | undefined
  learning: Learning | undefined
}
