/** Steps in which processes start and end. */
import type { Account } from "../device.ts"
import { startDevice, stopDevice } from "../devices.ts"
import { resumeSequence, subscribe } from "../subscriptions.ts"
import type { World } from "../world.ts"
import { impair } from "./network.ts"
import { randomDevice, type Step } from "./Step.ts"

/** Starts a process that continues the sequences of those that have ended; sometimes in an outage. */
export const resumeDevice = (world: World, account: Account): void => {
  const started = startDevice(world, account)
  if (started === undefined) return
  if (world.setup.faultRate > 0 && !world.isFaultFree && world.random.boolean(0.15)) {
    world.totals.coldStarts++
    impair(world, started)
  }
  for (const sequence of world.orphanedSequences.filter(({ guarantees }) => guarantees.account.id === account.id)) {
    resumeSequence(world, started, sequence)
  }
}

/** The first process of a subscriber starts, with a subscription and a timeline. */
export const begin: Step = {
  weight: 0,
  run: (world) => {
    const account = world.people.find((one) => world.devices.every(({ options }) => options.account !== one))
    const started = account && startDevice(world, account)
    if (account === undefined || started === undefined) return
    subscribe(world, started, undefined)
    subscribe(world, started, world.random.oneOf(world.conversationsOf(account)))
  }
}

export const start: Step = {
  weight: 1,
  run: (world) => {
    const account = world.random.oneOf(world.people)
    if (account === undefined || world.devices.length > 3) return
    const started = startDevice(world, account)
    if (started !== undefined) subscribe(world, started, undefined)
  }
}

export const stopAndResume: Step = {
  weight: 2.5,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined) return
    stopDevice(world, device, world.random.boolean(0.5))
    if (world.random.boolean(0.5)) world.advance(world.random.integer(0, 30_000))
    resumeDevice(world, device.options.account)
  }
}
