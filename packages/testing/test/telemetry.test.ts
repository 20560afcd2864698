/** Compares what a client records and logs with the tables of `docs/effect.md`. */
import { Conversations } from "@effect-signalwire/conversation/Conversations"
import * as ConversationTrace from "@effect-signalwire/conversation/ConversationTrace"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import { SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, ConversationId } from "@effect-signalwire/schema/Ids"
import { ConversationsTest, layer } from "@effect-signalwire/testing/ConversationsTest"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../..")
const document = readFileSync(join(root, "docs/effect.md"), "utf8")

/** The first and the second cell of the rows of a table, without the marks of code. */
const table = (header: string): ReadonlyArray<readonly [string, string]> => {
  const [, rows = ""] = new RegExp(`^\\| ${header} .*\\n\\|[- |]+\\n((?:\\|.*\\n)+)`, "m").exec(document) ?? []
  return rows.trimEnd().split("\n").map((row) => {
    const [, first = "", second = ""] = row.split("|").map((cell) => cell.trim().replaceAll("`", ""))
    return [first, second]
  })
}

const sorted = (names: Iterable<string>): ReadonlyArray<string> => [...new Set(names)].toSorted()

const namesOf = (header: string): ReadonlyArray<string> => sorted(table(header).map(([name]) => name))

/** An exporter in memory of spans, metrics and logs. */
const makeExporter = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const logs: Array<{ readonly level: string; readonly message: string; readonly attributes: ReadonlyArray<string> }> =
    []
  const metrics: Metric.MetricRegistry = new Map()
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      // those of the backend and of Effect's modules are not the client's
      if (/^(?:Conversations|SignalWireHttp|Subscription|Outbox)\./.test(span.name)) spans.push(span)
      return span
    }
  })
  const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    logs.push({
      level: logLevel === "Warn" ? "Warning" : logLevel,
      message: String(text),
      attributes: Object.keys(fiber.getRef(References.CurrentLogAnnotations))
    })
  })
  const observe = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    self.pipe(
      Effect.withTracer(tracer),
      Effect.provideService(Metric.MetricRegistry, metrics),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provide(Logger.layer([logger]))
    )
  return { spans, logs, metrics, observe }
}

const messagesOf = { on: "http", method: "GET", path: "*/messages*" } as const

/** A page of history. */
const pageOf = (...items: ReadonlyArray<unknown>) =>
  ({ type: "answer", status: 200, body: { data: items, links: {} } }) as const

/** Uses every method; the session is cut, and history has a gap, an item that is malformed, and a failure. */
const program = Effect.gen(function*() {
  const { addressId: addressOf, clearFaults, drop, addMessage, setFaults } = yield* ConversationsTest
  const conversations = yield* Conversations
  const http = yield* SignalWireHttp
  const addressId = addressOf("office")
  const runFor = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

  yield* conversations.connection.ready
  const events = yield* conversations.subscription()
  yield* Effect.forkScoped(Stream.runForEach(events, (event) => ConversationTrace.withMessage(Effect.void, event)))
  yield* Effect.forkScoped(Stream.runDrain(conversations.timeline({ addressId })))
  yield* addMessage({ conversation: "office", text: "hello" })
  yield* conversations.sendMessage({ addressId, text: "hello" })
  yield* runFor(1)

  yield* drop
  yield* addMessage({ conversation: "office", text: "missed" })
  yield* runFor(20)
  yield* addMessage({ conversation: "office", text: "never pushed", push: false })
  yield* runFor(60)
  yield* conversations.connection.reconnect
  yield* runFor(20)

  yield* setFaults([{ match: messagesOf, action: { type: "answer", status: 503 } }])
  yield* drop
  yield* runFor(5)
  const conversationId = ConversationId.make(addressId)
  const later = ConversationMessage.encode(
    Fixtures.conversationMessage({
      epochSeconds: 2_000_000_000,
      addressId: AddressId.make(conversationId),
      conversationId
    }),
    "address"
  )
  yield* setFaults([{ match: messagesOf, action: pageOf(later, { id: 7 }) }])
  yield* runFor(60)
  yield* clearFaults

  yield* conversations.getConversations()
  yield* conversations.getConversationMessages({ addressId })
  yield* conversations.getMessages()
  yield* Stream.runDrain(conversations.conversations())
  yield* Stream.runDrain(conversations.conversationMessages({ addressId }))
  yield* Stream.runDrain(conversations.messages())
  yield* conversations.findMessage({ addressId, clientId: "unknown" })
  yield* conversations.join({ addressId })

  yield* http.getSubscriber
  const { name } = yield* http.getAddress({ id: addressId })
  yield* http.getAddressByName({ name })
  yield* http.getAddresses()
  yield* Stream.runDrain(http.addresses())
  yield* Stream.runDrain(http.conversations())

  const outbox = yield* Outbox.Outbox
  yield* outbox.enqueue({ addressId, text: "queued" })
}).pipe(Effect.scoped)

