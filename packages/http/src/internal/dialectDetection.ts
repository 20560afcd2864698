/**
 * Detection of the dialect that the server speaks, by the first response that shows it. An operation that needs the
 * dialect before that requests one conversation, and if there is none, joins in the form of one dialect and then of the
 * other.
 */
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Dialect from "@effect-signalwire/schema/Dialect"
import type { AddressId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import type { FieldError, Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client, DialectProbes } from "./client.ts"
import { fromDecoded, withMethod } from "./errors.ts"
import * as Groups from "./groups.ts"
import { undecodedItems } from "./rawPage.ts"
import * as Requests from "./request.ts"

type JoinResponse = JoinConversationResponse.JoinConversationResponse

/** The dialect, and the response of the join that was needed to detect it. */
export interface Resolution {
  readonly dialect: Dialect.Dialect
  readonly joined: Option.Option<JoinResponse>
}

/** Sets the dialect unless it is already known. */
const setDialect = (client: Client, dialect: Dialect.Dialect | undefined): void => {
  client.dialect ??= dialect
}

/** Detects the dialect by the first item of a list that shows it. */
export const detectFromItems = (client: Client, items: ReadonlyArray<unknown>): void => {
  if (client.dialect !== undefined) return
  setDialect(client, Dialect.detect(items.find((item) => Dialect.detect(item) !== undefined)))
}

/** Whether the server refused the request, as it does with a request in the other dialect. */
const isRefusal = ({ reason }: SignalWireHttpError): boolean => reason._tag === "Invalid" || reason._tag === "NotFound"

/** Whether an error leaves the dialect open, while the server can still be used. */
const isInconclusive = (error: SignalWireHttpError): boolean =>
  isRefusal(error) || error.reason._tag === "Forbidden" || error.reason._tag === "Malformed"

const parameters = {
  address: ["conversation_id"],
  group: ["fabric_address_ids", "from_fabric_address_id", "from_address_id", "group_id"]
}

/** Whether a field error only shows that the server speaks the other dialect. */
const isAboutDialect = (other: Dialect.Dialect) => ({ attribute, code }: FieldError): boolean =>
  (attribute !== null && parameters[other].includes(attribute)) || (other === "group" && code === "no_fabric_addresses")

/** How specific a refusal is about the caller's request, rather than about the dialect. */
const specificity = (reason: Reason, other: Dialect.Dialect): number => {
  if (reason._tag === "NotFound") return 2
  if (reason._tag !== "Invalid") return 1
  if (reason.errors.every(isAboutDialect(other))) return 0
  return reason.errors.every(({ attribute }) => attribute === null) ? 1 : 2
}

const moreSpecific = (asAddress: SignalWireHttpError, asGroup: SignalWireHttpError): SignalWireHttpError =>
  specificity(asGroup.reason, "address") > specificity(asAddress.reason, "group") ? asGroup : asAddress

const probesOf = (client: Client): DialectProbes =>
  client.dialectProbes ??= { list: SingleFlight.make(), join: SingleFlight.make() }

const joinAsAddress = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<JoinResponse, SignalWireHttpError> {
  const body = yield* Groups.requestJoin(client, method, { conversation_id: addressId })
  const joined = yield* fromDecoded(method, JoinConversationResponse.decode(body, addressId))
  setDialect(client, Dialect.detect(body))
  Groups.rememberGroup(client, joined)
  return joined
})

const joinAsGroup = (
  client: Client,
  method: string,
  addressId: AddressId
): Effect.Effect<JoinResponse, SignalWireHttpError> =>
  Effect.tap(Groups.join(client, method, addressId), () => Effect.sync(() => setDialect(client, "group")))

/** Joins in the address dialect, or in the group dialect if that is refused. */
const joinAsEither = (
  client: Client,
  method: string,
  addressId: AddressId
): Effect.Effect<JoinResponse, SignalWireHttpError> =>
  Effect.catchIf(joinAsAddress(client, method, addressId), isRefusal, (addressError) =>
    Effect.mapError(
      joinAsGroup(client, method, addressId),
      (groupError) => isInconclusive(groupError) ? moreSpecific(addressError, groupError) : groupError
    ))

/** Requests one of the subscriber's conversations, which shows the dialect if there is one. */
const probeList = (client: Client, method: string): Effect.Effect<void, SignalWireHttpError> =>
  probesOf(client).list.run(
    "list",
    Requests.executeWithRetry(client, {
      method,
      request: Requests.get(client, ["conversations"], { page_size: 1 })
    }).pipe(
      Effect.map((body) => detectFromItems(client, undecodedItems(body))),
      Effect.catchIf(isInconclusive, () => Effect.void)
    )
  ).pipe(Effect.mapError(withMethod(method)))

const afterJoin = (client: Client, joined: JoinResponse): Resolution => ({
  dialect: client.dialect ?? "address",
  joined: Option.some(joined)
})

/**
 * Returns the dialect, which is detected if it is not known yet. `addressId` is the address of the operation that needs
 * it.
 */
export const resolveDialect = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<Resolution, SignalWireHttpError> {
  if (client.dialect === undefined) yield* probeList(client, method)
  if (client.dialect !== undefined) return { dialect: client.dialect, joined: Option.none() }
  const probe = yield* probesOf(client).join.run(
    "join",
    Effect.map(Effect.result(joinAsEither(client, method, addressId)), (result) => ({ addressId, result }))
  )
  if (probe.addressId === addressId) {
    return afterJoin(client, yield* Effect.mapError(Effect.fromResult(probe.result), withMethod(method)))
  }
  // a join with another address shows the dialect if it succeeded, and nothing about this address
  return client.dialect === undefined
    ? afterJoin(client, yield* joinAsEither(client, method, addressId))
    : { dialect: client.dialect, joined: Option.none() }
})

/** Joins the conversation with an address. */
export const join = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<JoinResponse, SignalWireHttpError> {
  const { dialect, joined } = yield* resolveDialect(client, method, addressId)
  if (Option.isSome(joined)) return joined.value
  return yield* dialect === "group" ? Groups.join(client, method, addressId) : joinAsAddress(client, method, addressId)
})
