/**
 * Subscribers: the users that tokens belong to.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Address from "./Address.ts"
import type { SubscriberId } from "./Ids.ts"
import { array, decoder, id, nullish, number, string, struct, union, unknown } from "./internal/shape.ts"
import { type MalformedValue, prefixPath } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** The fields of a {@link Subscriber}. Fields that the server does not send are `null`. */
export interface Fields {
  /** The subscriber's id. Messages of the address dialect have it as their `userId`. */
  readonly id: SubscriberId
  /** E-mail address. */
  readonly email: string | null
  /** First name. */
  readonly firstName: string | null
  /** Last name. */
  readonly lastName: string | null
  /** The name to display. */
  readonly displayName: string | null
  /** Job title. */
  readonly jobTitle: string | null
  /** Time zone, in the server's notation. */
  readonly timeZone: string | null
  /** Country. */
  readonly country: string | null
  /** Region. */
  readonly region: string | null
  /** Name of the company. */
  readonly companyName: string | null
  /** The key that push notifications are encrypted with. */
  readonly pushNotificationKey: string | null
  /** The subscriber's own addresses; messages are sent from the first one. Empty for guests. */
  readonly addresses: ReadonlyArray<Address.Address>
}

/** A subscriber: the user that a token belongs to. Its schema is `Schemas.Subscriber`. */
export class Subscriber extends Data.Class<Fields> {}

/** The wire format of a subscriber. `time_zone` is a string in the documentation and a number in the vendor's types. */
export type Wire = typeof WireSchemas.Subscriber.Type

const decodeWire = decoder(struct<Wire>({
  id: id(),
  email: nullish(string),
  first_name: nullish(string),
  last_name: nullish(string),
  display_name: nullish(string),
  job_title: nullish(string),
  time_zone: nullish(union(string, number)),
  country: nullish(string),
  region: nullish(string),
  company_name: nullish(string),
  push_notification_key: nullish(string),
  app_settings: nullish(
    struct<NonNullable<Wire["app_settings"]>>({ display_name: nullish(string), scopes: nullish(array(string)) })
  ),
  fabric_addresses: nullish(array(unknown))
}))

/** Decodes a subscriber, with its own addresses, from its wire format. */
export const decode = (input: unknown): Result.Result<Subscriber, MalformedValue> =>
  Result.flatMap(decodeWire(input), (wire) => {
    const addresses: Array<Address.Address> = []
    for (const [index, item] of (wire.fabric_addresses ?? []).entries()) {
      const address = Address.decode(item)
      if (Result.isFailure(address)) return Result.fail(prefixPath(`fabric_addresses[${index}]`, address.failure))
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

/** Encodes a subscriber, with its own addresses, to its wire format. */
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
