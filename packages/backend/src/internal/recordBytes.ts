/**
 * What a record takes in memory, in bytes, roughly.
 */
import type { Change } from "../Records.ts"
import { bytesOf } from "./memoryBudget.ts"

/** What a record takes besides its texts, in bytes. */
const overhead = 768

/** What a change adds to the state. Tokens have bounds of their own. */
export const recordBytes = (change: Change): number => {
  switch (change._tag) {
    case "SubscriberAdded":
    case "GroupAdded":
    case "MemberJoined":
      return overhead
    case "GuestRemoved":
      return -overhead
    case "AddressAdded":
      // the name stands in the record of its subscriber, too, and in what it is shown as
      return overhead + bytesOf(change.address.name) * 4
    case "MessageStored": {
      const { details, metadata, text } = change.message
      return overhead + bytesOf(text ?? "") + bytesOf(JSON.stringify(metadata)) + bytesOf(JSON.stringify(details))
    }
    case "Founded":
    case "SubscriberDescribed":
    case "TokenExpired":
    case "TokenRemoved":
    case "TokenMinted":
      return 0
  }
}
