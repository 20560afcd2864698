/** The options of the layers as configuration: `SIGNALWIRE_` and the path of an option in capitals. */
import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import * as Token from "@effect-signalwire/runtime/Token"
import type { Invalid } from "@effect-signalwire/schema/Reason"
import type * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
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

/** A filter for values that are checked elsewhere. */
const validated = <A>(validate: (value: A) => Result.Result<unknown, Invalid>) =>
  Schema.makeFilter((value: A) =>
    Result.match(validate(value), {
      onFailure: ({ errors, message }) => errors[0]?.message ?? message,
      onSuccess: () => undefined
    })
  )

/** A string that must be accepted as these options of the endpoint. */
const endpointString = (name: string, optionsOf: (value: string) => Endpoint.Options) =>
  variable(name, Schema.NonEmptyString.check(validated((value) => Endpoint.make("", optionsOf(value)))))

/** A variable that is required because another one is set. */
const required = (name: string) => Config.schema(Schema.NonEmptyString, `SIGNALWIRE_${name}`)

const endpoint = (): Config.Config<AllOf<Endpoint.Options>> =>
  Config.flatMap(
    Config.all({
      host: endpointString("HOST", (host) => ({ host })),
      http: endpointString("HTTP_URL", (http) => ({ urls: { http, ws: "wss://localhost" } })),
      ws: endpointString("WS_URL", (ws) => ({ urls: { http: "https://localhost", ws } }))
    }),
    ({ host, http, ws }): Config.Config<AllOf<Endpoint.Options>> => {
      if (http === undefined && ws === undefined) return Config.succeed({ host, urls: undefined })
      const urls = Config.all({
        http: http === undefined ? required("HTTP_URL") : Config.succeed(http),
        ws: ws === undefined ? required("WS_URL") : Config.succeed(ws)
      })
      return Config.map(urls, (urls) => ({ host, urls }))
    }
  )

/** The token, which must be set. Its value is in no error. */
const requiredToken = (): Config.Config<Redacted.Redacted> =>
  Config.map(
    Config.schema(
      Schema.Redacted(Schema.String).check(validated((token) => Token.check(Redacted.value(token).trim()))),
      "SIGNALWIRE_TOKEN"
    ),
    (token) => Redacted.make(Redacted.value(token).trim())
  )

const sweep = (): Config.Config<ConnectOptions["sweep"]> =>
  Config.map(
    Config.all({ isEnabled: boolean("SWEEP"), min: positiveDuration("SWEEP_MIN"), max: positiveDuration("SWEEP_MAX") }),
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

const makeWith = <T>(token: Config.Config<T>) =>
  Config.map(
    Config.all({
      token,
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
    ({ endpoint, ...options }) => ({ ...endpoint, ...options })
  )

/** Makes the configuration of all options. */
export const make = (): Config.Config<AllOf<Environment>> => {
  const token = Config.flatMap(
    Config.Redacted("SIGNALWIRE_TOKEN"),
    (token): Config.Config<Redacted.Redacted | undefined> =>
      Redacted.value(token).trim() === "" ? Config.succeed(undefined) : requiredToken()
  )
  return makeWith(Config.withDefault(token, undefined))
}

/** {@link make} for a client, which needs a token. */
export const makeWithToken = (): Config.Config<AllOf<Environment & { readonly token: Redacted.Redacted }>> =>
  makeWith(requiredToken())
