/** What no run can reach, and why. An item that a run reaches all the same is reported. */
import type { Category } from "./Coverage.ts"
import { reasons } from "./reasons.ts"

export interface Unreachable {
  readonly reason: string
  readonly items: ReadonlyArray<string>
}

/** Reasons with which nothing in the simulation fails. */
const neverFailing: ReadonlyArray<Unreachable> = [
  { reason: "programs use what exists, with valid input", items: ["NotFound", "Invalid"] },
  { reason: "the links of the server lead to itself", items: ["ForeignLink"] },
  { reason: "exceptions count as lost connections (P8.7)", items: ["Defect"] },
  {
    reason: "cursors are not damaged, and their store does not fail",
    items: ["StorageUnavailable", "UnreadableCursor"]
  },
  { reason: "fewer than 1,000 sends wait at once", items: ["Overloaded"] },
  { reason: "programs stop what they have begun when they end", items: ["Closed"] }
]

const recovering = ["Unauthorized", "RateLimited", "ServerError", "Transport"]

export const unreachable: { readonly [C in Category]?: ReadonlyArray<Unreachable> } = {
  "kinds of faults": [
    {
      reason: "the backend carries it out in the same way as another fault that is reached",
      items: [
        "connect: loseAnswer",
        "frame in: refuse",
        "frame in: malformed",
        "frame out: refuse",
        "frame out: loseAnswer"
      ]
    },
    { reason: "the backend does nothing", items: ["connect: restart"] }
  ],
  "connection transitions": [
    {
      reason: "the platform has a WebSocket",
      items: ["Connecting: SessionEnded unsupported -> Failed", "Connected: SessionEnded unsupported -> Failed"]
    },
    { reason: "the delays of the worlds do not end", items: ["BackingOff: ScheduleEnded -> Failed"] },
    {
      reason: "the client survives every exception of the platform; only one of its own, or of a schedule, ends it",
      items: ["Idle", "Connecting", "Connected", "RefreshingToken", "BackingOff", "AwaitingToken"]
        .map((state) => `${state}: DriverFailed -> Failed`)
    },
    {
      reason: "the client is reset before it begins again",
      items: ["Failed: Start -> Connecting", "Failed: Start -> BackingOff"]
    }
  ],
  "sequence transitions": [
    {
      reason: "signals wait in the queue of a sequence until it has started, and a failure before that has no sequence",
      items: [
        "Starting: SignalsReceived -> Starting",
        "Starting: Started with a slice that is complete -> CatchingUp",
        "Starting: Started with a slice that is cut short -> CatchingUp",
        "Starting: Failed -> Failed"
      ]
    },
    {
      reason: "a client that closes makes its sequences read, which ends them",
      items: ["Live: Ended -> Ended"]
    }
  ],
  signals: [
    {
      reason: "signals wait in the queue of a sequence until it has started",
      items: ["Event", "Malformed", "connected", "overflow", "requested"].map((kind) => `Starting: ${kind}`)
    }
  ],
  events: [{ reason: "the server keeps all history, so every gap can be closed", items: ["Gap"] }],
  "ends of sends": [
    {
      reason: "a send that may be stored fails with Unconfirmed, whatever the failure of its request was",
      items: reasons.filter((reason) => reason !== "Unconfirmed").map((reason) => `${reason}, perhaps stored`)
    },
    { reason: "it says that the message may be stored", items: ["Unconfirmed, not stored"] },
    { reason: "only sockets are refused like this", items: ["Refused, not stored"] },
    ...neverFailing.map(({ items, reason }) => ({ reason, items: items.map((item) => `${item}, not stored`) }))
  ],
  "ends of messages in outboxes": [
    ...neverFailing,
    { reason: "an outbox waits until it recovers", items: [...recovering, "Timeout", "Malformed"] },
    { reason: "history is refused fewer than 64 times in a row", items: ["Unconfirmed"] },
    { reason: "only sockets are refused like this", items: ["Refused"] }
  ],
  "ends of sequences": [
    ...neverFailing,
    { reason: "a subscription waits until it recovers", items: recovering },
    { reason: "it is a failure of sends", items: ["Unconfirmed"] }
  ],
  "ends of reads": [
    ...neverFailing,
    { reason: "it is a failure of sends", items: ["Unconfirmed"] },
    { reason: "only sockets are refused like this", items: ["Refused"] }
  ]
}
