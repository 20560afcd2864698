/** Steps in which the network of devices fails, or heals. */
import type { Device } from "../device.ts"
import { startDevice } from "../devices.ts"
import { brokenLinks, failingUpgrades, flappings, proxies } from "../networkConditions.ts"
import { subscribe } from "../subscriptions.ts"
import type { World } from "../world.ts"
import { randomDevice, type Step } from "./Step.ts"
import { store } from "./storing.ts"

/** Puts a random obstacle between a device and the server. */
export const impair = (world: World, { options: { name, network } }: Device): void => {
  const { random, totals } = world
  const breaksSockets = random.boolean(0.5)
  switch (random.pick("link", "proxy", "upgrades")) {
    case "link":
      network.link = random.pick(...brokenLinks)
      world.note(`the network of ${name} is ${network.link === "down" ? "down" : "a black hole"}`)
      if (network.link === "down") totals.drops += network.sockets.cut()
      return
    case "proxy":
      network.proxy = random.pick(...proxies)
      network.upgrades = random.pick("accepted", "refused")
      if (network.proxy === "captivePortal") world.faults.allowFailure("Malformed", 1)
      world.note(`a proxy responds to ${name}: ${network.proxy}, and sockets are ${network.upgrades}`)
      if (network.upgrades === "refused" && breaksSockets) totals.drops += network.sockets.cut()
      return
    case "upgrades":
      network.upgrades = random.pick(...failingUpgrades)
      world.note(`new sockets of ${name} are ${network.upgrades}`)
      if (breaksSockets) totals.drops += random.boolean(0.7) ? network.sockets.cut() : network.sockets.stall()
  }
}

/** Removes the obstacles between a device and the server. */
export const heal = (world: World, { options: { name, network } }: Device): void => {
  network.heal()
  world.note(`the network of ${name} is healthy`)
}

/** More messages than fit on a page, while all devices are disconnected. */
export const storeManyWhileDisconnected: Step = {
  weight: 0.7,
  run: (world) => {
    const { random, setup } = world
    for (const { options: { network } } of world.devices) {
      network.sockets.cut()
      network.link = "down"
    }
    store(world, setup.readsInParts ? random.integer(30, 90) : random.integer(110, 230), {})
    world.advance(2000)
    for (const { options: { network } } of world.devices) network.link = "up"
    if (!setup.readsInParts) return
    // one that comes while history is read in parts
    for (let left = 10; left > 0; left--) {
      if (left % 4 === 0) world.faults.add("event: malformed", { random, who: {}, skip: 0 })
      world.advance(random.integer(50, 500))
      store(world, 1, {})
    }
  }
}

export const cutSockets: Step = {
  weight: 6,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined) return
    world.note(`the sockets of ${device.options.name} break`)
    world.totals.drops += device.options.network.sockets.cut()
  }
}

export const stallSockets: Step = {
  weight: 2,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined) return
    world.note(`the sockets of ${device.options.name} stall`)
    world.totals.drops += device.options.network.sockets.stall()
  }
}

export const impairOrHeal: Step = {
  weight: 8,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined) return
    if (device.options.network.isHealthy) impair(world, device)
    else heal(world, device)
  }
}

/** All devices are impaired at once, possibly for a long time. */
export const impairAll: Step = {
  weight: 1,
  run: (world) => {
    const { random } = world
    for (const device of world.devices) impair(world, device)
    store(world, random.integer(1, 3), {})
    world.advance(random.integer(1000, 90_000))
    if (random.boolean(0.7)) { for (const device of world.devices) heal(world, device) }
  }
}

/** A process starts in an outage. */
export const startImpaired: Step = {
  weight: 3,
  run: (world) => {
    const { random } = world
    const account = random.oneOf(world.people)
    if (account === undefined || world.devices.length > 3) return
    const started = startDevice(world, account)
    if (started === undefined) return
    world.totals.coldStarts++
    if (random.boolean(0.3)) world.faults.restartServer(random.pick(2000, 20_000, 60_000))
    else impair(world, started)
    subscribe(world, started, undefined)
    if (random.boolean(0.7)) subscribe(world, started, random.oneOf(world.conversationsOf(account)))
    if (random.boolean(0.3)) return
    world.advance(random.integer(0, 20_000))
    store(world, 1, {})
    world.advance(random.integer(0, 60_000))
    heal(world, started)
  }
}

/** Sessions become ready, and end soon after. */
export const flap: Step = {
  weight: 1.5,
  run: (world) => {
    const { random } = world
    const device = randomDevice(world)
    if (device === undefined) return
    const { name, network } = device.options
    network.flapping = network.flapping === "none" ? random.pick(...flappings) : "none"
    world.note(`flapping sessions of ${name}: ${network.flapping}`)
    if (network.flapping === "none") return
    network.sockets.cut()
    world.advance(random.pick(0, random.integer(1000, 180_000)))
  }
}

/** The pages of a list shift while it is read, or no longer do. */
export const shiftPages: Step = {
  weight: 1,
  run: (world) => {
    const device = randomDevice(world)
    if (device === undefined) return
    const { name, network } = device.options
    network.shiftsPages = !network.shiftsPages
    world.note(`pages of ${name} ${network.shiftsPages ? "shift" : "no longer shift"}`)
  }
}
