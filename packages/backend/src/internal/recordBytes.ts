/**
 * Estimates the memory that records take.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Change } from "../Records.ts"
import { stringBytes } from "./stringBytes.ts"

/** The memory that a record takes besides its strings, in bytes. */
const overhead = 768

/** The maximum size of a profile, in bytes. */
const profileBytes = 4096

/** The memory that a parsed JSON value takes, in bytes. Recursive; the depth of values is limited when they are received. */
const valueBytes = (value: unknown): number => {
  if (typeof value === "string") return 32 + stringBytes(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + 8 + valueBytes(inner), 64)
  if (!isJsonObject(value)) return 16
  let sum = 64
  for (const [name, inner] of Object.entries(value)) sum += 48 + stringBytes(name) + valueBytes(inner)
  return sum
}

/** Returns how many bytes a change adds to the state. Tokens are limited separately. */
export const recordBytes = (change: Change): number => {
  switch (change._tag) {
    case "SubscriberAdded":
      return overhead + profileBytes
    case "GroupAdded":
    case "MemberJoined":
      return overhead
    case "GuestRemoved":
      return -overhead - profileBytes
    case "AddressAdded":
      // the name is stored in the subscriber too, and both have a display name
      return overhead + stringBytes(change.address.name) * 4
    case "MessageStored": {
      const { details, metadata, text } = change.message
      return overhead + stringBytes(text ?? "") + valueBytes(metadata) + valueBytes(details)
    }
    case "ProjectCreated":
    case "ProfileUpdated":
    case "TokenExpired":
    case "TokenRemoved":
    case "TokenMinted":
      return 0
  }
}
