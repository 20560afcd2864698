/** Steps in which the platform of a device misbehaves. */
import { randomDevice, type Step } from "./Step.ts"

/** The platform sends wake signals, again and again. */
export const sendWakeSignals: Step = {
  weight: 2,
  run: (world) => {
    const { eventLoop, random } = world
    const device = randomDevice(world)
    if (device === undefined) return
    const interval = random.pick(20, 300, 3000)
    world.note(`the platform of ${device.options.name} sends signals every ${interval} ms`)
    for (let left = random.pick(1, 3, 40), at = 0; left > 0; left--, at += interval) {
      const signal = random.pick("wake", "wake", "offline")
      eventLoop.schedule(at, () => {
        if (!world.isFaultFree) device.signal(signal)
      })
    }
  }
}

export const adjustClock: Step = {
  weight: 2,
  run: (world) => {
    const { random } = world
    const device = randomDevice(world)
    if (device === undefined) return
    const millis = random.pick(-1, 1) * random.pick(random.integer(0, 600), random.integer(0, 100_000)) * 1000
    world.note(`the clock of ${device.options.name} is adjusted by ${millis / 1000} s`)
    world.totals.clockAdjustments++
    device.options.clock.adjust(millis)
  }
}

export const throwExceptions: Step = {
  weight: 2,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined || !world.setup.platformThrows) return
    const { exceptions, name } = device.options
    exceptions.probability = exceptions.probability > 0 ? 0 : world.random.pick(0.02, 0.1, 0.4)
    world.note(`the platform of ${name} throws in ${exceptions.probability * 100} % of its calls`)
  }
}

export const failQueueStore: Step = {
  weight: 1.5,
  run: (world) => {
    const account = world.random.oneOf(world.people)
    const store = account === undefined ? undefined : world.persistence.queueStores.get(account.id)
    if (store === undefined) return
    const millis = world.random.pick(200, 5000, 20_000)
    world.note(`the queues of ${account?.name} are unavailable for ${millis} ms`)
    store.fail(millis)
  }
}
