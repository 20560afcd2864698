/** Row 2: an event's frame, from text to the domain value that subscribers are handed. */
import * as Effect from "effect/Effect"
import * as Inbox from "../../packages/subscription/src/internal/inbox.ts"
import * as Requests from "../../packages/subscription/src/internal/requests.ts"
import { alternate, baseline, type Benchmark, ratioOf } from "./harness.ts"
import { eventFrame } from "./wire.ts"

const count = 500

const redact = (text: string): string => text

const inbox = Inbox.make({
  connectId: "connect",
  session: 1,
  addressOf: undefined,
  redact,
  requests: Requests.make({
    write: () => Effect.void,
    newId: Effect.succeed("request"),
    timeoutMillis: 1000,
    capacity: 1,
    redact
  })
})

export const benchmark: Benchmark = {
  about:
    "Frames of events in batches as they come from a socket, through the session's one pass over them: from text to "
    + "domain values, with the acknowledgements written. Against `JSON.parse` of the same frames.",
  run: async () => {
    const frames = Array.from({ length: count }, (_, n) => eventFrame(n))
    const { answers, signals } = inbox.read(frames)
    if (signals.some(({ _tag }) => _tag !== "Event") || answers.length !== count) {
      throw new Error("the frames were not read")
    }
    const times = await alternate({
      parse: () => {
        for (const frame of frames) JSON.parse(frame)
      },
      read: () => inbox.read(frames)
    })
    return [{
      row: "2",
      what: "event frame",
      unit: "x",
      spread: ratioOf(times.read, times.parse),
      baseline: baseline(`JSON.parse of ${count}`, times.parse),
      goal: { is: "at most", value: 1.25, slack: 0.2 }
    }]
  }
}
