/** The options that come from configuration, compared with the tables of `docs/effect.md`. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const document = readFileSync(join(import.meta.dirname, "../../../docs/effect.md"), "utf8")

/** The cells of the first table with a header, without the marks of code. */
const table = (header: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [, rows = ""] = new RegExp(`^\\| ${header} .*\\n\\|[- |]+\\n((?:\\|.*\\n)+)`, "m").exec(document) ?? []
  return rows.trimEnd().split("\n").map((row) =>
    row.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
  )
}

const rows = table("Variable").map(([variable = "", option = "", example = ""]) => ({ variable, option, example }))

const parse = (env: Readonly<Record<string, string>>) =>
  Conversations.environment.parse(ConfigProvider.fromEnvRecord(env))

/** An option by its path. */
const optionAt = (options: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>(
    (value, key) => value instanceof Object ? Reflect.get(value, key) : undefined,
    options
  )

/** An option as the table writes it. */
const shown = (value: unknown, example: string): string => {
  if (Redacted.isRedacted(value)) return String(Redacted.value(value))
  if (!Duration.isDuration(value)) return String(value)
  const expected = /^\d+ \w+$/.test(example)
    ? Config.Duration("x").parse(ConfigProvider.fromUnknown({ x: example }))
    : undefined
  return expected !== undefined && Duration.Equivalence(Effect.runSync(expected), value) ? example : String(value)
}

describe("the environment", () => {
  it.effect("has the variables that docs/effect.md lists, all of them and no others", () =>
    Effect.gen(function*() {
      const read: Array<string> = []
      yield* Conversations.environment.parse(
        ConfigProvider.make((path) =>
          Effect.sync(() => {
            read.push(path.join("_"))
            return undefined
          })
        )
      )
      assert.deepStrictEqual(read.toSorted(), rows.map(({ variable }) => variable).toSorted())
    }))

  it("has a variable for each option of the table that is not a Schedule", () => {
    const options = table("Option").flatMap(([name = ""]) =>
      name.split(", ").map((option) => option.replace("….", "subscription."))
    )
    const documented = new Set(rows.map(({ option }) => option))
    assert.deepStrictEqual(
      options.filter((option) => !documented.has(option)),
      ["http.retry", "subscription.backoff"]
    )
  })

  it.each(rows.filter(({ option }) => !option.startsWith("urls.")))(
    "is named after the path of the option: $variable",
    ({ option, variable }) => {
      const name = option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replaceAll(".", "_").toUpperCase()
      assert.strictEqual(variable, `SIGNALWIRE_${name}`)
    }
  )

  it.effect.each(rows)(
    "sets $option to the value of $variable, without white space around it",
    (row) =>
      Effect.gen(function*() {
        // each of the two URLs needs the other one
        const urls = row.option.startsWith("urls.")
          ? { SIGNALWIRE_HTTP_URL: "https://other.example", SIGNALWIRE_WS_URL: "wss://other.example" }
          : undefined
        const options = yield* parse({ ...urls, [row.variable]: ` ${row.example}\n` })
        assert.strictEqual(shown(optionAt(options, row.option), row.example), row.example)
      })
  )

  it.effect.each(rows)("leaves $option undefined without $variable", (row) =>
    Effect.gen(function*() {
      assert.isUndefined(optionAt(yield* parse({}), row.option))
      assert.isUndefined(optionAt(yield* parse({ [row.variable]: "" }), row.option))
      assert.isUndefined(optionAt(yield* parse({ [row.variable]: " \n" }), row.option))
    }))

  it.effect.each<readonly [string, string]>([
    ["SIGNALWIRE_DIALECT", "grouped"],
    ["SIGNALWIRE_HOST", "http://a b"],
    ["SIGNALWIRE_HOST", "puc"],
    ["SIGNALWIRE_HTTP_URL", "http://insecure.example"],
    ["SIGNALWIRE_WS_URL", "https://proxy.example"],
    ["SIGNALWIRE_SUBSCRIPTION_HEARTBEAT", "0 seconds"],
    ["SIGNALWIRE_SWEEP_MIN", "0 millis"],
    ["SIGNALWIRE_HTTP_TIMEOUT", "soon"],
    ["SIGNALWIRE_HTTP_DEADLINE", "-1 seconds"],
    ["SIGNALWIRE_SWEEP", "never"],
    ["SIGNALWIRE_SWEEP_MIN", "15"],
    ["SIGNALWIRE_TRACE_MESSAGES", "1"],
    ["SIGNALWIRE_MEMORY", "0"],
    ["SIGNALWIRE_SEND_CAPACITY", "1.5"],
    ["SIGNALWIRE_SUBSCRIPTION_DIALS_PER_MINUTE", "often"],
    ["SIGNALWIRE_SUBSCRIPTION_BACKOFF_BASE", "short"]
  ])("P9.2: refuses an invalid %s, and names the variable: %j", ([variable, value]) =>
    Effect.gen(function*() {
      const layer = Conversations.layerConfig().pipe(
        Layer.provide(Conversations.layerTransports),
        Layer.provide(ConfigProvider.layer(
          ConfigProvider.fromEnvRecord({ SIGNALWIRE_TOKEN: "secret", [variable]: value })
        ))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, `"${variable}"`)
    }))

  it.effect.each<readonly [string, string, string]>([
    ["SIGNALWIRE_HTTP_URL", "https://proxy.example", "SIGNALWIRE_WS_URL"],
    ["SIGNALWIRE_WS_URL", "wss://proxy.example", "SIGNALWIRE_HTTP_URL"]
  ])(
    "P9.2: %s alone is refused, and the other variable is named",
    ([variable, value, missing]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(parse({ [variable]: value }))
        assert.include(error.message, `"${missing}"`)
      })
  )

  it.effect("completes the bounds of an interval or a backoff with their defaults", () =>
    Effect.gen(function*() {
      const { subscription, sweep } = yield* parse({
        SIGNALWIRE_SWEEP_MAX: "1 hour",
        SIGNALWIRE_SUBSCRIPTION_BACKOFF_BASE: "1 second"
      })
      assert.deepStrictEqual(sweep, { min: "15 seconds", max: Duration.hours(1) })
      assert.deepStrictEqual(subscription?.backoff, {
        base: Duration.seconds(1),
        cap: "30 seconds",
        resetAfter: undefined
      })
      const other = yield* parse({
        SIGNALWIRE_SWEEP_MIN: "1 second",
        SIGNALWIRE_SUBSCRIPTION_BACKOFF_CAP: "1 minute"
      })
      assert.deepStrictEqual(other.sweep, { min: Duration.seconds(1), max: "5 minutes" })
      assert.deepStrictEqual(other.subscription?.backoff, {
        base: "500 millis",
        cap: Duration.minutes(1),
        resetAfter: undefined
      })
    }))
})

