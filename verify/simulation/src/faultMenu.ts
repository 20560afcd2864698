/** What may go wrong, and which failures of a client that excuses. */
import type * as Faults from "@effect-signalwire/backend/Faults"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { Chance } from "./chance.ts"
import type { Hazards } from "./honesty.ts"

export interface Trouble {
  readonly rule: Faults.Rule
  /** Reasons with which a call or a sequence may honestly fail after it, once it was met often enough. */
  readonly excuses: ReadonlyArray<string>
}

const events = { eventType: "conversation.message" }

/** Something that goes wrong; `lossless` leaves out what makes events disappear without a trace. */
export const draw = (chance: Chance, subscriberId: string | undefined, lossless: boolean): Trouble => {
  const who = subscriberId === undefined ? undefined : { subscriberId }
  const often = { times: chance.pick(1, 1, 2, 4), skip: chance.whole(0, 2) }
  const once = { times: 1, skip: chance.whole(0, 2) }
  const http = (
    method: string,
    action: Faults.Action,
    excuses: ReadonlyArray<string> = [],
    path?: string
  ): Trouble => ({
    rule: { match: { on: "http", method, ...who, ...(path === undefined ? undefined : { path }) }, action, ...often },
    excuses
  })
  const frame = (
    direction: "in" | "out",
    method: string,
    action: Faults.Action,
    excuses: ReadonlyArray<string> = []
  ): Trouble => ({
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
    excuses
  })
  const connect = (action: Faults.Action): Trouble => ({
    rule: { match: { on: "connect" }, action, ...often },
    excuses: []
  })
  const method = chance.pick("GET", "POST")
  const delay = chance.whole(1, 4000)
  const post = "/api/fabric/messages"

  const choices: ReadonlyArray<() => Trouble> = [
    () => http(method, { type: "refuse" }),
    () => http(method, { type: "delay", millis: delay }),
    () => http(method, { type: "silent" }),
    () => http(method, { type: "loseAnswer" }),
    () => http(method, { type: "loseAnswer", never: true }),
    () => http("POST", { type: "loseAnswer" }, [], post),
    () => http("POST", { type: "loseAnswer", never: true }, [], post),
    () => http("POST", { type: "malformed" }, ["Malformed"], post),
    () => http("POST", { type: "answer", status: chance.pick(500, 502, 503, 504) }, ["ServerError"], post),
    () => http(method, { type: "answer", status: 401, body: {} }, ["Unauthorized"]),
    () => http(method, { type: "answer", status: 403, body: {} }, ["Forbidden"]),
    () => http(method, { type: "answer", status: 429, body: {} }, ["RateLimited"]),
    () =>
      http(
        method,
        { type: "answer", status: 429, body: {}, headers: { "retry-after": String(chance.whole(1, 8)) } },
        ["RateLimited"]
      ),
    () => http(method, { type: "answer", status: chance.pick(500, 502, 503), text: "<html>" }, ["ServerError"]),
    () =>
      http(method, { type: "answer", status: 200, text: "<html>", headers: { "content-type": "text/html" } }, [
        "Malformed"
      ]),
    () => http("GET", { type: "malformed" }, ["Malformed"]),
    () => http("GET", { type: "duplicate" }),
    () => ({
      rule: {
        match: { on: "http", method: "GET", ...who },
        action: { type: "endless", pages: chance.pick("itself", "empty", "again") },
        times: chance.pick(1, 2, 1000),
        skip: chance.whole(0, 2)
      },
      excuses: [endless]
    }),
    () => connect(chance.pick<Faults.Action>({ type: "refuse" }, { type: "silent" }, { type: "close" })),
    () => connect(chance.pick<Faults.Action>({ type: "delay", millis: delay }, { type: "close", code: 1011 })),
    () => connect({ type: "answer", status: chance.pick(401, 503) }),
    () => connect({ type: "close", code: 1013 }),
    () =>
      frame(
        "out",
        "signalwire.connect",
        chance.pick<Faults.Action>(
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
        chance.pick<Faults.Action>({ type: "drop" }, { type: "close" }, { type: "loseAnswer" }, { type: "restart" })
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
    () => frame("in", "signalwire.event", chance.pick<Faults.Action>({ type: "drop" }, { type: "close" })),
    () => frame("in", "signalwire.event", { type: "reorder" }),
    () => frame("in", "signalwire.ping", { type: "drop" }),
    () => frame("out", "signalwire.ping", chance.pick<Faults.Action>({ type: "drop" }, { type: "silent" })),
    () => ({
      rule: { match: { on: "frame", direction: "out", ...who }, action: { type: "silent" }, ...once },
      excuses: []
    }),
    () => ({
      rule: { match: { on: "frame", direction: "in", ...who }, action: { type: "close" }, ...once },
      excuses: []
    })
  ]
  const choice = chance.oneOf(choices)
  return choice === undefined ? http("GET", { type: "refuse" }) : choice()
}

/** A list whose links lead nowhere: of answers that are malformed the one that ends what follows it. */
const endless = "endless"

/** What must have happened for a failure of this reason to be honest. */
export const excuseOf = (reason: Reason): string =>
  reason._tag === "Malformed" && reason.path === "links.next" ? endless : reason._tag

/** How often a failure must be met before it is final: once where nothing heals it, more where a remedy is tried. */
export const final = (excuse: string): number => {
  switch (excuse) {
    case "Refused":
      return 3
    case "Unauthorized":
      return 2
    default:
      return 1
  }
}

/** Takes note of what rules that have any times left may do. */
export const note = (rules: ReadonlyArray<Faults.Rule>, hazards: Hazards, now: number): void => {
  for (const { action, match, times } of rules) {
    if (times === 0) continue
    hazards.any = Math.max(hazards.any, now)
    if (match.on === "http") hazards.http = now
    if (action.type === "delay" || action.type === "reorder") hazards.delayed = now
    if (match.on === "http") continue
    if (action.type === "silent") hazards.silent = now
    if (action.type === "drop" || action.type === "malformed") hazards.lost = now
  }
}
