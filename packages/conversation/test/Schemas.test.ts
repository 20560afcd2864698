/** The schemas of this package, and those of the packages it is composed of, in HttpApi and in RPCs. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Schemas from "@effect-signalwire/conversation/Schemas"
import * as HttpSchemas from "@effect-signalwire/http/Schemas"
import { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Models from "@effect-signalwire/schema/Schemas"
import * as SubscriptionSchemas from "@effect-signalwire/subscription/Schemas"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpEffect from "effect/http/HttpEffect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as RpcServer from "effect/rpc/RpcServer"
import * as Schema from "effect/Schema"
import { message as messageOf } from "./support.ts"

const entries = Object.entries<Schema.Codec<unknown>>(Schemas)

describe.each(entries)("%s", (_, schema) => {
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema))

  it.effect.prop(
    "is generated, and round-trips through JSON",
    // V8 (Node 24.21) can confuse keys that end with a backslash
    { value: Arbitrary.filter(Arbitrary.schema(schema), (value) => !JSON.stringify(value).includes("\\\\")) },
    ({ value }) =>
      Effect.gen(function*() {
        const json = yield* Schema.encodeEffect(codec)(value)
        const decoded = yield* Schema.decodeEffect(codec)(json)
        assert.isTrue(Schema.is(schema)(decoded))
        assert.strictEqual(yield* Schema.encodeEffect(codec)(decoded), json)
      })
  )
})

it("an HttpApi with the schemas of all services has an OpenAPI component for each", () => {
  const { SendOptions, SignalWireHttpError } = HttpSchemas
  const { ConnectionState, SubscriptionError } = SubscriptionSchemas
  const successes = { ConnectionState, ...Schemas, SendOptions, ConversationSendOptions: Schemas.SendOptions }
  const errors = { SignalWireHttpError, SubscriptionError, ConversationError: Schemas.ConversationError }
  const group = HttpApiGroup.make("all").add(
    HttpApiEndpoint.post("send", "/messages", { payload: SendOptions, success: Models.Conversation }),
    ...Object.entries<Schema.Codec<unknown>>(successes).map(([name, success]) =>
      HttpApiEndpoint.get(`get${name}`, `/${name}`, { success })
    ),
    ...Object.entries<Schema.Codec<unknown>>(errors).map(([name, error]) =>
      HttpApiEndpoint.get(`fail${name}`, `/${name}/failure`, { error })
    )
  )
  const { schemas } = OpenApi.fromApi(HttpApi.make("test").add(group)).components
  assert.includeMembers(Object.keys(schemas), [
    ...Object.keys(successes),
    ...Object.keys(errors),
    "Conversation",
    "ConversationMessage",
    "Reason",
    "RateLimited"
  ])
  assert.isEmpty(Object.keys(schemas).filter((name) => /Encoded|\d$/.test(name)))
})

it.effect("messages and errors pass through RPCs as instances of their classes", () =>
  Effect.gen(function*() {
    const message = messageOf("m1", 1735790645.5, { text: "hello" })
    const reason = new Reason.RateLimited({ retryAfterMillis: 1500 })
    const group = RpcGroup.make(
      Rpc.make("echo", { payload: { message: Models.ConversationMessage }, success: Models.ConversationMessage }),
      Rpc.make("fail", { error: Schemas.ConversationError })
    )
    const handlers = group.toLayer({
      echo: ({ message }) => Effect.succeed(message),
      fail: () => Effect.fail(new ConversationError({ method: "sendMessage", reason, stored: "no" }))
    })
    const server = yield* RpcServer.toHttpEffect(group).pipe(Effect.provide(handlers))
    const handle = HttpEffect.toWebHandler(server)
    const bodies: Array<string> = []
    const transport = HttpClient.make((request) =>
      Effect.promise(async () => {
        const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        bodies.push(body)
        return HttpClientResponse.fromWeb(
          request,
          await handle(new Request("http://localhost/rpc", { method: "POST", body }))
        )
      })
    )
    const client = yield* RpcClient.make(group).pipe(
      Effect.provide(RpcClient.layerProtocolHttp({ url: "http://localhost/rpc" })),
      Effect.provideService(HttpClient.HttpClient, transport)
    )
    const echoed = yield* client.echo({ message })
    assert.instanceOf(echoed, ConversationMessage)
    assert.deepStrictEqual(echoed, message)
    assert.include(bodies[0], "\"conversationId\"")
    const error = yield* Effect.flip(client.fail())
    assert.instanceOf(error, ConversationError)
    assert.instanceOf(error.reason, Reason.RateLimited)
    assert.deepInclude(error, { method: "sendMessage", stored: "no" })
    assert.deepInclude(error.reason, { retryAfterMillis: 1500, isRetryable: true })
  }).pipe(Effect.provide(RpcSerialization.layerJson), Effect.scoped))
