/**
 * Fault injection. Rules are checked, in order, for every HTTP request, every opened socket, and every frame in either direction.
 * The first rule that matches and is not used up is carried out.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { optionalField } from "./internal/optionalField.ts"

/** An integer in a range, inclusive. */
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** The code of a close frame. */
const CloseCode = between(1000, 4999)

/** Headers that Node writes unchanged; those that depend on the body are excluded, because Node writes them itself. */
const HeaderValue = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e]*$/))
const HeaderName = Schema.String.check(
  Schema.isPattern(
    /^(?!(?:connection|content-length|keep-alive|trailer|transfer-encoding|upgrade)$)[\w!#$%&'*+.^`|~-]+$/i
  )
)

/** Selects requests, sockets or frames. Fields that are left out match everything. */
export const Match = Schema.Union([
  Schema.Struct({
    on: Schema.Literal("http"),
    method: optionalField(Schema.String),
    /** The path without the query; `*` matches any string. */
    path: optionalField(Schema.String),
    subscriberId: optionalField(Schema.String)
  }),
  Schema.Struct({ on: Schema.Literal("connect") }),
  Schema.Struct({
    on: Schema.Literal("frame"),
    /** `in` for frames from the client, `out` for frames to the client. */
    direction: Schema.Literals(["in", "out"]),
    /** The JSON-RPC method of the request, or, for a response, of the request that it responds to; `*` matches any string. */
    method: optionalField(Schema.String),
    /** The `event_type` of an event; `*` matches any string. */
    eventType: optionalField(Schema.String),
    subscriberId: optionalField(Schema.String)
  })
])
export type Match = typeof Match.Type

/** The fault to carry out. Durations are in milliseconds. */
export const Action = Schema.Union([
  /** Breaks the connection without handling the request; on `connect`, the socket is not opened. */
  Schema.Struct({ type: Schema.Literal("refuse") }),
  /** Closes the socket with a close frame of this code; without a `code`, breaks the connection without a close frame. */
  Schema.Struct({ type: Schema.Literal("close"), code: optionalField(CloseCode) }),
  /** Never responds. A socket stays open, but all later frames in both directions are ignored. */
  Schema.Struct({ type: Schema.Literal("silent") }),
  /** Delays the request, socket or frame. */
  Schema.Struct({ type: Schema.Literal("delay"), millis: between(0, 3_600_000) }),
  /** Handles a request, or writes a frame, twice. */
  Schema.Struct({ type: Schema.Literal("duplicate") }),
  /** Holds a request or frame back until the next one in the same direction has passed, or for a second. */
  Schema.Struct({ type: Schema.Literal("reorder") }),
  /** Drops a frame; a request is not handled and gets no response. */
  Schema.Struct({ type: Schema.Literal("drop") }),
  /** Responds without handling: to an HTTP request with `status`, to a frame with an error of this `code`. */
  Schema.Struct({
    type: Schema.Literal("answer"),
    status: optionalField(between(200, 599)),
    headers: optionalField(Schema.Record(HeaderName, HeaderValue)),
    /** A JSON body. */
    body: Schema.optionalKey(Schema.Unknown),
    /** A body of any string, instead of JSON. */
    text: optionalField(Schema.String),
    code: optionalField(Schema.Union([Schema.Finite, Schema.String])),
    message: optionalField(Schema.String)
  }),
  /** Handles a request, then breaks the connection instead of responding; with `never`, it stays open without a response. */
  Schema.Struct({ type: Schema.Literal("loseAnswer"), never: optionalField(Schema.Boolean) }),
  /** Sends only the first half of the response or frame, or `text` instead, such as HTML or an empty string. */
  Schema.Struct({ type: Schema.Literal("malformed"), text: optionalField(Schema.String) }),
  /** Sends `signalwire.disconnect` with `restart`, removes the session, and closes the socket. */
  Schema.Struct({ type: Schema.Literal("restart") }),
  /**
   * Adds a `links.next` to a page of a list, so that the list never ends: a link to the page `itself`, or a different link each
   * time, to an `empty` page or to the same page `again`.
   */
  Schema.Struct({ type: Schema.Literal("endless"), pages: Schema.Literals(["itself", "empty", "again"]) })
])
export type Action = typeof Action.Type

/** Actions that have no effect for this kind of match. */
const ineffectiveActions: { readonly [On in Match["on"]]: ReadonlyArray<Action["type"]> } = {
  http: ["restart"],
  connect: ["duplicate", "reorder", "malformed", "endless"],
  frame: ["endless"]
}

/** A fault rule. The action must have an effect on what it matches. */
export const Rule = Schema.Struct({
  match: Match,
  action: Action,
  /** How often the rule is carried out. @default unlimited */
  times: optionalField(between(0, Number.MAX_SAFE_INTEGER)),
  /** How many matches are skipped first. @default 0 */
  skip: optionalField(between(0, Number.MAX_SAFE_INTEGER)),
  /** How long the rule is active after it is set, in milliseconds. @default until the rules are replaced */
  forMillis: optionalField(between(0, 3_600_000)),
  /** The probability that a match is carried out, from 0 to 1. @default 1 */
  probability: optionalField(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
}).check(Schema.makeFilter(({ action, match }) =>
  ineffectiveActions[match.on].includes(action.type)
    ? { path: ["action"], issue: `${action.type} has no effect on ${match.on}` }
    : match.on === "frame" && match.direction === "in" && typeof match.eventType === "string"
    ? { path: ["match", "eventType"], issue: "events are only sent to clients: direction must be out" }
    : undefined
))
export type Rule = typeof Rule.Type

/** The maximum number of active rules. */
export const maxRules = 1000

const RuleList = Schema.Array(Rule).check(Schema.isMaxLength(maxRules))

/** Body of `POST /_sandbox/faults`. */
export const NewRules = Schema.Struct({ rules: RuleList })
export type NewRules = typeof NewRules.Type

/** Body of `PUT /_sandbox/faults`, and response of `GET`. With a `seed`, probabilities are reproducible. */
export const Rules = Schema.Struct({ rules: RuleList, seed: optionalField(Schema.Finite) })
export type Rules = typeof Rules.Type

/** A request, socket or frame that a fault can be carried out on. */
export type FaultPoint =
  | {
    readonly on: "http"
    readonly method: string
    readonly path: string
    readonly subscriberId: string | undefined
  }
  | { readonly on: "connect" }
  | {
    readonly on: "frame"
    readonly direction: "in" | "out"
    readonly method: string | undefined
    readonly eventType: string | undefined
    readonly subscriberId: string | undefined
  }

/** The fault rules of a backend. */
export interface Service {
  /** Returns the active rules, each with its remaining `skip`, `times` and `forMillis`. */
  readonly rules: () => Rules
  /** Adds rules after the active ones, and keeps the seed. */
  readonly add: (rules: ReadonlyArray<Rule>) => void
  /** Replaces the rules and the seed. */
  readonly set: (rules: Rules) => void
  /** Removes all rules and the seed. */
  readonly clear: () => void
  /** Returns the fault to carry out, and counts it as carried out. */
  readonly take: (point: FaultPoint) => Action | undefined
  /** Returns whether there are any rules; if not, `take` need not be called. */
  readonly isActive: () => boolean
}

/** The fault rules of a backend. */
export class Faults extends Context.Service<Faults, Service>()("@effect-signalwire/backend/Faults") {}

/** Returns whether a string matches a pattern in which `*` matches any string. Takes linear time. */
export const matchesPattern = (pattern: string, text: string): boolean => {
  const [head = "", ...rest] = pattern.split("*")
  const tail = rest.pop()
  if (tail === undefined) return text === pattern
  if (!text.startsWith(head)) return false
  let from = head.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return text.length - tail.length >= from && text.endsWith(tail)
}

const matches = (match: Match, point: FaultPoint): boolean => {
  const fits = (pattern: string | null | undefined, text: string | undefined): boolean =>
    pattern === undefined || pattern === null || (text !== undefined && matchesPattern(pattern, text))
  switch (match.on) {
    case "http":
      return point.on === "http" && fits(match.method?.toUpperCase(), point.method) &&
        fits(match.path, point.path) && fits(match.subscriberId, point.subscriberId)
    case "connect":
      return point.on === "connect"
    case "frame":
      return point.on === "frame" && match.direction === point.direction && fits(match.method, point.method) &&
        fits(match.eventType, point.eventType) && fits(match.subscriberId, point.subscriberId)
  }
}

/** Makes a generator of reproducible numbers from 0 to 1 (Mulberry32). */
const seededRandom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface ActiveRule {
  readonly rule: Rule
  /** Until when the rule is active, in milliseconds of the monotonic clock. */
  readonly until: number
  /** How often the rule can still be carried out. */
  left: number
  /** How many matches are still skipped. */
  skip: number
}

/** Makes faults without rules. */
export const make: Effect.Effect<Service> = Effect.gen(function*() {
  const random = yield* Random.Random
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const activate = (rule: Rule): ActiveRule => ({
    rule,
    until: now() + (rule.forMillis ?? Infinity),
    left: rule.times ?? Infinity,
    skip: rule.skip ?? 0
  })
  let active: ReadonlyArray<ActiveRule> = []
  let seed: number | undefined
  let nextRandom = () => random.nextDoubleUnsafe()
  const removeUsedUp = () => {
    const at = now()
    const isUsedUp = ({ left, until }: ActiveRule) => left <= 0 || until <= at
    if (active.some(isUsedUp)) active = active.filter((entry) => !isUsedUp(entry))
  }
  const set = (rules: Rules) => {
    active = rules.rules.map(activate)
    seed = rules.seed ?? undefined
    nextRandom = seed === undefined ? () => random.nextDoubleUnsafe() : seededRandom(seed)
  }
  return {
    isActive: () => active.length > 0,
    rules: () => {
      removeUsedUp()
      return {
        rules: active.map(({ left, rule, skip, until }) => ({
          ...rule,
          ...(left === Infinity ? undefined : { times: left }),
          ...(typeof rule.skip === "number" ? { skip } : undefined),
          ...(until === Infinity ? undefined : { forMillis: Math.ceil(until - now()) })
        })),
        ...(seed === undefined ? undefined : { seed })
      }
    },
    add: (rules) => {
      removeUsedUp()
      active = [...active, ...rules.map(activate)]
    },
    set,
    clear: () => set({ rules: [] }),
    take: (point) => {
      removeUsedUp()
      for (const entry of active) {
        if (!matches(entry.rule.match, point)) continue
        if (entry.skip > 0) {
          entry.skip--
          continue
        }
        if (nextRandom() >= (entry.rule.probability ?? 1)) continue
        entry.left--
        return entry.rule.action
      }
      return undefined
    }
  }
})

/** Provides faults without rules; they are set through the admin API or the service. */
export const layer: Layer.Layer<Faults> = Layer.effect(Faults, make)
