/** The faults of the server that a world chooses from, and the failures of a client that each of them justifies. */
import * as Faults from "@effect-signalwire/backend/Faults"
import * as Schema from "effect/Schema"
import type { SeededRandom } from "./random.ts"

export interface Fault {
  readonly rule: Faults.Rule
  /** Reasons with which a call or a subscription may fail, once the fault has occurred often enough. */
  readonly allowedReasons: ReadonlyArray<string>
}

/** The key of a page whose links form a cycle: the only malformed response that ends a subscription. */
export const endless = "endless"

/** What a fault is made from. */
export interface Circumstances {
  readonly random: SeededRandom
  /** How many matches are skipped first; a few at random if it is missing. */
  readonly skip?: number
  /** Whose requests and frames it concerns; all of them when it is empty. */
  readonly who: { readonly subscriberId?: string }
}

type Make = (circumstances: Circumstances) => Fault

/** An action, or one that is made at random. */
type ActionOf = Faults.Action | ((random: SeededRandom) => Faults.Action)

const actionOf = (action: ActionOf, random: SeededRandom): Faults.Action =>
  typeof action === "function" ? action(random) : action

const often = (random: SeededRandom) => ({ times: random.pick(1, 1, 2, 4), skip: random.integer(0, 2) })
const once = (random: SeededRandom) => ({ times: 1, skip: random.integer(0, 2) })

const http =
  (method: "GET" | "POST", action: ActionOf, allowedReasons: ReadonlyArray<string> = [], path?: string): Make =>
  ({ random, who }) => ({
    rule: {
      match: { on: "http", method, ...who, ...(path === undefined ? undefined : { path }) },
      action: actionOf(action, random),
      ...often(random)
    },
    allowedReasons
  })

const endlessPages = (pages: "itself" | "empty" | "again"): Make => ({ random, who }) => ({
  rule: {
    match: { on: "http", method: "GET", ...who },
    action: { type: "endless", pages },
    times: random.pick(1, 2, 1000),
    skip: random.integer(0, 2)
  },
  allowedReasons: [endless]
})

const connect = (action: ActionOf): Make => ({ random }) => ({
  rule: { match: { on: "connect" }, action: actionOf(action, random), ...often(random) },
  allowedReasons: []
})

type FrameMethod = "signalwire.connect" | "signalwire.event" | "signalwire.ping"

const frame = (
  direction: "in" | "out",
  method: FrameMethod,
  action: ActionOf,
  allowedReasons: ReadonlyArray<string> = []
): Make =>
({ random, who }) => ({
  rule: {
    match: {
      on: "frame",
      direction,
      method,
      ...who,
      ...(method === "signalwire.event" && direction === "out" ? { eventType: "conversation.message" } : undefined)
    },
    action: actionOf(action, random),
    ...often(random)
  },
  allowedReasons
})

const anyFrame = (direction: "in" | "out", action: Faults.Action): Make => ({ random, who }) => ({
  rule: { match: { on: "frame", direction, ...who }, action, ...once(random) },
  allowedReasons: []
})

const delay: ActionOf = (random) => ({ type: "delay", millis: random.integer(1, 4000) })
const serverError: ActionOf = (random) => ({ type: "answer", status: random.pick(500, 502, 503, 504) })
const tryLater: ActionOf = (random) => ({
  type: "answer",
  status: 429,
  body: {},
  headers: { "retry-after": String(random.integer(1, 8)) }
})
const gatewayPage: ActionOf = (random) => ({ type: "answer", status: random.pick(500, 502, 503), text: "<html>" })
const signInPage: Faults.Action = {
  type: "answer",
  status: 200,
  text: "<html>",
  headers: { "content-type": "text/html" }
}
const messages = "/api/fabric/messages"

