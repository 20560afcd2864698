/**
 * The checkpoint of a sequence: what a cursor saves and loads. It holds positions, and fingerprints of the messages and
 * sends that the next process has to recognize. It stays below 16 kB whatever the traffic is.
 *
 * - Of the messages that a re-read can return again, the newest are saved. `forgottenThrough` is the newest time of the
 *   others: messages that become visible at or before it later are ignored. It is always before the very newest time;
 *   messages of that time that do not fit are yielded again.
 * - Of the sends, the last seen are saved. A second copy of any other send is yielded as a new message.
 * - A message whose fingerprint equals that of another would be lost. At 2⁻⁹⁰ for each pair, with a thousand saved and
 *   ten thousand compared, the probability is 2⁻⁶⁶ for each restart.
 */
import * as Schema from "effect/Schema"
import * as Fingerprint from "./fingerprint.ts"
import type { MergeState, ResumePoint } from "./merge.ts"
import * as SendIdentity from "./sendIdentity.ts"

/** How many fingerprints are saved at most, those of sends included. */
const maxFingerprints = 1024

/** How many fingerprints of sends are saved at most. A send has one or two. */
const maxSendFingerprints = 256

const Fingerprints = Schema.String.check(Schema.isPattern(new RegExp(`^(?:[\\w-]{${Fingerprint.length}})*$`)))

/** The saved form of a merge's state. All times are unix seconds. */
export const Checkpoint = Schema.Struct({
  /** The version of this format. */
  version: Schema.Literal(1),
  /** The newest message; `null` when there was none. */
  newest: Schema.NullOr(Schema.Struct({ epochSeconds: Schema.Finite, id: Schema.String })),
  /** Up to here live events were checked against history. */
  verified: Schema.NullOr(Schema.Finite),
  /** Messages up to this time are forgotten; `null` when none are. */
  forgottenThrough: Schema.NullOr(Schema.Finite),
  /** The fingerprints of messages, concatenated. */
  ids: Fingerprints,
  /** The fingerprints of sends, concatenated. */
  sends: Fingerprints
})
export type Checkpoint = typeof Checkpoint.Type

type Ids = MergeState["ids"]

/** The newest ids, and the newest time of all others. */
const newestIds = (
  ids: Ids,
  limit: number,
  forgottenThrough: number | null
): { readonly ids: Ids; readonly forgottenThrough: number | null } => {
  if (ids.length <= limit) return { ids, forgottenThrough }
  const byTime = [...ids].sort(([, a], [, b]) => b - a)
  const times = byTime.map(([, time]) => time)
  const [newest = Number.NaN] = times
  const newestLeftOut = times[limit] ?? newest
  // messages of one time are forgotten together, and those of the very newest time never
  const forgotten = newestLeftOut < newest ? newestLeftOut : times.find((time) => time < newest)
  return { ids: byTime.slice(0, limit), forgottenThrough: forgotten ?? forgottenThrough }
}

/** Makes the checkpoint of a merge's state. */
export const fromState = ({ forgottenThrough, newest, ids, previous, sends, verified }: MergeState): Checkpoint => {
  const sendFingerprints = [
    ...previous?.sends ?? [],
    ...sends.slice(-maxSendFingerprints).flatMap(SendIdentity.keys).map(Fingerprint.of)
  ].slice(-maxSendFingerprints)
  const maxIds = maxFingerprints - sendFingerprints.length
  const kept = newestIds(ids, maxIds, forgottenThrough)
  const idFingerprints = [...previous?.ids ?? [], ...kept.ids.map(([id]) => Fingerprint.of(id))].slice(-maxIds)
  return {
    version: 1,
    newest,
    verified,
    forgottenThrough: kept.forgottenThrough,
    ids: idFingerprints.join(""),
    sends: sendFingerprints.join("")
  }
}

/** Makes the resume point of the next merge from a checkpoint. */
export const toResumePoint = ({ forgottenThrough, newest, ids, sends, verified }: Checkpoint): ResumePoint => {
  const knownIds = new Set(Fingerprint.split(ids))
  const knownSends = new Set(Fingerprint.split(sends))
  return {
    newest,
    verified,
    forgottenThrough,
    previous: {
      ids: knownIds,
      sends: knownSends,
      // a recognized message is removed: from then on the merge that asked remembers it
      recognize: (message) => {
        const isKnown = knownIds.delete(Fingerprint.of(message.id))
        const send = SendIdentity.fromMessage(message)
        const isCopy = send !== undefined &&
          SendIdentity.keys(send).filter((key) => knownSends.delete(Fingerprint.of(key))).length > 0
        return isKnown || isCopy
      }
    }
  }
}
