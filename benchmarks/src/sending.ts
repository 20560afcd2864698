/** Row 12: exactly-once sending without failures. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import { addressId, addressOf, conversations } from "./feed/protocol.ts"
import { alternate, baseline, type Benchmark, type Figure, ratioOf } from "./harness.ts"

const inARow = 1000
const text = "The quick brown fox jumps over the lazy dog."

const run = async (): Promise<ReadonlyArray<Figure>> => {
  await using feed = await Feed.start()
  const scope = Scope.makeUnsafe()
  const context = await Effect.runPromise(Ours.buildBare(feed, scope))
  const ours = (address: string) =>
    Effect.flatMap(Conversations.Conversations, ({ sendMessage }) => sendMessage({ addressId: address, text }))
  const runOurs = Effect.runPromiseWith(context)

  const bare = async (address: string): Promise<unknown> => {
    const response = await fetch(`${feed.http}/api/fabric/messages`, {
      method: "POST",
      headers: { authorization: "Bearer token", accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({
        conversation_id: address,
        text,
        metadata: { "effect-signalwire": { id: crypto.randomUUID() } }
      })
    })
    return response.json()
  }

  const addresses = Array.from({ length: conversations }, (_, n) => addressOf(n))
  const row = {
    bare: async () => {
      for (let n = 0; n < inARow; n++) await bare(addressId)
    },
    ours: () => runOurs(Effect.forEach(Array.from({ length: inARow }), () => ours(addressId), { discard: true }))
  }
  const once = {
    bare: () => Promise.all(addresses.map(bare)),
    ours: () => runOurs(Effect.forEach(addresses, ours, { concurrency: "unbounded", discard: true }))
  }
  await row.bare()
  await row.ours()
  const figures: Array<Figure> = []
  for (
    const [what, variants, rounds] of [
      [`${inARow} messages sent in a row`, row, 11],
      [`${conversations} messages sent at the same time, to as many conversations`, once, 31]
    ] as const
  ) {
    for (const clock of ["wall", "cpu"] as const) {
      const times = await alternate<"bare" | "ours">(variants, { clock, rounds, blockMillis: 50 })
      figures.push({
        row: "12",
        what: `${what}, ${clock === "wall" ? "time" : "CPU of the client"}`,
        unit: "x",
        spread: ratioOf(times.ours, times.bare),
        baseline: baseline("fetch, one POST each", times.bare),
        ...(clock === "wall" ? { goal: { is: "at most", value: 1.3, tolerance: 0.6 } } : undefined)
      })
    }
  }
  await Effect.runPromise(Scope.close(scope, Exit.void))
  return figures
}

export const benchmark: Benchmark = {
  about: "Messages sent exactly once over `layerBareFetch`, as the Promise client does, each with a client id, " +
    "against plain `fetch` POSTs with the same body whose responses are parsed. The server is a separate process, and " +
    "responds immediately.",
  run
}
