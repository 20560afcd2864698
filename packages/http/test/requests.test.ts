import type { Service } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { json, makeServer, reasonOf, secret, service, start, subscriber, validation } from "./support.ts"

const never = { retry: Schedule.recurs(0) }

it.effect("sends the token as a bearer token, and no tracing headers", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json(subscriber("ada")))
    yield* http.getSubscriber
    assert.strictEqual(log[0]?.headers["authorization"], `Bearer ${secret}`)
    assert.strictEqual(log[0]?.headers["traceparent"], undefined)
    assert.isFalse(log[0]?.url.href.includes(secret))
  }))

it.effect("returns the subscriber that the token belongs to", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json(subscriber("ada")))
    assert.deepStrictEqual((yield* http.getSubscriber).addresses.map(({ id }) => String(id)), ["ada"])
    assert.strictEqual(log[0]?.path, "subscriber/info")
  }))

it.effect("encodes ids as path segments", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ id: "a/b?c#d" }))
    yield* http.getAddress({ id: "a/b?c#d" })
    assert.strictEqual(log[0]?.url.pathname, "/api/fabric/addresses/a%2Fb%3Fc%23d")
    assert.strictEqual(log[0]?.url.search, "")
  }))

it.effect("encodes names in queries", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ data: [{ id: "1", name: "a&b=#c" }], links: {} }))
    yield* http.getAddressByName({ name: "a&b=#c" })
    assert.deepStrictEqual(log[0]?.query, { name: "a&b=#c" })
  }))

it.effect("fails with NotFound when the server ignores the filter by name", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ data: [{ id: "1", name: "someone-else" }], links: {} }))
    assert.strictEqual((yield* reasonOf(http.getAddressByName({ name: "ada" })))._tag, "NotFound")
  }))

it.effect.each([["ada", "2"], ["Ada", "1"], ["ADA", "1"]] as const)(
  "finds %s by its exact name, or else regardless of case",
  ([name, id]) =>
    Effect.gen(function*() {
      const addresses = [{ id: "1", name: "Ada" }, { id: "2", name: "ada" }]
      const { http } = yield* start(() => json({ data: addresses, links: {} }))
      const found = yield* http.getAddressByName({ name })
      assert.strictEqual<string>(found.id, id)
    })
)

it.effect("lists addresses with filter and order", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ data: [{ id: "1", name: "ada" }], links: {} }))
    const page = yield* http.getAddresses({
      type: "room",
      displayName: "A",
      pageSize: 5,
      sortBy: "name",
      sortOrder: "asc"
    })
    assert.strictEqual(page.data[0]?.name, "ada")
    assert.deepStrictEqual(log[0]?.query, {
      type: "room",
      display_name: "A",
      page_size: "5",
      sort_by: "name",
      sort_order: "asc"
    })
  }))

it.effect.each(
  [
    [400, "Invalid"],
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [408, "ServerError"],
    [409, "Invalid"],
    [418, "Invalid"],
    [422, "Invalid"],
    [425, "ServerError"],
    [429, "RateLimited"],
    [499, "Invalid"],
    [500, "ServerError"],
    [502, "ServerError"],
    [503, "ServerError"],
    [504, "ServerError"]
  ] as const
)("maps status %i to %s", ([status, tag]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ error: "no" }, status), never)
    assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, tag)
  }))

it.effect("returns the field errors of a response with their attributes", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => validation(422, "name", "invalid_parameter"))
    const reason = yield* reasonOf(http.getAddressByName({ name: "x" }))
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors : [], [
      { code: "invalid_parameter", message: "name is wrong", attribute: "name" }
    ])
  }))

it.effect("ServerError has the status of the response", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => new Response("<html>", { status: 502 }), never)
    const reason = yield* reasonOf(http.getSubscriber)
    assert.strictEqual(reason._tag === "ServerError" ? reason.status : 0, 502)
  }))

it.effect.each(
  [
    ["HTML", () => new Response("<html></html>", { headers: { "content-type": "text/html" } })],
    ["an empty body", () => new Response("")],
    ["incomplete JSON", () => new Response("{\"data\":[")]
  ] as const
)("a successful status with %s is Malformed, and the message has the status", ([, respond]) =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => respond())
    const reason = yield* reasonOf(http.getConversations())
    assert.strictEqual(reason._tag, "Malformed")
    assert.include(reason.message, "200")
    assert.strictEqual(log.length, 1)
  }))

it.effect("a page without data is Malformed with its path", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ links: {} }))
    const reason = yield* reasonOf(http.getConversations())
    assert.strictEqual(reason._tag === "Malformed" ? reason.path : "", "data")
  }))

