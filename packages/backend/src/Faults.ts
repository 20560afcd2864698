/**
 * Things that go wrong on purpose: rules that are looked up, in order, at every HTTP request, at every opened socket and
 * at every frame in either direction. The first rule that matches, and has any times left, is carried out.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"

/** Whole numbers from one to another. */
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** The code of a close frame, as one may be sent. */
const CloseCode = between(1000, 4999)

/** Headers that Node would write as they are; those that it writes itself, for the body that there is, are not among them. */
const HeaderValue = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e]*$/))
const HeaderName = Schema.String.check(
  Schema.isPattern(
    /^(?!(?:connection|content-length|keep-alive|trailer|transfer-encoding|upgrade)$)[\w!#$%&'*+.^`|~-]+$/i
  )
)

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Which moment a rule is for. What is left out matches anything. */
export const Match = Schema.Union([
  Schema.Struct({
    on: Schema.Literal("http"),
    method: maybe(Schema.String),
    /** A path without its query; `*` stands for any text. */
    path: maybe(Schema.String),
    subscriberId: maybe(Schema.String)
  }),
  Schema.Struct({ on: Schema.Literal("connect") }),
  Schema.Struct({
    on: Schema.Literal("frame"),
    /** `in` comes from the client, `out` goes to it. */
    direction: Schema.Literals(["in", "out"]),
    /** The JSON-RPC method, of a request or of the request that is answered. `*` stands for any text. */
    method: maybe(Schema.String),
    /** The `event_type` of an event. `*` stands for any text. */
    eventType: maybe(Schema.String),
    subscriberId: maybe(Schema.String)
  })
])
export type Match = typeof Match.Type

/** What happens. Times are in milliseconds. */
export const Action = Schema.Union([
  /** Breaks the connection before anything is done; at `connect`, the socket is not opened. */
  Schema.Struct({ type: Schema.Literal("refuse") }),
  /** Closes with a close frame of that code, or breaks the connection without one. */
  Schema.Struct({ type: Schema.Literal("close"), code: maybe(CloseCode) }),
  /** Never answers again; a socket stays open and is deaf and dumb from then on. */
  Schema.Struct({ type: Schema.Literal("silent") }),
  /** Waits, then goes on. */
  Schema.Struct({ type: Schema.Literal("delay"), millis: between(0, 3_600_000) }),
  /** Handles the request or writes the frame twice. */
  Schema.Struct({ type: Schema.Literal("duplicate") }),
  /** Keeps a request or frame back until the next one, in its direction, has passed, or a second has. */
  Schema.Struct({ type: Schema.Literal("reorder") }),
  /** Loses a frame; a request is neither handled nor answered. */
  Schema.Struct({ type: Schema.Literal("drop") }),
  /** Answers without handling: HTTP with `status`, a frame with an error of `code`. */
  Schema.Struct({
    type: Schema.Literal("answer"),
    status: maybe(between(200, 599)),
    headers: maybe(Schema.Record(HeaderName, HeaderValue)),
    /** A JSON body. */
    body: Schema.optionalKey(Schema.Unknown),
    /** A body of any text, instead of JSON. */
    text: maybe(Schema.String),
    code: maybe(Schema.Union([Schema.Finite, Schema.String])),
    message: maybe(Schema.String)
  }),
  /** Handles the request, then breaks the connection instead of answering, or with `never` leaves it waiting. */
  Schema.Struct({ type: Schema.Literal("loseAnswer"), never: maybe(Schema.Boolean) }),
  /** Sends half of the text, or another text in its place: HTML, or nothing. */
  Schema.Struct({ type: Schema.Literal("malformed"), text: maybe(Schema.String) }),
  /** Sends `signalwire.disconnect` with `restart`, forgets the session and closes. */
  Schema.Struct({ type: Schema.Literal("restart") }),
  /**
   * Adds a `links.next` to a page of a list, so that the list never ends: a link to the page `itself`, or each time a new
   * link, to a page that is `empty`, or to the same page `again`. Frames are left as they are.
   */
  Schema.Struct({ type: Schema.Literal("endless"), pages: Schema.Literals(["itself", "empty", "again"]) })
])
export type Action = typeof Action.Type

/** Actions that would change nothing at a moment of this kind. */
const withoutEffect: { readonly [On in Match["on"]]: ReadonlyArray<Action["type"]> } = {
  http: ["restart"],
  connect: ["duplicate", "reorder", "malformed", "endless"],
  frame: ["endless"]
}

/** A rule. Its action has to be one that its moment can have. */
export const Rule = Schema.Struct({
  match: Match,
  action: Action,
  /** How often it is carried out; without it, always. */
  times: maybe(between(0, Number.MAX_SAFE_INTEGER)),
  /** How many matches are let pass first. */
  skip: maybe(between(0, Number.MAX_SAFE_INTEGER)),
  /** How long it is active from the moment it is set, in milliseconds; without it, until the rules are replaced. */
  forMillis: maybe(between(0, 3_600_000)),
  /** How likely a match is carried out, from 0 to 1. */
  probability: maybe(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
}).check(Schema.makeFilter(({ action, match }) =>
  withoutEffect[match.on].includes(action.type)
    ? { path: ["action"], issue: `${action.type} has no effect on ${match.on}` }
    : match.on === "frame" && match.direction === "in" && typeof match.eventType === "string"
    ? { path: ["match", "eventType"], issue: "events go to clients: direction must be out" }
    : undefined
))
export type Rule = typeof Rule.Type

/** How many rules there may be. */
export const maxRules = 1000

const RuleList = Schema.Array(Rule).check(Schema.isMaxLength(maxRules))

/** Body of `POST /_sandbox/faults`. */
export const MoreRules = Schema.Struct({ rules: RuleList })
export type MoreRules = typeof MoreRules.Type

/** Body of `PUT /_sandbox/faults`, and answer of `GET`. A `seed` makes probabilities repeat themselves. */
export const Rules = Schema.Struct({ rules: RuleList, seed: maybe(Schema.Finite) })
export type Rules = typeof Rules.Type

/** A moment at which something may go wrong. */
export type Moment =
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

/** What the faults offer. */
export interface Service {
  /** The active rules, each with the matches it still lets pass, and the times and the time it has left. */
  readonly rules: () => Rules
  /** Appends rules to the active ones; the seed stays. */
  readonly add: (rules: ReadonlyArray<Rule>) => void
  /** Replaces the rules. */
  readonly set: (rules: Rules) => void
  /** Removes them all, and the seed. */
  readonly clear: () => void
  /** What goes wrong at this moment; counts as carried out. */
  readonly at: (moment: Moment) => Action | undefined
  /** Whether there is any rule at all: without one, nothing needs to be looked up. */
  readonly isArmed: () => boolean
}

/** The faults of a backend. */
export class Faults extends Context.Service<Faults, Service>()("@effect-signalwire/backend/Faults") {}

/** Whether a text matches a pattern in which `*` stands for any text. Linear in both. */
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

const matches = (match: Match, moment: Moment): boolean => {
  const fits = (pattern: string | null | undefined, text: string | undefined): boolean =>
    pattern === undefined || pattern === null || (text !== undefined && matchesPattern(pattern, text))
  switch (match.on) {
    case "http":
      return moment.on === "http" && fits(match.method?.toUpperCase(), moment.method) &&
        fits(match.path, moment.path) && fits(match.subscriberId, moment.subscriberId)
    case "connect":
      return moment.on === "connect"
    case "frame":
      return moment.on === "frame" && match.direction === moment.direction && fits(match.method, moment.method) &&
        fits(match.eventType, moment.eventType) && fits(match.subscriberId, moment.subscriberId)
  }
}

/** A small generator of numbers from 0 to 1 that repeats itself for the same seed. */
const seeded = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A rule, until when it is active in milliseconds, and how often it will still be carried out and be passed over. */
interface Armed {
  readonly rule: Rule
  readonly until: number
  left: number
  skip: number
}

/** Builds faults without any rule. */
export const make: Effect.Effect<Service> = Effect.gen(function*() {
  const random = yield* Random.Random
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const arm = (rule: Rule): Armed => ({
    rule,
    until: now() + (rule.forMillis ?? Infinity),
    left: rule.times ?? Infinity,
    skip: rule.skip ?? 0
  })
  let armed: ReadonlyArray<Armed> = []
  let seed: number | undefined
  let chance = () => random.nextDoubleUnsafe()
  const forgetPast = () => {
    const at = now()
    const isOver = ({ left, until }: Armed) => left <= 0 || until <= at
    if (armed.some(isOver)) armed = armed.filter((entry) => !isOver(entry))
  }
  const set = (rules: Rules) => {
    armed = rules.rules.map(arm)
    seed = rules.seed ?? undefined
    chance = seed === undefined ? () => random.nextDoubleUnsafe() : seeded(seed)
  }
  return {
    isArmed: () => armed.length > 0,
    rules: () => {
      forgetPast()
      return {
        rules: armed.map(({ left, rule, skip, until }) => ({
          ...rule,
          ...(left === Infinity ? undefined : { times: left }),
          ...(typeof rule.skip === "number" ? { skip } : undefined),
          ...(until === Infinity ? undefined : { forMillis: Math.ceil(until - now()) })
        })),
        ...(seed === undefined ? undefined : { seed })
      }
    },
    add: (rules) => {
      forgetPast()
      armed = [...armed, ...rules.map(arm)]
    },
    set,
    clear: () => set({ rules: [] }),
    at: (moment) => {
      forgetPast()
      for (const entry of armed) {
        if (!matches(entry.rule.match, moment)) continue
        if (entry.skip > 0) {
          entry.skip--
          continue
        }
        if (chance() >= (entry.rule.probability ?? 1)) continue
        entry.left--
        return entry.rule.action
      }
      return undefined
    }
  }
})

/** Faults without any rule; they are set through the admin API or the service itself. */
export const layer: Layer.Layer<Faults> = Layer.effect(Faults, make)
