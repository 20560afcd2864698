/** Row 2: decoding the frame of an event into the domain value that subscribers receive. */
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { FrameReader } from "../../packages/subscription/src/internal/frameReader.ts"
import { PendingRequests } from "../../packages/subscription/src/internal/pendingRequests.ts"
import { alternate, baseline, type Benchmark, type Figure, ratioOf } from "./harness.ts"
import { eventFrame } from "./wire.ts"

/** About as many frames as one read of a socket returns. */
const count = 80

const redact = (text: string): string => text

const reader = new FrameReader({
  connectId: "connect",
  addressOf: undefined,
  redact,
  requests: new PendingRequests({
    write: () => Effect.void,
    timeoutMillis: 1000,
    redact
  })
})

/** Decodes a frame as the whole pass does, but without the acknowledgement. */
const decode = (frame: string) =>
  JsonRpc.parse(frame).pipe(
    Result.flatMap((request) => SignalWireEvent.decode(request._tag === "Request" ? request.params : undefined)),
    Result.flatMap(({ params }) => ConversationEvent.decode(params))
  )

export const benchmark: Benchmark = {
  about:
    "Decoding frames of events, in batches as they come from a socket, into domain values, against `JSON.parse` of the "
    + "same frames. The whole pass is what a session does with a batch, the acknowledgement of each frame included.",
  run: async () => {
    const frames = Array.from({ length: count }, (_, n) => eventFrame(n))
    const { replies, signals } = reader.read(frames)
    if (signals.some(({ _tag }) => _tag !== "Event") || replies.length !== count) {
      throw new Error("the frames were not decoded")
    }
    const times = await alternate({
      parse: () => {
        for (const frame of frames) JSON.parse(frame)
      },
      decode: () => frames.map(decode),
      pass: () => reader.read(frames)
    })
    const against = baseline(`JSON.parse of ${count}`, times.parse)
    const figure = (what: string, variant: "decode" | "pass", tolerance: number): Figure => ({
      row: "2",
      what,
      unit: "x",
      spread: ratioOf(times[variant], times.parse),
      baseline: against,
      goal: { is: "at most", value: 1.25, tolerance }
    })
    return [
      figure("event frame", "decode", 0.2),
      // the goal excludes acknowledgements, which cost about as much as the tolerance
      figure("the whole pass over a batch of frames", "pass", 0.25)
    ]
  }
}