it.effect("stops reading a body that is too large", () =>
  Effect.gen(function*() {
    let pieces = 0
    const { http } = yield* start(() =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pieces++
            controller.enqueue(new Uint8Array(4 * 1024 * 1024))
          }
        })
      )
    )
    assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, "Malformed")
    assert.isBelow(pieces, 14)
  }))

it.effect("P7.2: fails with Closed, and sends no request, once the scope of the service is closed", () =>
  Effect.gen(function*() {
    const { http, log } = yield* Effect.scoped(start(() => json(subscriber("ada"))))
    assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, "Closed")
    assert.strictEqual((yield* reasonOf(http.sendMessage({ addressId: "office", text: "hello" })))._tag, "Closed")
    assert.isEmpty(log)
  }))

it.effect.each(["timeout", "deadline"])("P9.2: refuses an invalid %s by its name", (name) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(start(() => json({}), { [name]: -1 }))
    assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", `${name}: must be a number of milliseconds`)
  }))

it.effect("renews a rejected token, and repeats the request with the new one", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      ({ token }) => token === "new" ? json(subscriber("ada")) : json({ error: "Unauthorized" }, 401),
      { refresh: Effect.succeed(Redacted.make("new")) }
    )
    yield* http.getSubscriber
    assert.deepStrictEqual(log.map(({ token }) => token), [secret, "new"])
  }))

it.effect("repeats a send that was rejected with 401 with the new token", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      ({ token }) => token === "new" ? json({ table: {} }) : json({ error: "Unauthorized" }, 401),
      { refresh: Effect.succeed(Redacted.make("new")), dialect: "address" }
    )
    yield* http.sendMessage({ addressId: "office", text: "hello" })
    assert.deepStrictEqual(log.map(({ method, token }) => [method, token]), [["POST", secret], ["POST", "new"]])
  }))

it.effect("fails with Unauthorized when the renewed token is rejected too", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ error: "Unauthorized" }, 401), {
      refresh: Effect.sync(() => Redacted.make("new"))
    })
    assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, "Unauthorized")
    assert.strictEqual(log.length, 2)
  }))

it.effect("P6.4: concurrent 401s refresh once", () =>
  Effect.gen(function*() {
    let refreshes = 0
    const { http } = yield* start(
      ({ token }) =>
        token === "new"
          ? json(subscriber("ada"))
          : Effect.delay(Effect.sync(() => json({ error: "Unauthorized" }, 401)), 0),
      {
        refresh: Effect.delay(
          Effect.sync(() => {
            refreshes++
            return Redacted.make("new")
          }),
          0
        )
      }
    )
    const fiber = yield* Effect.forkChild(
      Effect.all(Array.from({ length: 20 }, () => http.getSubscriber), { concurrency: "unbounded" })
    )
    for (let turn = 0; turn < 5; turn++) yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(fiber)).length, 20)
    assert.strictEqual(refreshes, 1)
  }))

it.effect("fails with Unauthorized and its cause when the refresh fails", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ error: "Unauthorized" }, 401), {
      refresh: Effect.fail("the backend is asleep")
    })
    const error = yield* Effect.flip(http.getSubscriber)
    assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unauthorized", true])
    assert.include(inspect(error.cause), "the backend is asleep")
  }))

it.effect("fails with Unauthorized when the refresh does not end in time", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ error: "Unauthorized" }, 401), { refresh: Effect.never })
    const fiber = yield* Effect.forkChild(reasonOf(http.getSubscriber))
    yield* TestClock.adjust("31 seconds")
    assert.strictEqual((yield* Fiber.join(fiber))._tag, "Unauthorized")
  }))

it.effect("maps a broken connection to Transport, with the original error as its cause", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => "drop", never)
    const error = yield* Effect.flip(http.getSubscriber)
    assert.strictEqual(error.reason._tag, "Transport")
    assert.instanceOf(error.cause, TypeError)
  }))

it.effect("P8.7: treats an exception of the transport as a lost connection, and logs it without the token", () =>
  Effect.gen(function*() {
    const entries: Array<unknown> = []
    const http = yield* service(
      HttpClient.make(() => {
        throw new Error(`not with ${secret}`)
      }),
      never
    )
    const error = yield* Effect.flip(http.getSubscriber).pipe(
      Effect.provide(Logger.layer([Logger.make(({ message }) => entries.push(message))]))
    )
    assert.deepInclude(error.reason, { _tag: "Transport", sent: "unknown" })
    assert.instanceOf(error.cause, Error)
    assert.include(inspect(entries, { depth: 20 }), "not with")
    assert.notInclude(inspect(entries, { depth: 20, showHidden: true }), secret)
  }))

