import type { Reason } from "@effect-signalwire/schema/Reason"

/** A missing reason does not compile. */
const reasonTags: Readonly<Record<Reason["_tag"], true>> = {
  Unauthorized: true,
  Forbidden: true,
  NotFound: true,
  Invalid: true,
  RateLimited: true,
  ServerError: true,
  Transport: true,
  Timeout: true,
  Malformed: true,
  ForeignLink: true,
  Unconfirmed: true,
  Refused: true,
  Overloaded: true,
  Defect: true,
  StorageUnavailable: true,
  UnreadableCursor: true,
  Closed: true
}
/** The reasons of failures. */
export const reasons: ReadonlyArray<string> = Object.keys(reasonTags)
