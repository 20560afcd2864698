/**
 * What a record takes in memory, in bytes, roughly.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Change } from "../Records.ts"
import { bytesOf } from "./memoryBudget.ts"

/** What a record takes besides its texts, in bytes. */
const overhead = 768

/** What tokens may say about a subscriber, at most, in bytes. */
const profileBytes = 4096

/** What a value of JSON takes once it was parsed, in bytes. It is not nested deeper than the wire allows. */
const valueBytes = (value: unknown): number => {
  if (typeof value === "string") return 32 + bytesOf(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + 8 + valueBytes(inner), 64)
  if (!isJsonObject(value)) return 16
  let sum = 64
  for (const [name, inner] of Object.entries(value)) sum += 48 + bytesOf(name) + valueBytes(inner)
  return sum
}

/** What a change adds to the state. Tokens have bounds of their own. */
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
      // the name is also stored with its subscriber, and as the display name
      return overhead + bytesOf(change.address.name) * 4
    case "MessageStored": {
      const { details, metadata, text } = change.message
      return overhead + bytesOf(text ?? "") + valueBytes(metadata) + valueBytes(details)
    }
    case "ProjectCreated":
    case "SubscriberDescribed":
    case "TokenExpired":
    case "TokenRemoved":
    case "TokenMinted":
      return 0
  }
}
