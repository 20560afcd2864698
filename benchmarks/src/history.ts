/** Row 7: reading history as one stream of pages. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import { addressId } from "./feed/protocol.ts"
import { alternate, baseline, type Benchmark, type Figure, ratioOf } from "./harness.ts"

const pageSize = 100
const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis)
  })

const run = async (): Promise<ReadonlyArray<Figure>> => {
  await using feed = await Feed.start()
  const scope = Scope.makeUnsafe()

  /** Reads history to its end, and runs `work` for each batch. */
  const ours = async (build: ReturnType<typeof Ours.buildBare>) => {
    const context = await Effect.runPromise(build)
    return (messages: number, work: Effect.Effect<unknown>) => {
      let seen = 0
      return Effect.runPromiseWith(context)(
        Effect.flatMap(
          Conversations.Conversations,
          ({ conversationMessages }) =>
            Stream.runForEachArray(conversationMessages({ addressId, pageSize }), (batch) => {
              seen += batch.length
              return work
            })
        )
      ).then(() => {
        if (seen !== messages) throw new Error(`${seen} of ${messages} messages`)
      })
    }
  }

  const bare = async (work: () => Promise<void> | undefined): Promise<void> => {
    let link: string | undefined = `/api/fabric/conversations/${addressId}/messages?page_size=${pageSize}`
    while (link !== undefined) {
      const response = await fetch(feed.http + link, {
        headers: { authorization: "Bearer token", accept: "application/json" }
      })
      const page: { readonly links: { readonly next?: string } } = JSON.parse(await response.text())
      link = page.links.next
      await work()
    }
  }

  const overFetch = await ours(Ours.buildBare(feed, scope))
  const undici = await Effect.runPromise(
    Layer.buildWithScope(Layer.merge(NodeHttpClient.layerUndici, WebSockets.layer), scope)
  )
  const overUndici = await ours(Ours.build(feed, undici, scope))

  const pages = 1000
  feed.history(pages)
  const full = {
    bare: () => bare(() => undefined),
    overFetch: () => overFetch(pages * pageSize, Effect.void),
    overUndici: () => overUndici(pages * pageSize, Effect.void)
  }
  for (const read of Object.values(full)) for (let warm = 0; warm < 2; warm++) await read()
  const speed = await alternate(full, { clock: "wall", rounds: 11, blockMillis: 1 })
  const cpu = await alternate(full, { clock: "cpu", rounds: 7, blockMillis: 1 })

  const far = 20
  feed.history(far, 5)
  const latency = await alternate({
    bare: () => bare(() => sleep(5)),
    ours: () => overFetch(far * pageSize, Effect.sleep(5))
  }, { clock: "wall", rounds: 11, blockMillis: 1 })
  await Effect.runPromise(Scope.close(scope, Exit.void))

  const what = `${pages * pageSize} messages of history in pages of ${pageSize}`
  return [
    ...([["fetch", "overFetch", 0.7], ["undici", "overUndici", 0.85]] as const).flatMap(
      ([name, key, goal]): ReadonlyArray<Figure> => [{
        row: "7",
        what: `${what} over ${name}, speed`,
        unit: "x",
        spread: ratioOf(speed.bare, speed[key]),
        baseline: baseline("fetch and JSON.parse", speed.bare),
        goal: { is: "at least", value: goal, tolerance: 0.25 }
      }, {
        row: "7",
        what: `${what} over ${name}, CPU of the client`,
        unit: "x",
        spread: ratioOf(cpu[key], cpu.bare),
        baseline: baseline("fetch and JSON.parse", cpu.bare)
      }]
    ),
    {
      row: "7",
      what: `${far} pages, with a latency of 5 ms and 5 ms of work each, speed`,
      unit: "x",
      spread: ratioOf(latency.bare, latency.ours),
      baseline: baseline("fetch, one page after another", latency.bare),
      goal: { is: "at least", value: 1.5, tolerance: 0.1 }
    }
  ]
}

export const benchmark: Benchmark = {
  about:
    "Reading history to its end as one stream of typed messages, each once, against a loop of `fetch` and `JSON.parse` " +
    "over the same pages. Over fetch it is `layerBareFetch`, which the Promise client uses.",
  run
}
