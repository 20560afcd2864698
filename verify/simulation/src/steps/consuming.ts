/** Steps in which time passes, and consumers subscribe, pause, read history and unsubscribe. */
import type { Consumer } from "../consumer.ts"
import type { Device } from "../device.ts"
import { stopDevice } from "../devices.ts"
import { readHistory } from "../historyReads.ts"
import { subscribe } from "../subscriptions.ts"
import type { World } from "../world.ts"
import { randomDevice, type Step } from "./Step.ts"

const wait = (weight: number, min: number, max: number): Step => ({
  weight,
  run: (world) => world.advance(world.random.integer(min, max))
})

export const waitBriefly = wait(14, 0, 500)
export const waitSeconds = wait(8, 500, 8000)
export const waitLong = wait(2, 8000, 40_000)
export const waitMinutes = wait(0.1, 60_000, 600_000)

export const startConsumer: Step = {
  weight: 3,
  run: (world) => {
    const { random } = world
    const device = randomDevice(world)
    if (device === undefined || world.consumers.length > 6) return
    subscribe(
      world,
      device,
      random.boolean(0.4) ? undefined : random.oneOf(world.conversationsOf(device.options.account))
    )
  }
}

const unsubscribe = (world: World, consumer: Consumer): void => {
  world.note(`${consumer.options.sequence.name} is unsubscribed`)
  consumer.close()
  world.consumers = world.consumers.filter((other) => other !== consumer)
}

export const stopConsumer: Step = {
  weight: 2,
  run: (world) => {
    const consumer = world.random.oneOf(world.consumers)
    if (consumer === undefined) return
    unsubscribe(world, consumer)
  }
}

export const pauseOrResumeConsumer: Step = {
  weight: 4,
  run: (world) => {
    const consumer = world.random.oneOf(world.consumers)
    if (consumer === undefined) return
    world.note(`${consumer.options.sequence.name} ${consumer.isPaused ? "resumes" : "pauses"}`)
    if (consumer.isPaused) consumer.resume()
    else consumer.pause()
  }
}

export const read: Step = {
  weight: 3,
  run: (world) => {
    const { random } = world
    const device = randomDevice(world)
    if (device === undefined) return
    readHistory(
      world,
      device,
      random.boolean(0.4) ? undefined : random.oneOf(world.conversationsOf(device.options.account))
    )
  }
}

/**
 * All consumers of a device leave, and one returns; of a device with a problem, if there is one. Sometimes the device ends
 * instead.
 */
export const resubscribe: Step = {
  weight: 2,
  run: (world) => {
    const { random } = world
    const candidates = [
      world.devices.filter(({ connection, hasNoToken }) => hasNoToken || connection._tag === "Failed"),
      world.devices.filter(({ options: { network }, refreshBehavior }) =>
        network.flapping === "tryAgainLater" || refreshBehavior !== "succeeds"
      ),
      world.devices.filter(({ connection }) => connection._tag !== "Connected"),
      world.devices
    ].find(({ length }) => length > 0)
    const device = random.oneOf(candidates ?? [])
    if (device === undefined) return
    if (random.boolean(device.connection._tag === "Failed" ? 0.5 : 0.2)) {
      stopDevice(world, device, false)
      return
    }
    leaveAndReturn(world, device)
  }
}

/** All consumers of a device leave, and mostly one returns. */
export const leaveAndReturn = (world: World, device: Device): void => {
  const { random } = world
  const leaving = world.consumers.filter(({ options }) => options.device === device)
  for (const consumer of leaving) unsubscribe(world, consumer)
  world.advance(random.pick(0, random.integer(0, 6000), 6000))
  if (random.boolean(0.8)) subscribe(world, device, undefined)
}

export const joinLastRoom: Step = {
  weight: 1,
  run: (world) => {
    const account = world.random.oneOf(world.people)
    const room = world.rooms.at(-1)
    if (account === undefined || room === undefined) return
    world.note(`${account.name} joins the last room`)
    world.join(account, room)
  }
}
