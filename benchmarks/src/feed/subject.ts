/** What is flooded: a client with its own server, which counts what it is told. */
import { alternate } from "../harness.ts"
import * as Feed from "./Feed.ts"

/** A client that calls `heard` with how many events it was told. */
export type Connect = (feed: Feed.Feed, heard: (events: number) => void) => Promise<() => unknown>

/** A connected client. */
interface Subject {
  /** Pushes events; resolves when all were told and acknowledged. */
  readonly flood: (frames: number) => Promise<void>
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
    flood: async (frames) => {
      missing += frames * listeners
      const told = new Promise<void>((resolve) => {
        onAll = resolve
      })
      await Promise.all([told, feed.flood(frames)])
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

const cpuMillis = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1000
}

/** Floods each of them in turn. */
export const compete = async <Name extends string>(
  contenders: { readonly [K in Name]: Contender },
  { frames = 20_000, rounds = 11 }: { readonly frames?: number; readonly rounds?: number } = {}
): Promise<{ readonly [K in Name]: Times }> => {
  const names = Object.keys(contenders).filter((name): name is Name => name in contenders)
  const subjects = new Map<Name, Subject>()
  const cpu = new Map<Name, Array<number>>()
  const blocks: Partial<Record<Name, () => Promise<void>>> = {}
  for (const name of names) {
    const { connect, listeners = 1 } = contenders[name]
    const subject = await open(connect, listeners)
    subjects.set(name, subject)
    const spent: Array<number> = []
    cpu.set(name, spent)
    blocks[name] = async () => {
      const began = cpuMillis()
      await subject.flood(frames)
      spent.push(cpuMillis() - began)
    }
    for (let warm = 0; warm < 3; warm++) await subject.flood(frames)
  }
  const isComplete = (all: typeof blocks): all is Record<Name, () => Promise<void>> =>
    names.every((name) => name in all)
  if (!isComplete(blocks)) throw new Error("two contenders have one name")
  const wall = await alternate(blocks, { clock: "wall", rounds, blockMillis: 1 })
  for (const subject of subjects.values()) await subject.close()
  const times: Partial<Record<Name, Times>> = {}
  for (const name of names) times[name] = { wall: wall[name], cpu: cpu.get(name)?.slice(-rounds) ?? [] }
  const isTimed = (all: typeof times): all is Record<Name, Times> => names.every((name) => name in all)
  if (!isTimed(times)) throw new Error("a contender was not timed")
  return times
}
