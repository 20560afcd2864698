/** Compares clients by flooding them with events, each from a server of its own. */
import { clocks } from "../harness.ts"
import * as Feed from "./Feed.ts"

/** Connects a client that calls `onEvents` with the number of events it receives. Returns a function that disconnects it. */
export type Connect = (feed: Feed.Feed, onEvents: (events: number) => void) => Promise<() => unknown>

/** A connected client. */
interface ConnectedClient {
  /** Creates events; the returned function sends them, and resolves when all were received and acknowledged. */
  readonly prepare: (frames: number) => Promise<() => Promise<unknown>>
  readonly close: () => Promise<void>
}

const open = async (connect: Connect, listeners: number): Promise<ConnectedClient> => {
  const feed = await Feed.start()
  let missing = 0
  let onAll = () => {}
  const disconnect = await connect(feed, (events) => {
    missing -= events
    if (missing === 0) onAll()
  })
  return {
    prepare: async (frames) => {
      missing += frames * listeners
      const received = new Promise<void>((resolve) => {
        onAll = resolve
      })
      const push = await feed.prepare(frames)
      return () => Promise.all([received, push()])
    },
    close: async () => {
      await disconnect()
      await feed[Symbol.asyncDispose]()
    }
  }
}

export interface ClientUnderTest {
  readonly connect: Connect
  /** How many listeners count each event. @default 1 */
  readonly listeners?: number | undefined
}

/** The times of one flood, round by round. */
export interface Times {
  /** Wall-clock time, milliseconds. */
  readonly wall: ReadonlyArray<number>
  /** CPU time of this process, which is the client, milliseconds. */
  readonly cpu: ReadonlyArray<number>
}

/** Floods the clients alternately. */
export const compareClients = async <Name extends string>(
  clients: { readonly [K in Name]: ClientUnderTest },
  { frames = 20_000, rounds = 11 }: { readonly frames?: number; readonly rounds?: number } = {}
): Promise<{ readonly [K in Name]: Times }> => {
  const plan: Array<{ readonly client: ConnectedClient; readonly wall: Array<number>; readonly cpu: Array<number> }> =
    []
  const times: Partial<Record<Name, Times>> = {}
  for (const name in clients) {
    const { connect, listeners = 1 } = clients[name]
    const client = await open(connect, listeners)
    const of = { wall: [], cpu: [] }
    times[name] = of
    plan.push({ client, ...of })
    for (let warm = 0; warm < 3; warm++) await (await client.prepare(frames))()
  }
  for (let round = 0; round < rounds; round++) {
    // alternates the order, so that no client always collects the garbage of the same other
    for (const { client, cpu, wall } of round % 2 === 0 ? plan : plan.toReversed()) {
      const flood = await client.prepare(frames)
      const spent = clocks.cpu()
      const began = performance.now()
      await flood()
      wall.push(performance.now() - began)
      cpu.push(clocks.cpu() - spent)
    }
  }
  for (const { client } of plan) await client.close()
  const isTimed = (all: typeof times): all is Record<Name, Times> => Object.keys(all).length === plan.length
  if (!isTimed(times)) throw new Error("two clients have the same name")
  return times
}
