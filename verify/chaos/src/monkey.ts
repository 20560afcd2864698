/** What breaks things: one fault after the other, as chance has it, until enough sessions were broken. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Chance } from "./random.ts"
import type { Direction, Relay } from "./relay.ts"
import type { MortalSandbox } from "./sandbox.ts"
import type { Trace } from "./trace.ts"

export interface Options {
  readonly chance: Chance
  readonly relay: Relay
  readonly sandbox: MortalSandbox
  readonly trace: Trace
  /** How many sessions to break, with kills evenly in between. */
  readonly disconnects: number
  readonly kills: number
}

export interface Monkey {
  /** Breaks things until all is done, or it is told to stop; leaves everything working. */
  readonly run: (isOver: () => boolean) => Promise<void>
  /** How much of it is done, from 0 to 1. */
  readonly progress: () => number
  readonly kills: () => number
  readonly summary: () => string
}

const directions: ReadonlyArray<ReadonlyArray<Direction>> = [["up"], ["down"], ["up", "down"]]

export const make = ({ chance, disconnects, kills, relay, sandbox, trace }: Options): Monkey => {
  let killed = 0
  const done = new Map<string, number>()
  const note = (name: string, ...details: ReadonlyArray<unknown>): void => {
    done.set(name, (done.get(name) ?? 0) + 1)
    trace.add("***", name, ...details)
  }
  const ending = () => chance.next() < 0.6 ? "reset" : "end"
  const freeze = (): void => relay.freeze(...directions[chance.below(directions.length)] ?? [])

  const kill = async (): Promise<void> => {
    note("kill")
    killed++
    // what the death of the server breaks is broken by the relay as well, and counted there
    await sandbox.kill()
    relay.cutAll("reset")
    await sleep(chance.between(0, 300))
    await sandbox.restart()
    trace.add("*** restarted")
  }

  const faults: ReadonlyArray<readonly [weight: number, fault: () => Promise<void> | void]> = [
    [40, () => {
      const how = ending()
      note("cut one", how)
      relay.cutSocket(chance.below(100), how)
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
      note("swallow answer")
      relay.swallowPost("/messages", chance.next() < 0.9 ? "cut" : "silent")
    }],
    [10, async () => {
      note("freeze")
      freeze()
      await sleep(chance.between(20, 400))
      relay.thaw()
    }],
    [3, async () => {
      // longer than the watchdog waits; what was on its way is lost, as it is when a network is gone
      note("freeze to death")
      freeze()
      await sleep(chance.between(1200, 1800))
      relay.cutAll("reset")
      relay.thaw()
    }],
    [6, async () => {
      note("refuse")
      relay.refuse(true)
      relay.cutAll(ending())
      await sleep(chance.between(20, 400))
      relay.refuse(false)
    }],
    [4, () => {
      const millis = Math.round(chance.between(0, 20))
      note("delay", millis)
      relay.delay(millis)
    }]
  ]
  const total = faults.reduce((sum, [weight]) => sum + weight, 0)

  const pick = (): () => Promise<void> | void => {
    let left = chance.next() * total
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
        await sleep(chance.between(5, 200))
      }
      relay.delay(0)
    },
    progress: brokenShare,
    kills: () => killed,
    summary: () => [...done].map(([name, count]) => `${count} ${name}`).join(", ")
  }
}
