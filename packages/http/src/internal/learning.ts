/**
 * Finding out the dialect when an operation needs to know it and nothing has told yet.
 */
import * as Dialect from "@effect-signalwire/schema/Dialect"
import type { AddressId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import { type Complaint, Malformed, type Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Memory } from "./dialect.ts"
import { failed, renamed } from "./errors.ts"
import * as Flight from "./flight.ts"
import type { Groups } from "./groups.ts"

type Joined = JoinConversationResponse.JoinConversationResponse

export interface Options {
  readonly memory: Memory
  readonly groups: Groups
  /** One item of the conversations, if there is one. */
  readonly glance: (method: string) => Effect.Effect<ReadonlyArray<unknown>, SignalWireHttpError>
  readonly postJoin: (
    method: string,
    body: JoinConversationResponse.AddressRequest
  ) => Effect.Effect<unknown, SignalWireHttpError>
}

/** What is known before an operation goes on, and the join that was needed to find out. */
export interface Settled {
  readonly dialect: Dialect.Dialect
  readonly joined: Option.Option<Joined>
}

export interface Learning {
  /** The dialect, found out if need be; `addressId` is whom the operation is about. */
  readonly settle: (method: string, addressId: AddressId) => Effect.Effect<Settled, SignalWireHttpError>
  readonly join: (method: string, addressId: AddressId) => Effect.Effect<Joined, SignalWireHttpError>
}

const isRefusal = ({ reason }: SignalWireHttpError): boolean => reason._tag === "Invalid" || reason._tag === "NotFound"

/** An answer that says nothing about the dialect, rather than that the server can't be used now. */
const isSilence = (error: SignalWireHttpError): boolean =>
  isRefusal(error) || error.reason._tag === "Forbidden" || error.reason._tag === "Malformed"

const parameters = {
  address: ["conversation_id"],
  group: ["fabric_address_ids", "from_fabric_address_id", "from_address_id", "group_id"]
}

/** Complaints that only say: I speak the other dialect. */
const misses = (other: Dialect.Dialect) => ({ attribute, code }: Complaint): boolean =>
  (attribute !== null && parameters[other].includes(attribute)) || (other === "group" && code === "no_fabric_addresses")

/** How much a refusal tells of what the caller asked for. */
const weight = (reason: Reason, other: Dialect.Dialect): number => {
  if (reason._tag === "NotFound") return 2
  if (reason._tag !== "Invalid") return 1
  if (reason.errors.every(misses(other))) return 0
  return reason.errors.every(({ attribute }) => attribute === null) ? 1 : 2
}

const moreTelling = (asAddress: SignalWireHttpError, asGroup: SignalWireHttpError): SignalWireHttpError =>
  weight(asGroup.reason, "address") > weight(asAddress.reason, "group") ? asGroup : asAddress

export const make = ({ glance, groups, memory, postJoin }: Options): Learning => {
  const glancing = Flight.make<"glance", void, SignalWireHttpError>()
  const trying = Flight.make<
    "try",
    { readonly by: AddressId; readonly outcome: Result.Result<Joined, SignalWireHttpError> },
    never
  >()

  const asAddress = Effect.fnUntraced(function*(
    method: string,
    addressId: AddressId
  ): Effect.fn.Return<Joined, SignalWireHttpError> {
    const answer = yield* postJoin(method, { conversation_id: addressId })
    const joined = yield* Effect.mapError(
      Effect.fromResult(JoinConversationResponse.decode(answer, addressId)),
      ({ message, path }) => failed(method, new Malformed({ path, detail: message }))
    )
    memory.settle(Dialect.detect(answer))
    groups.remember(joined)
    return joined
  })

  const asGroup = (method: string, addressId: AddressId): Effect.Effect<Joined, SignalWireHttpError> =>
    Effect.tap(groups.join(method, addressId), () => Effect.sync(() => memory.settle("group")))

  const asEither = (method: string, addressId: AddressId): Effect.Effect<Joined, SignalWireHttpError> =>
    Effect.catchIf(asAddress(method, addressId), isRefusal, (first) =>
      Effect.mapError(
        asGroup(method, addressId),
        (second) => isSilence(second) ? moreTelling(first, second) : second
      ))

  const look = (method: string): Effect.Effect<void, SignalWireHttpError> =>
    glancing.run(
      "glance",
      glance(method).pipe(
        Effect.map(memory.learn),
        Effect.catchIf(isSilence, () => Effect.void)
      )
    ).pipe(Effect.mapError(renamed(method)))

  const settled = (joined: Joined): Settled => ({
    dialect: memory.current() ?? "address",
    joined: Option.some(joined)
  })

  const settle: Learning["settle"] = Effect.fnUntraced(function*(method, addressId) {
    if (memory.current() === undefined) yield* look(method)
    const told = memory.current()
    if (told !== undefined) return { dialect: told, joined: Option.none() }
    const { by, outcome } = yield* trying.run(
      "try",
      Effect.map(Effect.result(asEither(method, addressId)), (outcome) => ({ by: addressId, outcome }))
    )
    if (by === addressId) return settled(yield* Effect.mapError(Effect.fromResult(outcome), renamed(method)))
    // Someone else's attempt tells the dialect when it went well, and nothing about this address.
    const learned = memory.current()
    return learned === undefined
      ? settled(yield* asEither(method, addressId))
      : { dialect: learned, joined: Option.none() }
  })

  const join: Learning["join"] = Effect.fnUntraced(function*(method, addressId) {
    const { dialect, joined } = yield* settle(method, addressId)
    if (Option.isSome(joined)) return joined.value
    return yield* dialect === "group" ? groups.join(method, addressId) : asAddress(method, addressId)
  })

  return { settle, join }
}
