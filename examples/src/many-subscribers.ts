/**
 * Many subscribers in one process: each has a client of its own, made when it is first asked for, shared while it is in
 * use, and closed when nobody has used it for a minute.
 *
 *     SIGNALWIRE_TOKENS="ada=eyJ... grace=eyJ..." node examples/src/many-subscribers.ts
 *
 * It reads `SIGNALWIRE_HOST` when the tokens name none.
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Redacted from "effect/Redacted"

/** Where this program gets a subscriber's token; yours would ask its database. */
const tokenOf = (name: string) =>
  Effect.gen(function*() {
    const all = Redacted.value(yield* Config.Redacted("SIGNALWIRE_TOKENS"))
    const found = all.split(" ").map((pair) => pair.split("=")).find(([owner]) => owner === name)
    return Redacted.make(found?.[1] ?? "")
  })

/** A client for each subscriber, by name. */
class Clients extends LayerMap.Service<Clients>()("examples/Clients", {
  lookup: (name: string) =>
    Layer.unwrap(Effect.gen(function*() {
      const { host, urls } = yield* Conversations.environment
      return Conversations.layerFetch({ token: yield* tokenOf(name), host, urls })
    })),
  idleTimeToLive: "1 minute"
}) {}

/** What one of them says of their conversations. */
const report = (name: string) =>
  Conversations.Conversations.use(({ getConversations }) => getConversations()).pipe(
    Effect.flatMap(({ data }) => Console.log(`${name}: ${data.map((one) => one.name).join(", ") || "nobody yet"}`)),
    Effect.provide(Clients.get(name))
  )

await Effect.runPromise(
  Effect.forEach(["ada", "grace", "ada"], report, { concurrency: "unbounded", discard: true }).pipe(
    Effect.provide(Clients.layer)
  )
)
