/** The options of the layers as configuration: `SIGNALWIRE_` and the path of an option in capitals. */
import type * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import type * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ConnectOptions } from "./conversationsOptions.ts"

/** The options that configuration can set: all of a client that are strings, numbers, durations or switches. */
export interface Environment extends ConnectOptions {
  /** A subscriber access token; `undefined` if there is none. */
  readonly token: Redacted.Redacted | undefined
}

/** All keys of the options, so that an option without a variable does not compile. */
type AllOf<Options> = { readonly [Key in keyof Required<Options>]: Options[Key] }

const blank = ""

/**
 * A variable that may be absent. White space around its value is removed, since files often end with a line break; a
 * value of nothing else is treated as undefined.
 */
const variable = <A>(name: string, codec: Schema.Codec<A, string>): Config.Config<A | undefined> =>
  Config.withDefault(
    Config.map(
      Config.schema(
        Schema.Trim.pipe(Schema.decodeTo(Schema.Union([Schema.Literal(blank), codec]))),
        `SIGNALWIRE_${name}`
      ),
      (value) => value === blank ? undefined : value
    ),
    undefined
  )

const string = (name: string) => variable(name, Schema.NonEmptyString)
const boolean = (name: string) =>
  Config.map(variable(name, Schema.Literals(["true", "false"])), (value) => value && value === "true")
const duration = (name: string) =>
  variable(
    name,
    Schema.DurationFromString.check(
      Schema.makeFilter((value) => Duration.toMillis(value) >= 0 || "must not be negative")
    )
  )
const positiveDuration = (name: string) =>
  variable(
    name,
    Schema.DurationFromString.check(
      Schema.makeFilter((value) => Duration.toMillis(value) > 0 || "must be longer than 0")
    )
  )
const count = (name: string) =>
  variable(
    name,
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(0, { message: "must be positive" }))
  )

/** Whether at least one of these options is set. */
const isAnySet = (options: object): boolean => Object.values(options).some((value) => value !== undefined)

const endpoint = (): Config.Config<AllOf<Endpoint.Options>> =>
  Config.map(
    Config.all({ host: string("HOST"), http: string("HTTP_URL"), ws: string("WS_URL") }),
    // a missing one of the two is refused as an invalid URL
    ({ host, http, ws }) => ({
      host,
      urls: http === undefined && ws === undefined ? undefined : { http: http ?? "", ws: ws ?? "" }
    })
  )

const sweep = (): Config.Config<ConnectOptions["sweep"]> =>
  Config.map(
    Config.all({ isEnabled: boolean("SWEEP"), min: duration("SWEEP_MIN"), max: duration("SWEEP_MAX") }),
    ({ isEnabled, ...interval }) => {
      if (isEnabled === false) return false
      const { max = "5 minutes", min = "15 seconds" } = interval
      return isAnySet(interval) ? { min, max } : undefined
    }
  )

const subscription = (): Config.Config<AllOf<NonNullable<ConnectOptions["subscription"]>>> => {
  const backoff: Config.Config<Subscription.BackoffBounds | undefined> = Config.map(
    Config.all({
      base: duration("SUBSCRIPTION_BACKOFF_BASE"),
      cap: duration("SUBSCRIPTION_BACKOFF_CAP"),
      resetAfter: duration("SUBSCRIPTION_BACKOFF_RESET_AFTER")
    }),
    (bounds) => {
      const { base = "500 millis", cap = "30 seconds", resetAfter } = bounds
      return isAnySet(bounds) ? { base, cap, resetAfter } : undefined
    }
  )
  return Config.all({
    agent: string("SUBSCRIPTION_AGENT"),
    backoff,
    capacity: count("SUBSCRIPTION_CAPACITY"),
    connectTimeout: duration("SUBSCRIPTION_CONNECT_TIMEOUT"),
    dialsPerMinute: count("SUBSCRIPTION_DIALS_PER_MINUTE"),
    heartbeat: positiveDuration("SUBSCRIPTION_HEARTBEAT"),
    idleTimeToLive: duration("SUBSCRIPTION_IDLE_TIME_TO_LIVE"),
    probeTimeout: duration("SUBSCRIPTION_PROBE_TIMEOUT"),
    requestTimeout: duration("SUBSCRIPTION_REQUEST_TIMEOUT")
  })
}

/** A `retry` is a `Schedule`, which is not a value of configuration. */
const http = (): Config.Config<AllOf<Omit<NonNullable<ConnectOptions["http"]>, "retry">>> =>
  Config.all({ deadline: duration("HTTP_DEADLINE"), timeout: duration("HTTP_TIMEOUT") })

/** Makes the configuration of all options. */
export const make = (): Config.Config<AllOf<Environment>> =>
  Config.map(
    Config.all({
      token: Config.withDefault(Config.Redacted("SIGNALWIRE_TOKEN"), undefined),
      endpoint: endpoint(),
      name: string("NAME"),
      dialect: variable("DIALECT", Schema.Literals(["auto", "address", "group"])),
      cursorInterval: duration("CURSOR_INTERVAL"),
      memory: count("MEMORY"),
      overlap: duration("OVERLAP"),
      readyTimeout: duration("READY_TIMEOUT"),
      recoveryLimit: count("RECOVERY_LIMIT"),
      sendCapacity: count("SEND_CAPACITY"),
      sendDeadline: duration("SEND_DEADLINE"),
      settle: duration("SETTLE"),
      sweep: sweep(),
      traceMessages: boolean("TRACE_MESSAGES"),
      http: http(),
      subscription: subscription()
    }),
    ({ endpoint, token, ...options }) => {
      const trimmed = token === undefined ? blank : Redacted.value(token).trim()
      return { ...endpoint, ...options, token: trimmed === blank ? undefined : Redacted.make(trimmed) }
    }
  )
