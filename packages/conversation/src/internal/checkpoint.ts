/**
 * What is saved of a merge: where it stands, and fingerprints of what a later one has to recognise. It stays below 16 kB
 * whatever the traffic is.
 *
 * - Of the messages that a re-read can bring again, those of the newest times are saved. The `floor` is raised over the
 *   others: what becomes visible there later can't be judged, and is left out. Messages of the very newest time are never
 *   given up: those that there is no room for come again.
 * - Of the sends that were stored once, as far as is known, those seen last are saved. Of others, a second copy is taken for
 *   a new message.
 * - A fingerprint that two messages share would cost the second one. With 2⁻⁹⁰ for each pair, a thousand saved and ten
 *   thousand compared, that is 2⁻⁶⁶ for each time a process goes on with what is saved.
 */
import * as Schema from "effect/Schema"
import * as Fingerprint from "./fingerprint.ts"
import type { Snapshot, Standing } from "./merge.ts"
import * as Send from "./send.ts"

/** How many fingerprints are saved at most. */
const maxFingerprints = 1024

/** How many of them are of sends, at most. A send has one or two. */
const maxSends = 256

const Fingerprints = Schema.String.check(Schema.isPattern(new RegExp(`^(?:[\\w-]{${Fingerprint.length}})*$`)))

/** A merge's standing as it is saved. */
export const Checkpoint = Schema.Struct({
  /** Of this format. */
  version: Schema.Literal(1),
  /** The furthest message; `null` while there was none. Unix seconds. */
  frontier: Schema.NullOr(Schema.Struct({ epochSeconds: Schema.Finite, id: Schema.String })),
  /** Up to where what was heard agreed with history. Unix seconds. */
  verified: Schema.NullOr(Schema.Finite),
  /** What stands at this time or before is forgotten; `null` while nothing is. Unix seconds. */
  floor: Schema.NullOr(Schema.Finite),
  /** Of messages, one after the other. */
  ids: Fingerprints,
  /** Of sends, one after the other. */
  sends: Fingerprints
})
export type Checkpoint = typeof Checkpoint.Type

type Ids = Snapshot["ids"]

/** The ids of the newest times, and up to where the others are forgotten. */
const newest = (
  ids: Ids,
  limit: number,
  floor: number | null
): { readonly ids: Ids; readonly floor: number | null } => {
  if (ids.length <= limit) return { ids, floor }
  const byTime = [...ids].sort(([, a], [, b]) => b - a)
  const [, last] = byTime[0] ?? ["", Number.NaN]
  const [, first] = byTime[limit] ?? ["", last]
  // what stands at one time is forgotten together, and the very newest never
  const forgotten = first < last ? first : byTime.find(([, time]) => time < last)?.[1]
  return { ids: byTime.slice(0, limit), floor: forgotten ?? floor }
}

/** What to save of a merge. */
export const write = ({ earlier, floor, frontier, ids, sends, verified }: Snapshot): Checkpoint => {
  const sendPrints = [...earlier?.sends ?? [], ...sends.slice(-maxSends).flatMap(Send.names).map(Fingerprint.of)]
    .slice(-maxSends)
  const room = maxFingerprints - sendPrints.length
  const kept = newest(ids, room, floor)
  const idPrints = [...earlier?.ids ?? [], ...kept.ids.map(([id]) => Fingerprint.of(id))].slice(-room)
  return {
    version: 1,
    frontier,
    verified,
    floor: kept.floor,
    ids: idPrints.join(""),
    sends: sendPrints.join("")
  }
}

/** What a merge goes on with. */
export const read = ({ floor, frontier, ids, sends, verified }: Checkpoint): Standing => {
  const knownIds = new Set(Fingerprint.split(ids))
  const knownSends = new Set(Fingerprint.split(sends))
  return {
    frontier,
    verified,
    floor,
    earlier: {
      ids: knownIds,
      sends: knownSends,
      // what was met again is known to the merge that asks
      knows: (message) => {
        const isKnown = knownIds.delete(Fingerprint.of(message.id))
        const send = Send.of(message)
        const isCopy = send !== undefined &&
          Send.names(send).filter((name) => knownSends.delete(Fingerprint.of(name))).length > 0
        return isKnown || isCopy
      }
    }
  }
}
