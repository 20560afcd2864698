/**
 * Who a token belongs to.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Address from "./Address.ts"
import { SubscriberId } from "./Ids.ts"
import { maybe } from "./JsonObject.ts"
import { decoder, type MalformedValue, within } from "./Malformed.ts"

/** A subscriber. Whatever the server does not tell is `null`. */
export class Subscriber extends Schema.Class<Subscriber>("@effect-signalwire/schema/Subscriber")({
  id: SubscriberId,
  email: Schema.NullOr(Schema.String),
  firstName: Schema.NullOr(Schema.String),
  lastName: Schema.NullOr(Schema.String),
  displayName: Schema.NullOr(Schema.String),
  jobTitle: Schema.NullOr(Schema.String),
  timeZone: Schema.NullOr(Schema.String),
  country: Schema.NullOr(Schema.String),
  region: Schema.NullOr(Schema.String),
  companyName: Schema.NullOr(Schema.String),
  pushNotificationKey: Schema.NullOr(Schema.String),
  /** The subscriber's own addresses; the first is the one it sends from. Empty for guests. */
  addresses: Schema.Array(Address.Address)
}) {}

/** A subscriber on the wire. `time_zone` is text in documentation and a number in the vendor's types. */
export const Wire = Schema.Struct({
  id: SubscriberId,
  email: maybe(Schema.String),
  first_name: maybe(Schema.String),
  last_name: maybe(Schema.String),
  display_name: maybe(Schema.String),
  job_title: maybe(Schema.String),
  time_zone: maybe(Schema.Union([Schema.String, Schema.Finite])),
  country: maybe(Schema.String),
  region: maybe(Schema.String),
  company_name: maybe(Schema.String),
  push_notification_key: maybe(Schema.String),
  app_settings: maybe(Schema.Struct({
    display_name: maybe(Schema.String),
    scopes: maybe(Schema.Array(Schema.String))
  })),
  fabric_addresses: maybe(Schema.Array(Schema.Unknown))
})
export type Wire = typeof Wire.Type

const decodeWire = decoder(Wire)

/** Reads a subscriber with its own addresses. */
export const decode = (input: unknown): Result.Result<Subscriber, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const addresses: Array<Address.Address> = []
    for (const [index, item] of (wire.fabric_addresses ?? []).entries()) {
      const address = Address.decode(item)
      if (Result.isFailure(address)) return Result.fail(within(`fabric_addresses[${index}]`, address.failure))
      addresses.push(address.success)
    }
    return Result.succeed(
      new Subscriber({
        id: wire.id,
        email: wire.email ?? null,
        firstName: wire.first_name ?? null,
        lastName: wire.last_name ?? null,
        displayName: wire.display_name ?? null,
        jobTitle: wire.job_title ?? null,
        timeZone: wire.time_zone === undefined || wire.time_zone === null ? null : String(wire.time_zone),
        country: wire.country ?? null,
        region: wire.region ?? null,
        companyName: wire.company_name ?? null,
        pushNotificationKey: wire.push_notification_key ?? null,
        addresses
      })
    )
  })

/** Writes a subscriber with its own addresses. */
export const encode = (subscriber: Subscriber): Wire => ({
  id: subscriber.id,
  email: subscriber.email,
  first_name: subscriber.firstName,
  last_name: subscriber.lastName,
  display_name: subscriber.displayName,
  job_title: subscriber.jobTitle,
  time_zone: subscriber.timeZone,
  country: subscriber.country,
  region: subscriber.region,
  company_name: subscriber.companyName,
  push_notification_key: subscriber.pushNotificationKey,
  fabric_addresses: subscriber.addresses.map(Address.encode)
})
