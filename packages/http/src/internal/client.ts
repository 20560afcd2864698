/**
 * The state of one client. A program may have thousands of clients, most of them idle, so operations are functions of
 * this record instead of closures of their own, and what not every client needs is created on first use.
 */
import type { BoundedMap } from "@effect-signalwire/runtime/BoundedMap"
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
import type { Transport } from "./transport.ts"

/** What is known about groups and the subscriber's own addresses, and the requests that are in flight for it. */
export interface GroupState {
  /** The subscriber's own addresses; `undefined` until they are looked up. */
  ownAddresses: ReadonlyArray<AddressId> | undefined
  /** How many lookups of the subscriber have failed before the items of a list were decoded. */
  failedLookups: number
  readonly groupOfAddress: BoundedMap<AddressId, { readonly groupId: GroupId }>
  readonly addressOfGroup: BoundedMap<GroupId, AddressId>
  /** By whether the lookup is retried. */
  readonly subscriberLookup: SingleFlight<boolean, Subscriber, SignalWireHttpError>
  readonly joins: SingleFlight<AddressId, JoinConversationResponse, SignalWireHttpError>
}

/** A join that was made to detect the dialect, and the address that it was made for. */
export interface JoinProbe {
  readonly addressId: AddressId
  readonly result: Result.Result<JoinConversationResponse, SignalWireHttpError>
}

/** The requests that are in flight to detect the dialect; each kind is made once at a time. */
export interface DialectProbes {
  readonly list: SingleFlight<"list", void, SignalWireHttpError>
  readonly join: SingleFlight<"join", JoinProbe, never>
}

/** Time limits in milliseconds. */
export interface Timeouts {
  /** For each attempt of a request that is retried. */
  readonly attemptMillis: number
  /** For a request that is not retried. */
  readonly onceMillis: number
  /** For all attempts of a request together. */
  readonly deadlineMillis: number
}

export interface Client {
  /** The origin of the API and the path prefix of a reverse proxy, if any, in front of `/api/fabric/`. */
  readonly baseUrl: string
  /** Whether the server is on this machine. */
  readonly isLoopback: boolean
  readonly transport: Transport
  readonly credentials: Credentials.Service
  readonly timeouts: Timeouts
  /** When a failed attempt is retried. */
  readonly retrySchedule: Schedule.Schedule<unknown, SignalWireHttpError>
  readonly instrumentation: Instrumentation
  /** Whether the scope of the service was closed: no further request is made. */
  isClosed: boolean
  /** The dialect in use: configured, or detected by the first response that shows it. */
  dialect: Dialect | undefined
  groups: GroupState | undefined
  dialectProbes: DialectProbes | undefined
}