const clientLayer = Outbox.layer().pipe(
  Layer.provide(PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))),
  Layer.provideMerge(layer({ conversations: ["office"] }))
)

describe("the telemetry of a client", () => {
  it.effect("is what docs/effect.md lists, all of it and nothing else", () =>
    Effect.gen(function*() {
      const { logs, metrics, observe, spans } = makeExporter()
      yield* observe(Effect.provide(program, clientLayer))

      assert.deepStrictEqual(sorted(spans.map(({ name }) => name)), namesOf("Span"))
      const kinds = new Map(spans.map(({ kind, name }) => [name, kind]))
      assert.deepStrictEqual(
        sorted(table("Span").map((row) => row.join(" "))),
        sorted([...kinds].map((row) => row.join(" ")))
      )
      const spanEvents = spans.flatMap(({ events }) => events)
      assert.deepStrictEqual(sorted(spanEvents.map(([name]) => name)), namesOf("Event"))
      const series = [...metrics.values()].filter(({ id }) => /^(?:messaging|signalwire)\./.test(id))
      assert.deepStrictEqual(sorted(series.map(({ id }) => id)), namesOf("Metric"))
      assert.deepStrictEqual(
        sorted([
          ...spans.flatMap(({ attributes }) => [...attributes.keys()]),
          ...spanEvents.flatMap(([, , attributes]) => Object.keys(attributes ?? {})),
          ...series.flatMap(({ attributes }) => Object.keys(attributes ?? {})),
          ...logs.flatMap(({ attributes }) => attributes)
        ]),
        namesOf("Attribute")
      )
      assert.isTrue(series.every(({ attributes }) => attributes?.["messaging.client.id"] === "effect-signalwire"))
      assert.isTrue(spans.every((span) => span.status._tag === "Ended"))

      const listed = new Set(table("Message").map(([message, level]) => `${level}: ${message}`))
      const logged = sorted(logs.map(({ level, message }) => `${level}: ${message.replace(/\(.*\)/, "(…)")}`))
      assert.deepStrictEqual(logged.filter((entry) => !listed.has(entry)), [])
      assert.deepStrictEqual(
        sorted(logs.flatMap(({ level, message }) => level === "Info" ? [message] : [])),
        ["reconnected"]
      )
    }))

  it("has the log messages that docs/effect.md lists", () => {
    const call =
      /(?:\.(warn|error)|Effect\.log(Debug|Info|Warning|Error))\(\s*(?:\w+ \? )?("[^"]*"|`[^`]*`)(?:\s*:\s*("[^"]*"|`[^`]*`))?/g
    const sources = globSync("packages/{runtime,http,subscription,conversation}/src/**/*.ts", { cwd: root })
    const inSources = sources.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(call)].flatMap(([, method, level, ...literals]) =>
        literals.flatMap((literal) =>
          literal === undefined
            ? []
            : [
              `${level ?? (method === "error" ? "Error" : "Warning")}: ${literal.slice(1, -1).replace(/\$\{.*\}/, "…")}`
            ]
        )
      )
    )
    assert.deepStrictEqual(
      sorted(inSources),
      sorted(table("Message").map(([message, level]) => `${level}: ${message}`))
    )
  })
})

describe("the Instrumentation of a program", () => {
  it.effect("receives what Effect's tracer and loggers would receive", () =>
    Effect.gen(function*() {
      const { logs, observe, spans } = makeExporter()
      const warnings: Array<string> = []
      const instrumentation = Instrumentation.warningsOnly((message) => warnings.push(message))
      yield* observe(
        Effect.gen(function*() {
          const { addressId, setFaults } = yield* ConversationsTest
          yield* setFaults([{ match: messagesOf, action: pageOf({ id: 7 }) }])
          yield* Conversations.use((service) => service.getConversationMessages({ addressId: addressId("office") }))
        }).pipe(
          Effect.provide(layer({ conversations: ["office"] })),
          Effect.provideService(Instrumentation.Instrumentation, instrumentation)
        )
      )
      assert.deepStrictEqual(warnings, ["malformed items were left out of a page"])
      assert.deepStrictEqual([spans, logs], [[], []])
    }))

  it.effect("receives the transitions of the connection and of each subscription", () =>
    Effect.gen(function*() {
      const transitions: Array<string> = []
      const instrumentation = Object.assign(Instrumentation.warningsOnly(() => {}), {
        onTransition: (...[machine, from, , to]: Parameters<Instrumentation.TransitionObserver>) => {
          transitions.push(`${machine}: ${from._tag} -> ${to._tag}`)
        }
      })
      yield* Conversations.use((service) => service.subscription()).pipe(
        Effect.asVoid,
        Effect.scoped,
        Effect.provide(layer()),
        Effect.provideService(Instrumentation.Instrumentation, instrumentation)
      )
      assert.include(transitions, "connection: Idle -> Connecting")
      assert.isTrue(transitions.some((one) => one.startsWith("sequence: ")), transitions.join("\n"))
    }))

  it.effect("may be provided by a layer", () =>
    Effect.gen(function*() {
      const { observe, spans } = makeExporter()
      const named = Layer.succeed(Instrumentation.Instrumentation, Instrumentation.effect.named("bot"))
      yield* observe(
        Conversations.use((service) => service.getConversations()).pipe(
          Effect.provide(Layer.provide(layer(), named))
        )
      )
      assert.deepStrictEqual(spans.map(({ attributes }) => attributes.get("messaging.client.id")), ["bot", "bot"])
    }))
})

describe("the stack of a failure", () => {
  /** Fails in a call of the client, in a function of the program that another one calls. */
  const failing = Effect.gen(function*() {
    const { join, messages, sendMessage } = yield* Conversations
    const { addressId, setFaults } = yield* ConversationsTest
    yield* setFaults([{ match: { on: "http" }, action: { type: "answer", status: 403, body: {} } }])
    const calls = [
      join({ addressId: addressId("office") }),
      sendMessage({ addressId: addressId("office"), text: "hello" }),
      Stream.runDrain(messages())
    ]
    return yield* Effect.forEach(calls, (call) => {
      const inner = Effect.fn("inner")(function*() {
        yield* call
      })
      const outer = Effect.fn("outer")(function*() {
        yield* inner()
      })
      return Effect.map(Effect.exit(outer()), (exit) => Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
    })
  }).pipe(Effect.provide(layer({ conversations: ["office"] })))

  const frames = (stack: string): ReadonlyArray<string> =>
    [...stack.matchAll(/^ +at ([\w.]+)(?: \((?:[^()]*\/)?([^()]*?):[^()]*\))?$/gm)].map(([, name, file]) =>
      file === undefined ? `${name}` : `${name} in ${file}`
    ).filter((frame) => /^(?:Conversations|inner|outer)/.test(frame))

  const callers = ["inner in telemetry.test.ts", "outer in telemetry.test.ts"]

  it.effect("has the functions of the program that called, without a tracer", () =>
    Effect.gen(function*() {
      for (const stack of yield* failing) assert.deepStrictEqual(frames(stack), callers)
    }))

  it.effect("has them and the method of the client, with a tracer", () =>
    Effect.gen(function*() {
      const { observe } = makeExporter()
      assert.deepStrictEqual((yield* observe(failing)).map(frames), [
        ["Conversations.join", ...callers],
        ["Conversations.sendMessage", ...callers],
        ["Conversations.messages", ...callers]
      ])
    }))
})