it.effect("P8.7: retries a read whose transport interrupts itself, and logs it", () =>
  Effect.gen(function*() {
    const entries: Array<unknown> = []
    let requests = 0
    const client = HttpClient.make((request) =>
      Effect.suspend(() =>
        ++requests === 1
          ? Effect.interrupt
          : Effect.succeed(HttpClientResponse.fromWeb(request, json(subscriber("ada"))))
      )
    )
    const http = yield* service(client, { retry: Schedule.recurs(1) })
    yield* http.getSubscriber.pipe(
      Effect.provide(Logger.layer([Logger.make(({ message }) => entries.push(message))]))
    )
    assert.strictEqual(requests, 2)
    assert.include(inspect(entries, { depth: 20 }), "treated as a lost connection")
  }))

const renderAll = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit)
    ? [
      JSON.stringify(exit),
      Cause.pretty(exit.cause),
      inspect(exit, { depth: 20, showHidden: true }),
      ...exit.cause.reasons.map((reason) => inspect(reason, { depth: 20, showHidden: true, getters: true })),
      ...Cause.prettyErrors(exit.cause).map((error) => `${error.stack}${JSON.stringify(error)}${inspect(error)}`)
    ].join("\n")
    : assert.fail("expected a failure")

it.effect("P6.1: no failure contains the token, whatever the errors of the transport contain", () =>
  Effect.gen(function*() {
    const client = HttpClient.make((request) =>
      Effect.fail(
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({
            request,
            cause: Object.assign(
              new TypeError(`Headers.append: "Bearer ${secret}" is an invalid header value`, {
                cause: new Error(`inner ${secret}`)
              }),
              { request, config: { headers: { authorization: `Bearer ${secret}` } } }
            )
          })
        })
      )
    )
    const http = yield* service(client, never)
    const shown = renderAll(yield* Effect.exit(http.getSubscriber))
    assert.include(shown, "is an invalid header value")
    assert.notInclude(shown, secret)
  }))

it.effect.each([400, 401, 403, 404, 422, 429, 500])(
  "no failure contains the token when a response with %i quotes it",
  (status) =>
    Effect.gen(function*() {
      const { http } = yield* start(
        () => json({ errors: [{ code: secret, message: `bad ${secret}`, attribute: secret }] }, status),
        { ...never, refresh: Effect.fail({ _tag: "NoRenewal", message: `cannot renew ${secret}` }) }
      )
      assert.notInclude(renderAll(yield* Effect.exit(http.getSubscriber)), secret)
    })
)

it.effect("no failure contains the token when an invalid body quotes it", () =>
  Effect.gen(function*() {
    const { client } = makeServer((request) =>
      new Response(`{${request.token}`, { headers: { "content-type": "text/plain" } })
    )
    const http = yield* service(client, never)
    assert.notInclude(renderAll(yield* Effect.exit(http.getSubscriber)), secret)
  }))

it.effect("refuses a token that is no valid header value before any request", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({}), { token: "two\nlines" })
    const exit = yield* Effect.exit(http.getSubscriber)
    assert.include(renderAll(exit), "Unauthorized")
    assert.notInclude(renderAll(exit), "two\nlines")
    assert.strictEqual(log.length, 0)
  }))

it.effect("refuses a response from another URL, after a redirect", () =>
  Effect.gen(function*() {
    const client = HttpClient.make((request) => {
      const response = json(subscriber("mallory"))
      Object.defineProperty(response, "url", { value: "https://elsewhere.test/api/fabric/subscriber/info" })
      return Effect.succeed(HttpClientResponse.fromWeb(request, response))
    })
    const http = yield* service(client, never)
    assert.strictEqual((yield* reasonOf(http.getSubscriber))._tag, "Malformed")
  }))

it.effect("P6.1: no span contains the token, or the text of a message", () =>
  Effect.gen(function*() {
    const spans: Array<Tracer.Span> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const { http } = yield* start((_, index) => index === 0 ? json({}, 500) : "drop", { ...never, dialect: "address" })
    yield* Effect.all([
      Effect.exit(http.getMessages()),
      Effect.exit(http.sendMessage({ addressId: "office", text: "private words" }))
    ]).pipe(Effect.withTracer(tracer))
    const shown = spans.map((span) => inspect(span, { depth: 20 }) + JSON.stringify([...span.attributes])).join("\n")
    assert.include(shown, "SignalWireHttp.getMessages")
    assert.include(shown, "SignalWireHttp.sendMessage")
    assert.notInclude(shown, secret)
    assert.notInclude(shown, "private words")
  }))

