/**
 * Many subscribers in one process. Each has a client of its own, which is created on first use, shared while it is in
 * use, and closed after a minute without use.
 *
 *     SIGNALWIRE_TOKENS="ada=eyJ... grace=eyJ..." node examples/src/many-subscribers.ts
 *
 * Reads `SIGNALWIRE_HOST` if the tokens name no host.
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Redacted from "effect/Redacted"

/** Looks up the token of a subscriber. Your program would ask its database. */
const lookupToken = (name: string) =>
  Effect.gen(function*() {
    const all = Redacted.value(yield* Config.Redacted("SIGNALWIRE_TOKENS"))
    const found = all.split(" ").map((pair) => pair.split("=")).find(([owner]) => owner === name)
    return Redacted.make(found?.[1] ?? "")
  })

/** The clients of the subscribers, by name. */
class Clients extends LayerMap.Service<Clients>()("examples/Clients", {
  lookup: (name: string) =>
    Layer.unwrap(Effect.gen(function*() {
      const { host, urls } = yield* Conversations.environment
      return Conversations.layerFetch({ token: yield* lookupToken(name), host, urls })
    })),
  idleTimeToLive: "1 minute"
}) {}

/** Prints the conversations of a subscriber. */
const printConversations = (name: string) =>
  Conversations.Conversations.use(({ getConversations }) => getConversations()).pipe(
    Effect.flatMap(({ data }) =>
      Console.log(`${name}: ${data.map((conversation) => conversation.name).join(", ") || "no conversations"}`)
    ),
    Effect.provide(Clients.get(name))
  )

await Effect.runPromise(
  Effect.forEach(["ada", "grace", "ada"], printConversations, { concurrency: "unbounded", discard: true }).pipe(
    Effect.provide(Clients.layer)
  )
)
