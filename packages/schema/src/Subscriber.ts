/**
 * Who a token belongs to.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Address from "./Address.ts"
import type { SubscriberId } from "./Ids.ts"
import { anything, decoder, either, id, list, maybe, number, struct, text } from "./internal/shape.ts"
import { type MalformedValue, within } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"

/** What a subscriber is made of. Whatever the server does not tell is `null`. */
export interface Fields {
  /** What `userId` of the messages it sends means, in the address dialect. */
  readonly id: SubscriberId
  /** The e-mail address it signed up with. */
  readonly email: string | null
  /** Its first name. */
  readonly firstName: string | null
  /** Its last name. */
  readonly lastName: string | null
  /** The name to show. */
  readonly displayName: string | null
  /** What it works as. */
  readonly jobTitle: string | null
  /** Its time zone, as the server writes it. */
  readonly timeZone: string | null
  /** Its country. */
  readonly country: string | null
  /** Its region. */
  readonly region: string | null
  /** Whom it works for. */
  readonly companyName: string | null
  /** The key that push notifications are encrypted with. */
  readonly pushNotificationKey: string | null
  /** The subscriber's own addresses; the first is the one it sends from. Empty for guests. */
  readonly addresses: ReadonlyArray<Address.Address>
}

/** A subscriber. Its schema is in `Schemas`. */
export class Subscriber extends Data.Class<Fields> {}

/** A subscriber on the wire. `time_zone` is text in documentation and a number in the vendor's types. */
export type Wire = typeof Schemas.Subscriber.Type

const decodeWire = decoder(struct<Wire>({
  id: id(),
  email: maybe(text),
  first_name: maybe(text),
  last_name: maybe(text),
  display_name: maybe(text),
  job_title: maybe(text),
  time_zone: maybe(either(text, number)),
  country: maybe(text),
  region: maybe(text),
  company_name: maybe(text),
  push_notification_key: maybe(text),
  app_settings: maybe(
    struct<NonNullable<Wire["app_settings"]>>({ display_name: maybe(text), scopes: maybe(list(text)) })
  ),
  fabric_addresses: maybe(list(anything))
}))

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