it.effect("fails with a retryable Unauthorized when no new token comes within the time limit of the request", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ error: "Unauthorized" }, 401), {
      refresh: Effect.never,
      timeout: "2 seconds"
    })
    const fiber = yield* Effect.forkChild(reasonOf(http.getSubscriber))
    yield* TestClock.adjust("1999 millis")
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust("1 milli")
    assert.deepInclude({ ...(yield* Fiber.join(fiber)) }, {
      _tag: "Unauthorized",
      detail: "no new token was provided within 2000 ms",
      isRetryable: true
    })
    assert.strictEqual(log.length, 1)
  }))

it.effect("P7.1: waits for a new token until the deadline of the request at most", () =>
  Effect.gen(function*() {
    const { http } = yield* start(
      () => Effect.delay(Effect.sync(() => json({ error: "Unauthorized" }, 401)), "1500 millis"),
      { refresh: Effect.never, timeout: "10 seconds", deadline: "2 seconds" }
    )
    const fiber = yield* Effect.forkChild(reasonOf(http.getSubscriber), { startImmediately: true })
    yield* TestClock.adjust("1500 millis")
    yield* TestClock.adjust("500 millis")
    assert.deepInclude({ ...(yield* Fiber.join(fiber)) }, {
      _tag: "Unauthorized",
      detail: "no new token was provided within 500 ms"
    })
  }))

it.effect("reports where the one address that was found by its name is malformed", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ data: [{ id: 7, name: "ada" }], links: {} }))
    const reason = yield* reasonOf(http.getAddressByName({ name: "ada" }))
    assert.deepInclude({ ...reason }, { _tag: "Malformed", path: "data[0].id", detail: "Expected string" })
  }))

it.effect("fails with NotFound when another address is malformed, or there is none", () =>
  Effect.gen(function*() {
    for (const data of [[{ id: 7, name: "ada" }, { id: "2", name: "grace" }], []]) {
      const { http } = yield* start(() => json({ data, links: {} }))
      const reason = yield* reasonOf(http.getAddressByName({ name: "ada" }))
      assert.deepInclude({ ...reason }, { _tag: "NotFound", detail: "no address has the name \"ada\"" })
    }
  }))

it.effect("the error of a response may be about no parameter, and have neither a code nor a message", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ errors: [{ type: "validation_error" }] }, 422))
    const reason = yield* reasonOf(http.getSubscriber)
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors : [], [
      { code: "", message: "", attribute: null }
    ])
  }))

it.effect("an Invalid response without errors has the status as its error", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({}, 409))
    const reason = yield* reasonOf(http.getSubscriber)
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors : [], [
      { code: "http_409", message: "the server responded with status 409", attribute: null }
    ])
  }))

it.effect.each<readonly [string, object, string]>([
  [
    "the messages of its errors",
    { errors: [{ code: "a", message: "one" }, { code: "b", message: "two" }] },
    "one; two"
  ],
  ["the code of an error without a message", { errors: [{ code: "a" }, { code: "b", message: "two" }] }, "a; two"],
  ["the message of a gateway", { error: "try later" }, "try later"],
  ["its status, if the body says nothing", {}, "status 500"],
  ["at most 500 characters", { error: "x".repeat(600) }, "x".repeat(500)]
])("the detail of a failed response is %s", ([, body, detail]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json(body, 500), never)
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "ServerError", status: 500, detail })
  }))

it.effect("the body of a failed response may be too large to be read", () =>
  Effect.gen(function*() {
    const { http } = yield* start(
      () => new Response("x", { status: 500, headers: { "content-length": `${40 * 1024 * 1024}` } }),
      never
    )
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "ServerError", detail: "status 500" })
  }))

it.effect.each<readonly [string, () => Response, string]>([
  [
    "its type",
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    "status 200 with a body that is not JSON but text/html"
  ],
  [
    "nothing more if it has no type",
    () => new Response(new TextEncoder().encode("<")),
    "status 200 with a body that is not JSON"
  ],
  [
    "at most 100 characters of its type",
    () => new Response("<", { headers: { "content-type": `text/${"x".repeat(200)}` } }),
    `status 200 with a body that is not JSON but text/${"x".repeat(95)}`
  ],
  ["that it is empty", () => new Response(" \n"), "status 200 with an empty body"]
])("a body that is not JSON is described by %s", ([, respond, detail]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => respond())
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "Malformed", path: "", detail })
  }))

