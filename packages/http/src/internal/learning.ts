/**
 * Finding out the dialect when an operation needs to know it and nothing has told yet.
 */
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Dialect from "@effect-signalwire/schema/Dialect"
import type { AddressId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import type { FieldError, Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client, Learning } from "./client.ts"
import * as Dialects from "./dialect.ts"
import { readable, renamed } from "./errors.ts"
import * as Groups from "./groups.ts"
import * as Requests from "./request.ts"
import { rawItems } from "./sheets.ts"

type Joined = JoinConversationResponse.JoinConversationResponse

/** What is known before an operation goes on, and the join that was needed to find out. */
export interface Settled {
  readonly dialect: Dialect.Dialect
  readonly joined: Option.Option<Joined>
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
const misses = (other: Dialect.Dialect) => ({ attribute, code }: FieldError): boolean =>
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

const learningOf = (client: Client): Learning =>
  client.learning ??= { glancing: SingleFlight.make(), trying: SingleFlight.make() }

const asAddress = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<Joined, SignalWireHttpError> {
  const answer = yield* Groups.postJoin(client, method, { conversation_id: addressId })
  const joined = yield* readable(method, JoinConversationResponse.decode(answer, addressId))
  Dialects.settle(client, Dialect.detect(answer))
  Groups.remember(client, joined)
  return joined
})

const asGroup = (client: Client, method: string, addressId: AddressId): Effect.Effect<Joined, SignalWireHttpError> =>
  Effect.tap(Groups.join(client, method, addressId), () => Effect.sync(() => Dialects.settle(client, "group")))

const asEither = (client: Client, method: string, addressId: AddressId): Effect.Effect<Joined, SignalWireHttpError> =>
  Effect.catchIf(asAddress(client, method, addressId), isRefusal, (first) =>
    Effect.mapError(
      asGroup(client, method, addressId),
      (second) => isSilence(second) ? moreTelling(first, second) : second
    ))

/** Looks at one of the conversations, if there is one. */
const look = (client: Client, method: string): Effect.Effect<void, SignalWireHttpError> =>
  learningOf(client).glancing.run(
    "glance",
    Requests.repeatable(client, { method, request: Requests.get(client, ["conversations"], { page_size: 1 }) }).pipe(
      Effect.map((answer) => Dialects.learn(client, rawItems(answer))),
      Effect.catchIf(isSilence, () => Effect.void)
    )
  ).pipe(Effect.mapError(renamed(method)))

const settled = (client: Client, joined: Joined): Settled => ({
  dialect: client.dialect ?? "address",
  joined: Option.some(joined)
})

/** The dialect, found out if need be; `addressId` is whom the operation is about. */
export const settle = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<Settled, SignalWireHttpError> {
  if (client.dialect === undefined) yield* look(client, method)
  if (client.dialect !== undefined) return { dialect: client.dialect, joined: Option.none() }
  const { by, outcome } = yield* learningOf(client).trying.run(
    "try",
    Effect.map(Effect.result(asEither(client, method, addressId)), (outcome) => ({ by: addressId, outcome }))
  )
  if (by === addressId) return settled(client, yield* Effect.mapError(Effect.fromResult(outcome), renamed(method)))
  // Someone else's attempt tells the dialect when it went well, and nothing about this address.
  return client.dialect === undefined
    ? settled(client, yield* asEither(client, method, addressId))
    : { dialect: client.dialect, joined: Option.none() }
})

/** Joins the conversation with an address. */
export const join = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<Joined, SignalWireHttpError> {
  const { dialect, joined } = yield* settle(client, method, addressId)
  if (Option.isSome(joined)) return joined.value
  return yield* dialect === "group" ? Groups.join(client, method, addressId) : asAddress(client, method, addressId)
})
