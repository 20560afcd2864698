/**
 * An address: a subscriber, room, app or call that can be talked to.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { AddressId } from "./Ids.ts"
import { decoder, either, id, maybe, nothing, record, struct, text, truth } from "./internal/shape.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"
import { parseMoment } from "./WireTime.ts"

/** What an address is made of. Whatever the server does not tell is `null`. */
export interface Fields {
  /** What `addressId` means in every method. */
  readonly id: AddressId
  /** The name to show. */
  readonly displayName: string
  /** The name used in URIs such as `/private/<name>`. */
  readonly name: string
  /** `app`, `call`, `room` or `subscriber`; open. */
  readonly type: string
  /** The resource it belongs to. */
  readonly resourceId: string | null
  /** A picture of what goes on there. */
  readonly previewUrl: string | null
  /** A picture of it. */
  readonly coverUrl: string | null
  /** URIs by channel (`audio`, `video`, `messaging`); one with `messaging` can be chatted with. */
  readonly channels: { readonly [channel: string]: string }
  /** Whether it is closed to newcomers. */
  readonly locked: boolean
  /** When it was created. */
  readonly createdAt: DateTime.Utc | null
}

/** An address. Its schema is in `Schemas`. */
export class Address extends Data.Class<Fields> {}

/** An address on the wire. `created_at` is ISO-8601. */
export type Wire = typeof Schemas.Address.Type

const decodeWire = decoder(struct<Wire>({
  id: id(),
  display_name: maybe(text),
  name: maybe(text),
  type: maybe(text),
  resource_id: maybe(text),
  preview_url: maybe(text),
  cover_url: maybe(text),
  channels: maybe(record(either(text, nothing))),
  locked: maybe(truth),
  created_at: maybe(text)
}))

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
    createdAt: parseMoment(wire.created_at ?? "")
  })

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