it.effect("layerConfig takes refresh and schedules as they are, and every other option from configuration", () =>
  Effect.gen(function*() {
    const layer = Conversations.layerConfig({
      token: Config.Redacted("TOKEN"),
      refresh: Effect.succeed(Redacted.make("another")),
      http: { retry: Schedule.recurs(2), timeout: Config.Duration("TIMEOUT") },
      sweep: { min: Config.Duration("MIN"), max: Config.Duration("MAX") },
      subscription: { backoff: { base: Config.Duration("BASE"), cap: Config.Duration("CAP") } }
    }).pipe(Layer.provide(Conversations.layerTransports))
    const env = {
      TOKEN: "secret",
      TIMEOUT: "1 second",
      MIN: "1 second",
      MAX: "2 seconds",
      BASE: "1 second",
      CAP: "2 seconds"
    }
    const build = (env: Readonly<Record<string, string>>) =>
      Effect.scoped(Layer.build(Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))))
    yield* build(env)
    for (const name of ["TIMEOUT", "MIN", "MAX", "BASE", "CAP"]) {
      assert.include((yield* Effect.flip(build({ ...env, [name]: "often" }))).message, `"${name}"`)
    }
  }))

it.effect("layerConfig reads options at any depth from the configuration that it is given", () =>
  Effect.gen(function*() {
    const layer = Conversations.layerConfig({
      token: Config.Redacted("TOKEN"),
      sweep: Config.succeed(false),
      subscription: { heartbeat: Config.Duration("HEARTBEAT") }
    }).pipe(Layer.provide(Conversations.layerTransports))
    const build = (env: Readonly<Record<string, string>>) =>
      Effect.scoped(Layer.build(Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))))
    yield* build({ TOKEN: "secret", HEARTBEAT: "5 seconds" })
    const error = yield* Effect.flip(build({ TOKEN: "secret", HEARTBEAT: "often" }))
    assert.include(error.message, `"HEARTBEAT"`)
  }))
