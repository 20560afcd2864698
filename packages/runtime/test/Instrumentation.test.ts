import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"

class MethodError extends Data.TaggedError("MethodError")<{ readonly reason: Reason.Reason }> {}

/** A span with a short trace id. */
class Span extends Tracer.NativeSpan {
  constructor(sampled: boolean) {
    super({
      name: "given",
      parent: Option.none(),
      annotations: Context.empty(),
      links: [],
      startTime: 0n,
      kind: "internal",
      sampled
    })
  }
  override get traceId() {
    return "abc"
  }
  override get spanId() {
    return "def"
  }
}

/** The failure of a method of a client that is closed. */
const closed = { method: "getMessages", reason: new Reason.Closed(), message: "closed" }

/** Runs an effect with a tracer and a logger that record spans and log entries. */
const recorded = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const entries: Array<Readonly<Record<string, unknown>>> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const logger = Logger.make(({ fiber, message }) => {
      entries.push({ message, ...fiber.getRef(References.CurrentLogAnnotations) })
    })
    const value = yield* effect.pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Logger.layer([logger]))
    )
    return { value, spans, entries }
  })

describe("the instrumentation of Effect programs", () => {
  it.effect("makes spans with attributes, and provides their trace context", () =>
    Effect.gen(function*() {
      const { spans: [span], value } = yield* recorded(
        Effect.andThen(
          Instrumentation.effect.annotateSend("m")(Effect.succeed({ conversationId: "c" })),
          Instrumentation.effect.traceMetadata({ mood: "good" })
        ).pipe(
          Instrumentation.effect.named("bot").forService("Conversations", "wss://puc.signalwire.com/path").span(
            "sendMessage",
            { addressId: "a", clientId: null }
          )
        )
      )
      assert.isDefined(span)
      assert.strictEqual(span.name, "Conversations.sendMessage")
      assert.strictEqual(span.kind, "producer")
      assert.deepStrictEqual(Object.fromEntries(span.attributes), {
        "messaging.system": "signalwire",
        "messaging.client.id": "bot",
        "server.address": "puc.signalwire.com",
        "server.port": 443,
        "messaging.operation.name": "sendMessage",
        "messaging.operation.type": "send",
        "messaging.destination.name": "a",
        "signalwire.message.client_id": "m",
        "messaging.message.conversation_id": "c"
      })
      assert.deepStrictEqual(value, {
        mood: "good",
        traceparent: `00-${span.traceId.padStart(32, "0")}-${span.spanId}-01`
      })
    }))

  it.effect("makes spans that name the reason of a failure, and none for an interruption", () =>
    Effect.gen(function*() {
      const failures: ReadonlyArray<Effect.Effect<never, unknown>> = [
        Effect.fail(new MethodError({ reason: new Reason.Closed() })),
        Effect.die(new Error("a bug")),
        Effect.interrupt,
        Effect.fail("no tag"),
        Cause.done()
      ]
      const { spans } = yield* recorded(Effect.forEach(
        failures,
        (failing) => Effect.exit(Instrumentation.effect.span("join")(failing))
      ))
      assert.deepStrictEqual(
        spans.map(({ attributes }) => attributes.get("error.type")),
        ["Closed", "_OTHER", undefined, "_OTHER", undefined]
      )
    }))

  it.effect("makes spans for streams that last until the last item", () =>
    Effect.gen(function*() {
      const { spans: [list, page], value } = yield* recorded(
        Stream.runCollect(
          Stream.fromEffect(Instrumentation.effect.span("page")(Effect.succeed(1))).pipe(
            Instrumentation.effect.spanStream("messages")
          )
        )
      )
      assert.deepStrictEqual(value, [1])
      assert.strictEqual(list?.name, "messages")
      assert.strictEqual(list?.status._tag, "Ended")
      assert.isFalse(list?.attributes.has("error.type"))
      assert.strictEqual(page?.parent._tag === "Some" ? page.parent.value.spanId : undefined, list?.spanId)
    }))

  it.effect("does not change a span of the program if no tracer exports spans", () =>
    Effect.gen(function*() {
      const span = yield* Effect.andThen(
        Instrumentation.effect.span("join")(
          Instrumentation.effect.annotateSend("m")(Effect.succeed({ conversationId: "c" }))
        ),
        Effect.currentSpan
      ).pipe(Effect.withSpan("outer"))
      assert.isEmpty(span.attributes)
    }))

  it.effect("does not change a span of another process", () =>
    Effect.gen(function*() {
      const external = Tracer.externalSpan({ spanId: "def", traceId: "abc" })
      const { value } = yield* recorded(Effect.withParentSpan(
        Instrumentation.effect.annotateSend("m")(Effect.succeed({ conversationId: "c" })),
        external
      ))
      assert.deepStrictEqual(value, { conversationId: "c" })
    }))

  it.effect("makes spans that end with a scope, and runs effects in them", () =>
    Effect.gen(function*() {
      const { spans } = yield* recorded(Effect.scoped(Effect.gen(function*() {
        const within = yield* Instrumentation.effect.spanScoped("list")
        yield* within(Instrumentation.effect.span("page")(Effect.void))
      })))
      const [list, page] = spans
      assert.deepStrictEqual(spans.map(({ name }) => name), ["list", "page"])
      assert.strictEqual(page?.parent._tag === "Some" ? page.parent.value.spanId : undefined, list?.spanId)
      assert.strictEqual(list?.status._tag, "Ended")
    }))

  it.effect("makes a span that no tracer exports only with the option always", () =>
    Effect.gen(function*() {
      const { effect } = Instrumentation
      const metadata = { mood: "good" }
      assert.strictEqual(yield* effect.span("work")(effect.traceMetadata(metadata)), metadata)
      assert.property(yield* effect.span("work", {}, { always: true })(effect.traceMetadata(metadata)), "traceparent")
    }))

  it.effect("adds the trace context to metadata that is missing, and not to metadata that is invalid", () =>
    Effect.gen(function*() {
      const { effect } = Instrumentation
      const traced = yield* Effect.forEach(
        [undefined, { when: Number.NaN }],
        (metadata) => Effect.withParentSpan(effect.traceMetadata(metadata), new Span(true))
      )
      assert.deepStrictEqual(traced, [
        { traceparent: `00-${"abc".padStart(32, "0")}-def-01` },
        { when: Number.NaN }
      ])
      const unsampled = Effect.withParentSpan(effect.traceMetadata({}), new Span(false))
      assert.deepStrictEqual(yield* unsampled, { traceparent: `00-${"abc".padStart(32, "0")}-def-00` })
    }))

  it.effect("logs failed reads and ended sessions for debugging only", () =>
    Effect.gen(function*() {
      const failing = Effect.andThen(
        Instrumentation.effect.readFailed(closed),
        Instrumentation.effect.observeSessions().onEnd(closed.reason, "lost")
      )
      const { entries } = yield* Effect.provideService(recorded(failing), References.MinimumLogLevel, "All")
      assert.deepStrictEqual(entries, [
        {
          message: ["a background read failed", "closed"],
          "messaging.operation.name": "getMessages",
          "error.type": "Closed"
        },
        { message: ["the session ended", "lost", "the client is closed"], "error.type": "Closed" }
      ])
      const quiet = yield* Effect.provideService(recorded(failing), References.MinimumLogLevel, "Info")
      assert.deepStrictEqual(quiet.entries, [])
    }))

  it.effect("logs warnings and errors with their details and annotations", () =>
    Effect.gen(function*() {
      const { entries } = yield* recorded(Effect.andThen(
        Instrumentation.effect.warn("careful", [1], { operation: "x" }),
        Instrumentation.effect.error("too bad", [2], { operation: "x", errorType: "Forbidden" })
      ))
      assert.deepStrictEqual(entries, [
        { message: ["careful", 1], "messaging.operation.name": "x" },
        { message: ["too bad", 2], "messaging.operation.name": "x", "error.type": "Forbidden" }
      ])
    }))
})

