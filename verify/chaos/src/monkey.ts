/** The chaos monkey: injects random faults until enough sessions were broken. */
import { setTimeout as sleep } from "node:timers/promises"
import type { SeededRandom } from "./random.ts"
import type { Direction, Relay } from "./relay.ts"
import type { RestartableSandbox } from "./sandbox.ts"
import type { Trace } from "./trace.ts"

export interface Options {
  readonly random: SeededRandom
  readonly relay: Relay
  readonly sandbox: RestartableSandbox
  readonly trace: Trace
  /** How many sessions to break. Kills of the server are spread evenly between them. */
  readonly disconnects: number
  readonly kills: number
}

export interface Monkey {
  /** Injects faults until `isOver` returns `true`; afterwards everything works again. */
  readonly run: (isOver: () => boolean) => Promise<void>
  /** The share of the sessions that were broken, from 0 to 1. */
  readonly progress: () => number
  readonly kills: () => number
  readonly summary: () => string
}

const directions: ReadonlyArray<ReadonlyArray<Direction>> = [["up"], ["down"], ["up", "down"]]

export const make = ({ random, disconnects, kills, relay, sandbox, trace }: Options): Monkey => {
  let killed = 0
  const counts = new Map<string, number>()
  const note = (name: string, ...details: ReadonlyArray<unknown>): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    trace.add("***", name, ...details)
  }
  const ending = () => random.next() < 0.6 ? "reset" : "end"
  const freeze = (): void => relay.freeze(...directions[random.below(directions.length)] ?? [])

  const kill = async (): Promise<void> => {
    note("kill")
    killed++
    // the relay breaks the connections as well, and counts them
    await sandbox.kill()
    relay.cutAll("reset")
    await sleep(random.between(0, 300))
    await sandbox.restart()
    trace.add("*** restarted")
  }

  const faults: ReadonlyArray<readonly [weight: number, fault: () => Promise<void> | void]> = [
    [40, () => {
      const how = ending()
      note("cut one", how)
      relay.cutSocket(random.below(100), how)
    }],
    [15, () => {
      const how = ending()
      note("cut all", how)
      relay.cutAll(how)
    }],
    [10, () => {
      note("cut requests")
      relay.cutRequests(ending())
    }],
    [15, () => {
      note("lose response")
      relay.loseResponse("/messages", random.next() < 0.9 ? "cut" : "silent")
    }],
    [10, async () => {
      note("freeze")
      freeze()
      await sleep(random.between(20, 400))
      relay.unfreeze()
    }],
    [3, async () => {
      // longer than the timeout of the heartbeat; data in transit is lost, as when a network is gone
      note("long freeze")
      freeze()
      await sleep(random.between(1200, 1800))
      relay.cutAll("reset")
      relay.unfreeze()
    }],
    [6, async () => {
      note("refuse")
      relay.refuse(true)
      relay.cutAll(ending())
      await sleep(random.between(20, 400))
      relay.refuse(false)
    }],
    [4, () => {
      const millis = Math.round(random.between(0, 20))
      note("delay", millis)
      relay.delay(millis)
    }]
  ]
  const total = faults.reduce((sum, [weight]) => sum + weight, 0)

  const pick = (): () => Promise<void> | void => {
    let left = random.next() * total
    for (const [weight, fault] of faults) {
      left -= weight
      if (left < 0) return fault
    }
    return () => {}
  }

  const brokenShare = () => Math.min(1, relay.counts().disconnects / disconnects)

  return {
    run: async (isOver) => {
      while (!isOver()) {
        if (killed < kills && brokenShare() >= (killed + 1) / (kills + 1)) {
          await kill()
        } else {
          await pick()()
        }
        await sleep(random.between(5, 200))
      }
      relay.delay(0)
    },
    progress: brokenShare,
    kills: () => killed,
    summary: () => [...counts].map(([name, count]) => `${count} ${name}`).join(", ")
  }
}
