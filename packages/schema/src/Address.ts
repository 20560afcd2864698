/**
 * An address: a subscriber, room, app or call that can be talked to.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AddressId } from "./Ids.ts"
import { maybe } from "./JsonObject.ts"
import { decoder, type MalformedValue } from "./Malformed.ts"

/** An address. Whatever the server does not tell is `null`. */
export class Address extends Schema.Class<Address>("@effect-signalwire/schema/Address")({
  id: AddressId,
  displayName: Schema.String,
  /** The name used in URIs such as `/private/<name>`. */
  name: Schema.String,
  /** `app`, `call`, `room` or `subscriber`; open. */
  type: Schema.String,
  resourceId: Schema.NullOr(Schema.String),
  previewUrl: Schema.NullOr(Schema.String),
  coverUrl: Schema.NullOr(Schema.String),
  /** URIs by channel (`audio`, `video`, `messaging`); one with `messaging` can be chatted with. */
  channels: Schema.Record(Schema.String, Schema.String),
  locked: Schema.Boolean,
  createdAt: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/** An address on the wire. `created_at` is ISO-8601. */
export const Wire = Schema.Struct({
  id: AddressId,
  display_name: maybe(Schema.String),
  name: maybe(Schema.String),
  type: maybe(Schema.String),
  resource_id: maybe(Schema.String),
  preview_url: maybe(Schema.String),
  cover_url: maybe(Schema.String),
  channels: maybe(Schema.Record(Schema.String, Schema.NullOr(Schema.String))),
  locked: maybe(Schema.Boolean),
  created_at: maybe(Schema.String)
})
export type Wire = typeof Wire.Type

const fromWire = (wire: Wire): Address =>
  new Address({
    id: wire.id,
    displayName: wire.display_name ?? wire.name ?? "",
    name: wire.name ?? "",
    type: wire.type ?? "",
    resourceId: wire.resource_id ?? null,
    previewUrl: wire.preview_url ?? null,
    coverUrl: wire.cover_url ?? null,
    channels: Object.fromEntries(
      Object.entries(wire.channels ?? {}).flatMap(([channel, uri]) => uri === null ? [] : [[channel, uri]])
    ),
    locked: wire.locked ?? false,
    createdAt: Option.getOrNull(DateTime.make(wire.created_at ?? ""))
  })

const decodeWire = decoder(Wire)

/** Reads an address. */
export const decode = (input: unknown): Result.Result<Address, MalformedValue> =>
  Result.map(decodeWire(input), fromWire)

/** Writes an address. */
export const encode = (address: Address): Wire => ({
  id: address.id,
  display_name: address.displayName,
  name: address.name,
  type: address.type,
  resource_id: address.resourceId,
  preview_url: address.previewUrl,
  cover_url: address.coverUrl,
  channels: address.channels,
  locked: address.locked,
  created_at: address.createdAt === null ? null : DateTime.formatIso(address.createdAt)
})
