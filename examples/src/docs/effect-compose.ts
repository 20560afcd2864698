// file: effect-compose.ts
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schedule from "effect/Schedule"

/** An HTTP client that sends at most ten requests per second. */
const rateLimitedClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const limiter = yield* RateLimiter.RateLimiter
    const client = yield* HttpClient.HttpClient
    return client.pipe(
      HttpClient.withRateLimiter({ limiter, window: "1 second", limit: 10, key: "signalwire" }),
      // a store in memory never fails
      HttpClient.transformResponse(Effect.catchTag("RateLimiterError", Effect.die))
    )
  })
).pipe(Layer.provide(RateLimiter.layer), Layer.provide(RateLimiter.layerStoreMemory))

/** The source of tokens. Services that `refresh` needs become requirements of this layer. */
const credentials = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("SIGNALWIRE_TOKEN")
  return Credentials.layer({ token, refresh: Effect.fail("request another token from your backend here") })
}))

const client = Conversations.layerCredentials({
  http: { timeout: "10 seconds", retry: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 })) },
  subscription: { backoff: { base: "1 second", cap: "1 minute" } },
  sweep: { min: "1 minute", max: "10 minutes" }
}).pipe(
  Layer.provide(credentials),
  Layer.provide(rateLimitedClient),
  Layer.provide(Conversations.layerTransports)
)

const program = Effect.gen(function*() {
  const { getConversations } = yield* Conversations.Conversations
  const { data } = yield* getConversations({ pageSize: 10 })
  yield* Console.log(`${data.length} conversations on the first page`)
})

await Effect.runPromise(Effect.provide(program, client))