describe("a logger that throws", () => {
  const throwing = () => {
    throw new Error("the disk is full")
  }

  it.effect("P8.7: does not make an operation of an Effect program fail", () =>
    Effect.gen(function*() {
      yield* Instrumentation.effect.warn("careful", [])
      yield* Instrumentation.effect.readFailed(closed)
      yield* Instrumentation.effect.error("too bad", [])
    }).pipe(
      Effect.provide(Logger.layer([Logger.make(throwing)])),
      Effect.provideService(References.MinimumLogLevel, "All")
    ))

  it.effect("P8.7: does not make an operation of plain TypeScript fail", () =>
    Instrumentation.warningsOnly(throwing).warn("careful", []))
})

describe("the instrumentation of plain TypeScript", () => {
  it.effect("passes on warnings and errors only", () =>
    Effect.gen(function*() {
      const warned: Array<ReadonlyArray<unknown>> = []
      const instrumentation = Instrumentation.warningsOnly((...entry) => void warned.push(entry))
      const { spans, value } = yield* recorded(Effect.scoped(Effect.gen(function*() {
        const within = yield* instrumentation.spanScoped("list")
        yield* within(instrumentation.named("x").forService("X", "wss://x").warn("careful", [1], { operation: "x" }))
        yield* instrumentation.error("too bad", [2])
        yield* instrumentation.readFailed(closed)
        yield* instrumentation.annotateSend("m")(Effect.succeed({ conversationId: "c" }))
        const sessions = instrumentation.observeSessions()
        yield* sessions.run(Effect.andThen(sessions.onDial(0), sessions.onReady(1, false)))
        yield* sessions.onEnd(closed.reason, "lost")
        yield* Stream.runDrain(instrumentation.spanStream("list")(Stream.succeed(1)))
        return yield* instrumentation.span("work", {}, { always: true })(instrumentation.traceMetadata({ a: 1 }))
      })))
      assert.deepStrictEqual(warned, [["careful", 1], ["too bad", 2]])
      assert.isEmpty(spans)
      assert.deepStrictEqual(value, { a: 1 })
    }))
})