/** Faults of requests with a method, whose names begin with it. */
const ofMethod = (method: "GET" | "POST") => ({
  [`${method}: refuse`]: http(method, { type: "refuse" }),
  [`${method}: delay`]: http(method, delay),
  [`${method}: silent`]: http(method, { type: "silent" }),
  [`${method}: drop`]: http(method, { type: "drop" }),
  [`${method}: close`]: http(method, { type: "close" }),
  [`${method}: loseAnswer`]: http(method, { type: "loseAnswer" }),
  [`${method}: loseAnswer forever`]: http(method, { type: "loseAnswer", never: true }),
  [`${method}: 401`]: http(method, { type: "answer", status: 401, body: {} }, ["Unauthorized"]),
  [`${method}: 403`]: http(method, { type: "answer", status: 403, body: {} }, ["Forbidden"]),
  [`${method}: 429`]: http(method, { type: "answer", status: 429, body: {} }, ["RateLimited"]),
  [`${method}: 429 with a delay`]: http(method, tryLater, ["RateLimited"]),
  [`${method}: page of a gateway`]: http(method, gatewayPage, ["ServerError"]),
  [`${method}: page of a sign-in`]: http(method, signInPage, ["Malformed"])
})

/** The fault that loses events. */
export const eventDrop = "event: drop"

/** All faults, by name. */
const menu: Readonly<Record<string, Make>> = {
  ...ofMethod("GET"),
  ...ofMethod("POST"),
  "send: loseAnswer": http("POST", { type: "loseAnswer" }, [], messages),
  "send: loseAnswer forever": http("POST", { type: "loseAnswer", never: true }, [], messages),
  "send: malformed": http("POST", { type: "malformed" }, ["Malformed"], messages),
  "send: 5xx": http("POST", serverError, ["ServerError"], messages),
  "send: 503, again and again": ({ random, who }) => ({
    rule: {
      match: { on: "http", method: "POST", path: messages, ...who },
      action: { type: "answer", status: 503 },
      times: random.integer(20, 40)
    },
    allowedReasons: ["ServerError"]
  }),
  "GET: 429, again and again": ({ random, who }) => ({
    rule: {
      match: { on: "http", method: "GET", ...who },
      action: { type: "answer", status: 429, body: {} },
      times: random.integer(20, 40)
    },
    allowedReasons: ["RateLimited"]
  }),
  "GET: malformed": http("GET", { type: "malformed" }, ["Malformed"]),
  "GET: duplicate": http("GET", { type: "duplicate" }),
  "GET: reorder": http("GET", { type: "reorder" }),
  "GET: endless, itself": endlessPages("itself"),
  "GET: endless, empty": endlessPages("empty"),
  "GET: endless, again": endlessPages("again"),
  "socket: refuse": connect({ type: "refuse" }),
  "socket: silent": connect({ type: "silent" }),
  "socket: drop": connect({ type: "drop" }),
  "socket: delay": connect(delay),
  "socket: close": connect({ type: "close" }),
  "socket: close with 1011": connect({ type: "close", code: 1011 }),
  "socket: close with 1013": connect({ type: "close", code: 1013 }),
  "socket: 401": connect({ type: "answer", status: 401 }),
  "socket: 503": connect({ type: "answer", status: 503 }),
  "connect request: expired": frame(
    "in",
    "signalwire.connect",
    { type: "answer", code: -32002, message: "expired" },
    ["Unauthorized"]
  ),
  "connect request: stale": frame(
    "in",
    "signalwire.connect",
    { type: "answer", code: -32003, message: "stale" },
    ["Refused"]
  ),
  "connect request: stale, again and again": ({ random, who }) => ({
    rule: {
      match: { on: "frame", direction: "in", method: "signalwire.connect", ...who },
      action: { type: "answer", code: -32003, message: "stale" },
      times: random.integer(10, 14)
    },
    allowedReasons: ["Refused"]
  }),
  "connect request: internal error": frame(
    "in",
    "signalwire.connect",
    { type: "answer", code: -32603, message: "internal" }
  ),
  "connect request: drop": frame("in", "signalwire.connect", { type: "drop" }),
  "connect request: close": frame("in", "signalwire.connect", { type: "close" }),
  "connect request: loseAnswer": frame("in", "signalwire.connect", { type: "loseAnswer" }),
  "connect request: restart": frame("in", "signalwire.connect", { type: "restart" }),
  "connect response: drop": frame("out", "signalwire.connect", { type: "drop" }),
  "connect response: malformed": frame("out", "signalwire.connect", { type: "malformed" }),
  "connect response: silent": frame("out", "signalwire.connect", { type: "silent" }),
  "connect response: close": frame("out", "signalwire.connect", { type: "close" }),
  "connect response: delay": frame("out", "signalwire.connect", delay),
  "connect response: reorder": frame("out", "signalwire.connect", { type: "reorder" }),
  "connect response: error": frame("out", "signalwire.connect", { type: "answer", code: -32603, message: "internal" }),
  "event: delay": frame("out", "signalwire.event", delay),
  "event: duplicate": frame("out", "signalwire.event", { type: "duplicate" }),
  "event: reorder": frame("out", "signalwire.event", { type: "reorder" }),
  "event: malformed": frame("out", "signalwire.event", { type: "malformed" }),
  "event: silent": frame("out", "signalwire.event", { type: "silent" }),
  "event: close": frame("out", "signalwire.event", { type: "close" }),
  "event: close with 1001": frame("out", "signalwire.event", { type: "close", code: 1001 }),
  "event: restart": frame("out", "signalwire.event", { type: "restart" }),
  [eventDrop]: frame("out", "signalwire.event", { type: "drop" }),
  "acknowledgement: delay": frame("in", "signalwire.event", delay),
  "acknowledgement: duplicate": frame("in", "signalwire.event", { type: "duplicate" }),
  "acknowledgement: drop": frame("in", "signalwire.event", { type: "drop" }),
  "acknowledgement: close": frame("in", "signalwire.event", { type: "close" }),
  "acknowledgement: reorder": frame("in", "signalwire.event", { type: "reorder" }),
  "ping: drop": frame("in", "signalwire.ping", { type: "drop" }),
  "pong: drop": frame("out", "signalwire.ping", { type: "drop" }),
  "pong: silent": frame("out", "signalwire.ping", { type: "silent" }),
  "frame to the client: silent": anyFrame("out", { type: "silent" }),
  "frame from the client: silent": anyFrame("in", { type: "silent" }),
  "frame from the client: close": anyFrame("in", { type: "close" })
}

