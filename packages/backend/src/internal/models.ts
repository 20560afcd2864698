/**
 * Converts records to the models of the package `schema`, which encode them for the wire.
 */
import { Address } from "@effect-signalwire/schema/Address"
import { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as DateTime from "effect/DateTime"
import type * as Records from "../Records.ts"
import type { Profile } from "../Records.ts"

export const toAddress = (address: Records.Address): Address => {
  const uri = `/${address.type === "room" ? "public" : "private"}/${encodeURIComponent(address.name)}`
  return new Address({
    id: address.id,
    displayName: address.displayName,
    name: address.name,
    type: address.type,
    resourceId: address.resourceId,
    previewUrl: null,
    coverUrl: null,
    channels: {
      audio: `${uri}?channel=audio`,
      ...(address.type === "room" ? { video: `${uri}?channel=video` } : undefined),
      messaging: `${uri}?channel=messaging`
    },
    locked: false,
    createdAt: DateTime.makeUnsafe(address.createdAt)
  })
}

export const toSubscriber = (
  subscriber: Records.Subscriber,
  address: Records.Address | null,
  profile: Profile
): Subscriber =>
  new Subscriber({
    id: subscriber.id,
    email: subscriber.email,
    firstName: profile.first_name ?? null,
    lastName: profile.last_name ?? null,
    displayName: subscriber.displayName,
    jobTitle: profile.job_title ?? null,
    timeZone: profile.time_zone ?? "UTC",
    country: profile.country ?? null,
    region: profile.region ?? null,
    companyName: profile.company_name ?? null,
    pushNotificationKey: `pk_${subscriber.id}`,
    addresses: address === null ? [] : [toAddress(address)]
  })
