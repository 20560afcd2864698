/** What is flooded: a client with its own server, which counts what it is told. */
import { clocks } from "../harness.ts"
import * as Feed from "./Feed.ts"

/** A client that calls `heard` with how many events it was told. */
export type Connect = (feed: Feed.Feed, heard: (events: number) => void) => Promise<() => unknown>

/** A connected client. */
interface Subject {
  /** Makes events; what it answers pushes them, and resolves when all were told and acknowledged. */
  readonly prepare: (frames: number) => Promise<() => Promise<unknown>>
  readonly close: () => Promise<void>
}

const open = async (connect: Connect, listeners: number): Promise<Subject> => {
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
      const told = new Promise<void>((resolve) => {
        onAll = resolve
      })
      const push = await feed.prepare(frames)
      return () => Promise.all([told, push()])
    },
    close: async () => {
      await disconnect()
      await feed[Symbol.asyncDispose]()
    }
  }
}

export interface Contender {
  readonly connect: Connect
  /** How many listeners count each event. @default 1 */
  readonly listeners?: number | undefined
}

/** Round by round, of one flood. */
export interface Times {
  /** Milliseconds that it took. */
  readonly wall: ReadonlyArray<number>
  /** Milliseconds that this process, which is the client, computed for it. */
  readonly cpu: ReadonlyArray<number>
}

/** Floods each of them in turn. */
export const compete = async <Name extends string>(
  contenders: { readonly [K in Name]: Contender },
  { frames = 20_000, rounds = 11 }: { readonly frames?: number; readonly rounds?: number } = {}
): Promise<{ readonly [K in Name]: Times }> => {
  const plan: Array<{ readonly subject: Subject; readonly wall: Array<number>; readonly cpu: Array<number> }> = []
  const times: Partial<Record<Name, Times>> = {}
  for (const name in contenders) {
    const { connect, listeners = 1 } = contenders[name]
    const subject = await open(connect, listeners)
    const of = { wall: [], cpu: [] }
    times[name] = of
    plan.push({ subject, ...of })
    for (let warm = 0; warm < 3; warm++) await (await subject.prepare(frames))()
  }
  for (let round = 0; round < rounds; round++) {
    // to and fro, so that none always has the garbage of the same other to clear away
    for (const { cpu, subject, wall } of round % 2 === 0 ? plan : plan.toReversed()) {
      const flood = await subject.prepare(frames)
      const spent = clocks.cpu()
      const began = performance.now()
      await flood()
      wall.push(performance.now() - began)
      cpu.push(clocks.cpu() - spent)
    }
  }
  for (const { subject } of plan) await subject.close()
  const isTimed = (all: typeof times): all is Record<Name, Times> => Object.keys(all).length === plan.length
  if (!isTimed(times)) throw new Error("two contenders have one name")
  return times
}