/** The names of all faults. */
export const faultNames: ReadonlyArray<string> = Object.keys(menu)

/** The names of the faults that lose no events. */
export const losslessFaultNames: ReadonlyArray<string> = faultNames.filter((name) => name !== eventDrop)

/** Makes the fault of a name. */
export const make = (name: string, circumstances: Circumstances): Fault => {
  const fault = menu[name]
  if (fault === undefined) throw new Error(`there is no fault ${name}`)
  const { allowedReasons, rule } = fault(circumstances)
  const { skip = rule.skip ?? 0 } = circumstances
  return { allowedReasons, rule: { ...rule, skip } }
}

// What the backend can do

/** Where a rule is carried out. */
const pointOf = (match: Faults.Match): string => match.on === "frame" ? `frame ${match.direction}` : match.on

/** The kind of a rule: where it is carried out, and what is done. */
export const kindOf = ({ action, match }: Faults.Rule): string => `${pointOf(match)}: ${action.type}`

const points: ReadonlyArray<Faults.Match> = [
  { on: "http" },
  { on: "connect" },
  { on: "frame", direction: "in" },
  { on: "frame", direction: "out" }
]

const actionTypes = Faults.Action.members.map(({ fields }) => fields.type.literal)

/** Fields that some actions require. */
const required = { endless: { pages: "itself" }, delay: { millis: 0 } } as const

const isRule = Schema.is(Faults.Rule)

/** The kinds of rules that the backend accepts. */
export const kinds: ReadonlyArray<string> = points.flatMap((match) =>
  actionTypes
    .map((type) => ({ match, action: { type, ...(type === "endless" || type === "delay" ? required[type] : {}) } }))
    .filter(isRule)
    .map(kindOf)
)