describe("the sessions of a client", () => {
  const { effect } = Instrumentation
  const lost = new Reason.Transport({ detail: "the socket closed" })
  /** A session that is lost after a minute, and resumed three seconds and one failed dial later. */
  const reconnect = (sessions: Instrumentation.SessionObserver) =>
    Effect.gen(function*() {
      yield* sessions.onDial(0)
      yield* sessions.onReady(1, false)
      yield* TestClock.adjust("1 minute")
      yield* sessions.onEnd(lost, "lost")
      yield* TestClock.adjust("2 seconds")
      yield* sessions.onDial(1)
      yield* sessions.onEnd(new Reason.Timeout({ millis: 1 }), "lost")
      yield* TestClock.adjust("1 second")
      yield* sessions.onDial(2)
      yield* sessions.onReady(2, true)
    })

  it.effect("are one root span with an event for each dial, session, end and reconnect", () =>
    Effect.gen(function*() {
      const sessions = effect.named("bot").forService("Subscription", "ws://localhost:8080").observeSessions()
      const { spans } = yield* recorded(Effect.withSpan(sessions.run(reconnect(sessions)), "subscriber"))
      const span = spans.find(({ name }) => name === "Subscription.session")
      assert.isDefined(span)
      assert.strictEqual(span.parent._tag, "None")
      assert.strictEqual(span.status._tag, "Ended")
      assert.strictEqual(span.kind, "client")
      assert.deepStrictEqual(Object.fromEntries(span.attributes), {
        "messaging.system": "signalwire",
        "messaging.client.id": "bot",
        "server.address": "localhost",
        "server.port": 8080
      })
      assert.deepStrictEqual(span.events.map(([name, , attributes]) => [name, attributes]), [
        ["dial", { "signalwire.dial.attempt": 0 }],
        ["ready", { "signalwire.session.number": 1 }],
        ["end", { "error.type": "Transport", "signalwire.session.number": 1, "signalwire.session.duration": 60 }],
        ["dial", { "signalwire.dial.attempt": 1 }],
        ["end", { "error.type": "Timeout" }],
        ["dial", { "signalwire.dial.attempt": 2 }],
        ["resume", { "signalwire.session.number": 2 }],
        ["reconnect", {
          "signalwire.session.number": 2,
          "error.type": "Transport",
          "signalwire.outage.duration": 3
        }]
      ])
    }))

  it.effect("log one entry at Info for a reconnect, with its cause and duration", () =>
    Effect.gen(function*() {
      const sessions = effect.observeSessions()
      const { entries, spans } = yield* Effect.provideService(
        recorded(reconnect(sessions)),
        References.MinimumLogLevel,
        "Info"
      )
      assert.deepStrictEqual(entries, [{
        message: ["reconnected", lost.message],
        "signalwire.session.number": 2,
        "error.type": "Transport",
        "signalwire.outage.duration": 3
      }])
      assert.isEmpty(spans)
    }))

  it.effect("do not count the time in which no session was needed as an outage", () =>
    Effect.gen(function*() {
      const sessions = effect.observeSessions()
      const { entries } = yield* recorded(Effect.gen(function*() {
        yield* sessions.run(Effect.andThen(sessions.onReady(1, false), sessions.onEnd(lost, "lost")))
        yield* TestClock.adjust("1 hour")
        yield* sessions.run(sessions.onReady(2, false))
      }))
      assert.isEmpty(entries)
    }))
})

