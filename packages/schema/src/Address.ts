/**
 * Addresses: the subscribers, rooms, apps and calls that a conversation can be held with.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { AddressId } from "./Ids.ts"
import { boolean, decoder, id, nullish, nullValue, record, string, struct, union } from "./internal/shape.ts"
import type { MalformedValue } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"
import { parseDateTime } from "./WireTime.ts"

/** The fields of an {@link Address}. Fields that the server does not send are `null`. */
export interface Fields {
  /** The id that every method takes as `addressId`. */
  readonly id: AddressId
  /** The name to display; `name` where the server sends no display name. */
  readonly displayName: string
  /** The name used in URIs such as `/private/<name>`. */
  readonly name: string
  /** `app`, `call`, `room` or `subscriber`. An open set: servers may add types. */
  readonly type: string
  /** The id of the resource that the address belongs to. */
  readonly resourceId: string | null
  /** URL of an image that previews the current activity, such as a room's video. */
  readonly previewUrl: string | null
  /** URL of the cover image. */
  readonly coverUrl: string | null
  /** URIs by channel (`audio`, `video`, `messaging`). An address with `messaging` accepts chat messages. */
  readonly channels: { readonly [channel: string]: string }
  /** Whether new participants are kept out. */
  readonly locked: boolean
  /** When it was created. */
  readonly createdAt: DateTime.Utc | null
}

/** An address that a conversation can be held with. Its schema is `Schemas.Address`. */
export class Address extends Data.Class<Fields> {}

/** The wire format of an address. `created_at` is ISO 8601. */
export type Wire = typeof WireSchemas.Address.Type

const decodeWire = decoder(struct<Wire>({
  id: id(),
  display_name: nullish(string),
  name: nullish(string),
  type: nullish(string),
  resource_id: nullish(string),
  preview_url: nullish(string),
  cover_url: nullish(string),
  channels: nullish(record(union(string, nullValue))),
  locked: nullish(boolean),
  created_at: nullish(string)
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
    createdAt: parseDateTime(wire.created_at ?? "")
  })

/** Decodes an address from its wire format. */
export const decode = (input: unknown): Result.Result<Address, MalformedValue> =>
  Result.map(decodeWire(input), fromWire)

/** Encodes an address to its wire format. */
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