it.effect.each([300, 304, 399])("does not follow a redirect with the status %i", (status) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => new Response(null, { status }))
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, {
      _tag: "Malformed",
      detail: `the server responded with a redirect (status ${status}), which is not followed`
    })
  }))

const methods: ReadonlyArray<
  readonly [string, string, (http: Service) => Effect.Effect<unknown, SignalWireHttpError>]
> = [
  ["getSubscriber", "GET subscriber/info", (http) => http.getSubscriber],
  ["getAddress", "GET addresses/a", (http) => http.getAddress({ id: "a" })],
  ["getAddressByName", "GET addresses", (http) => http.getAddressByName({ name: "a" })],
  ["getAddresses", "GET addresses", (http) => http.getAddresses()],
  ["addresses", "GET addresses", (http) => Stream.runDrain(http.addresses())],
  ["getConversations", "GET conversations", (http) => http.getConversations()],
  ["conversations", "GET conversations", (http) => Stream.runDrain(http.conversations())],
  ["getMessages", "GET messages", (http) => http.getMessages()],
  ["messages", "GET messages", (http) => Stream.runDrain(http.messages())],
  [
    "getConversationMessages",
    "GET conversations/a/messages",
    (http) => http.getConversationMessages({ addressId: "a" })
  ],
  [
    "conversationMessages",
    "GET conversations/a/messages",
    (http) => Stream.runDrain(http.conversationMessages({ addressId: "a" }))
  ],
  ["sendMessage", "POST messages", (http) => http.sendMessage({ addressId: "a", text: "hello" })],
  ["join", "POST conversations/join", (http) => http.join({ addressId: "a" })]
]

it.effect.each(methods)(
  "the failure of %s names it, and its request is %s",
  ([name, request, call]) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => json({}, 403), { dialect: "address" })
      const error = yield* Effect.flip(call(http))
      assert.deepStrictEqual([error.method, error.reason._tag], [name, "Forbidden"])
      assert.isFalse(Object.hasOwn(error, "cause"))
      assert.deepStrictEqual(log.map(({ method, path }) => `${method} ${path}`), [request])
    })
)

it.effect.each(methods)("the span of %s has its name", ([name, , call]) =>
  Effect.gen(function*() {
    const names: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        names.push(options.name)
        return new Tracer.NativeSpan(options)
      }
    })
    const { http } = yield* start(() => json({}, 403), { dialect: "address" })
    yield* Effect.withTracer(Effect.exit(call(http)), tracer)
    assert.strictEqual(names[0], `SignalWireHttp.${name}`)
  }))

it.effect.each([401, 403, 404, 408])(
  "the detail of a failure with the status %i is the server's message",
  (status) =>
    Effect.gen(function*() {
      const { http } = yield* start(() => json({ error: "because" }, status), never)
      const reason = yield* reasonOf(http.getSubscriber)
      assert.include(JSON.stringify(reason), status === 401 ? "no token refresh" : "because")
    })
)

it.effect("the detail of a refused token after a renewal is the server's message", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({ error: "because" }, 401), {
      refresh: Effect.succeed(Redacted.make("new"))
    })
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "Unauthorized", detail: "because" })
  }))

it.effect("the details of several errors are cut together", () =>
  Effect.gen(function*() {
    const errors = ["x", "y"].map((letter) => ({ message: letter.repeat(300) }))
    const { http } = yield* start(() => json({ errors }, 500), never)
    const detail = `${"x".repeat(300)}; ${"y".repeat(198)}`
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "ServerError", detail })
  }))

it.effect("posts and accepts JSON", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ table: {} }), { dialect: "address" })
    yield* http.sendMessage({ addressId: "a", text: "hello" })
    yield* Effect.exit(http.getSubscriber)
    assert.deepStrictEqual(log.map(({ headers }) => [headers["accept"], headers["content-type"]]), [
      ["application/json", "application/json"],
      ["application/json", undefined]
    ])
  }))

it.effect("a page whose data is not an array is Malformed", () =>
  Effect.gen(function*() {
    for (const data of [{}, null, "none"]) {
      const { http } = yield* start(() => json({ data, links: {} }))
      const calls: ReadonlyArray<Effect.Effect<unknown, SignalWireHttpError>> = [
        http.getConversations(),
        http.getMessages(),
        http.getAddresses()
      ]
      for (const call of calls) {
        assert.deepInclude({ ...(yield* reasonOf(call)) }, { _tag: "Malformed", path: "data" })
      }
    }
  }))