describe("the instrumentation of a context", () => {
  const built = Effect.gen(function*() {
    const instrumentation = yield* Instrumentation.Instrumentation
    return yield* instrumentation.span("work")(Effect.void)
  })

  it.effect("discards everything by default", () =>
    Effect.gen(function*() {
      const { entries, spans } = yield* recorded(Effect.andThen(
        built,
        Instrumentation.Instrumentation.use(({ warn }) => warn("careful", []))
      ))
      assert.isEmpty(spans)
      assert.isEmpty(entries)
    }))

  it.effect("is that of Effect where the program has none of its own", () =>
    Effect.gen(function*() {
      const { spans: [span] } = yield* recorded(Instrumentation.forClient("bot")(built))
      assert.strictEqual(span?.attributes.get("messaging.client.id"), "bot")
      const { spans: [unnamed] } = yield* recorded(Instrumentation.forClient(built, undefined))
      assert.strictEqual(unnamed?.attributes.get("messaging.client.id"), "effect-signalwire")
    }))

  it.effect("is the program's own", () =>
    Effect.gen(function*() {
      const quiet = Instrumentation.warningsOnly(() => {})
      const { spans } = yield* recorded(
        Effect.provideService(Instrumentation.forClient("bot")(built), Instrumentation.Instrumentation, quiet)
      )
      assert.isEmpty(spans)
      const dataFirst = yield* recorded(
        Effect.provideService(Instrumentation.forClient(built, "bot"), Instrumentation.Instrumentation, quiet)
      )
      assert.isEmpty(dataFirst.spans)
    }))
})

describe("P8.7: a tracer that throws", () => {
  const bug = () => {
    throw new Error("a bug in the tracer")
  }
  const withTracer = (span: (options: ConstructorParameters<typeof Tracer.NativeSpan>[0]) => Tracer.Span) =>
    Effect.provideService(Tracer.Tracer, Tracer.make({ span }))

  it.effect.each<readonly [string, Parameters<typeof withTracer>[0]]>([
    ["as it makes a span", bug],
    ["as it records an event", (options) => Object.assign(new Tracer.NativeSpan(options), { event: bug })],
    ["as a span ends", (options) => Object.assign(new Tracer.NativeSpan(options), { end: bug })],
    ["as it records an attribute", (options) => Object.assign(new Tracer.NativeSpan(options), { attribute: bug })]
  ])("does not end the sessions of a client: %s", ([, span]) =>
    Effect.gen(function*() {
      const sessions = Instrumentation.effect.observeSessions()
      let isRun = false
      yield* sessions.run(Effect.gen(function*() {
        yield* sessions.onDial(0)
        yield* sessions.onReady(1, false)
        yield* sessions.onEnd(new Reason.Closed(), "lost")
        isRun = true
      })).pipe(withTracer(span))
      assert.isTrue(isRun)
    }))

  it.effect("does not hide why an operation has failed", () =>
    Effect.gen(function*() {
      const failing = Instrumentation.effect.span("join")(Effect.fail("no"))
      const span = (options: ConstructorParameters<typeof Tracer.NativeSpan>[0]) =>
        Object.assign(new Tracer.NativeSpan(options), {
          attribute: (name: string) => name === "error.type" ? bug() : undefined
        })
      assert.strictEqual(yield* Effect.flip(withTracer(span)(failing)), "no")
    }))
})
