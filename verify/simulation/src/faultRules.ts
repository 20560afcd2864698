/** Faults of the server, and the failures of a client that each of them justifies. */
import type * as Faults from "@effect-signalwire/backend/Faults"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { FaultTimes } from "./connectionOracle.ts"
import type { SeededRandom } from "./random.ts"

export interface Fault {
  readonly rule: Faults.Rule
  /** Reasons with which a call or a subscription may fail, once the fault has occurred often enough. */
  readonly allowedReasons: ReadonlyArray<string>
}

const events = { eventType: "conversation.message" }

/** A random fault; with `lossless`, one that does not lose events. */
export const generate = (random: SeededRandom, subscriberId: string | undefined, lossless: boolean): Fault => {
  const who = subscriberId === undefined ? undefined : { subscriberId }
  const often = { times: random.pick(1, 1, 2, 4), skip: random.integer(0, 2) }
  const once = { times: 1, skip: random.integer(0, 2) }
  const http = (
    method: string,
    action: Faults.Action,
    allowedReasons: ReadonlyArray<string> = [],
    path?: string
  ): Fault => ({
    rule: { match: { on: "http", method, ...who, ...(path === undefined ? undefined : { path }) }, action, ...often },
    allowedReasons
  })
  const frame = (
    direction: "in" | "out",
    method: string,
    action: Faults.Action,
    allowedReasons: ReadonlyArray<string> = []
  ): Fault => ({
    rule: {
      match: {
        on: "frame",
        direction,
        method,
        ...who,
        ...(method === "signalwire.event" && direction === "out" ? events : undefined)
      },
      action,
      ...often
    },
    allowedReasons
  })
  const connect = (action: Faults.Action): Fault => ({
    rule: { match: { on: "connect" }, action, ...often },
    allowedReasons: []
  })
  const method = random.pick("GET", "POST")
  const delay = random.integer(1, 4000)
  const post = "/api/fabric/messages"

  const choices: ReadonlyArray<() => Fault> = [
    () => http(method, { type: "refuse" }),
    () => http(method, { type: "delay", millis: delay }),
    () => http(method, { type: "silent" }),
    () => http(method, { type: "loseAnswer" }),
    () => http(method, { type: "loseAnswer", never: true }),
    () => http("POST", { type: "loseAnswer" }, [], post),
    () => http("POST", { type: "loseAnswer", never: true }, [], post),
    () => http("POST", { type: "malformed" }, ["Malformed"], post),
    () => http("POST", { type: "answer", status: random.pick(500, 502, 503, 504) }, ["ServerError"], post),
    () => http(method, { type: "answer", status: 401, body: {} }, ["Unauthorized"]),
    () => http(method, { type: "answer", status: 403, body: {} }, ["Forbidden"]),
    () => http(method, { type: "answer", status: 429, body: {} }, ["RateLimited"]),
    () =>
      http(
        method,
        { type: "answer", status: 429, body: {}, headers: { "retry-after": String(random.integer(1, 8)) } },
        ["RateLimited"]
      ),
    () => http(method, { type: "answer", status: random.pick(500, 502, 503), text: "<html>" }, ["ServerError"]),
    () =>
      http(method, { type: "answer", status: 200, text: "<html>", headers: { "content-type": "text/html" } }, [
        "Malformed"
      ]),
    () => http("GET", { type: "malformed" }, ["Malformed"]),
    () => http("GET", { type: "duplicate" }),
    () => ({
      rule: {
        match: { on: "http", method: "GET", ...who },
        action: { type: "endless", pages: random.pick("itself", "empty", "again") },
        times: random.pick(1, 2, 1000),
        skip: random.integer(0, 2)
      },
      allowedReasons: [endless]
    }),
    () => connect(random.pick<Faults.Action>({ type: "refuse" }, { type: "silent" }, { type: "close" })),
    () => connect(random.pick<Faults.Action>({ type: "delay", millis: delay }, { type: "close", code: 1011 })),
    () => connect({ type: "answer", status: random.pick(401, 503) }),
    () => connect({ type: "close", code: 1013 }),
    () =>
      frame(
        "out",
        "signalwire.connect",
        random.pick<Faults.Action>(
          { type: "drop" },
          { type: "malformed" },
          { type: "silent" },
          { type: "close" },
          { type: "delay", millis: delay },
          { type: "reorder" }
        )
      ),
    () => ({
      ...frame("in", "signalwire.connect", { type: "answer", code: -32002, message: "expired" }, ["Unauthorized"])
    }),
    () => ({
      ...frame("in", "signalwire.connect", { type: "answer", code: -32003, message: "stale" }, ["Refused"])
    }),
    () => frame("in", "signalwire.connect", { type: "answer", code: -32603, message: "internal" }),
    () =>
      frame(
        "in",
        "signalwire.connect",
        random.pick<Faults.Action>({ type: "drop" }, { type: "close" }, { type: "loseAnswer" }, { type: "restart" })
      ),
    () => frame("out", "signalwire.event", { type: "delay", millis: delay }),
    () => frame("out", "signalwire.event", { type: "duplicate" }),
    () => frame("out", "signalwire.event", { type: "reorder" }),
    () => frame("out", "signalwire.event", { type: "malformed" }),
    () => frame("out", "signalwire.event", { type: "malformed" }),
    () => frame("out", "signalwire.event", { type: "silent" }),
    () => frame("out", "signalwire.event", { type: "close" }),
    () => frame("out", "signalwire.event", { type: "close", code: 1001 }),
    () => frame("out", "signalwire.event", { type: "restart" }),
    () => frame("out", "signalwire.event", lossless ? { type: "close" } : { type: "drop" }),
    () => frame("in", "signalwire.event", random.pick<Faults.Action>({ type: "drop" }, { type: "close" })),
    () => frame("in", "signalwire.event", { type: "reorder" }),
    () => frame("in", "signalwire.ping", { type: "drop" }),
    () => frame("out", "signalwire.ping", random.pick<Faults.Action>({ type: "drop" }, { type: "silent" })),
    () => ({
      rule: { match: { on: "frame", direction: "out", ...who }, action: { type: "silent" }, ...once },
      allowedReasons: []
    }),
    () => ({
      rule: { match: { on: "frame", direction: "in", ...who }, action: { type: "close" }, ...once },
      allowedReasons: []
    })
  ]
  const choice = random.oneOf(choices)
  return choice === undefined ? http("GET", { type: "refuse" }) : choice()
}

/** The key of a page whose links form a cycle: the only malformed response that ends a subscription. */
const endless = "endless"

/** The key of a failure in `allowedReasons`. */
export const failureKey = (reason: Reason): string =>
  reason._tag === "Malformed" && reason.path === "links.next" ? endless : reason._tag

/** How often a failure must occur before it ends a subscription: more than once when the client can try a remedy. */
export const timesUntilFinal = (key: string): number => {
  switch (key) {
    case "Refused":
      return 3
    case "Unauthorized":
      return 2
    default:
      return 1
  }
}

/** Records at `now` which kinds of faults are active: rules with `times` left. */
export const recordTimes = (rules: ReadonlyArray<Faults.Rule>, faultTimes: FaultTimes, now: number): void => {
  for (const { action, match, times } of rules) {
    if (times === 0) continue
    faultTimes.any = Math.max(faultTimes.any, now)
    if (match.on === "http") faultTimes.http = now
    if (action.type === "delay" || action.type === "reorder") faultTimes.delayed = now
    if (match.on === "http") continue
    if (action.type === "silent") faultTimes.silent = now
    if (action.type === "drop" || action.type === "malformed") faultTimes.lost = now
  }
}
