/** Steps in which tokens expire, refreshes fail, and the application replaces a token. */
import * as Effect from "effect/Effect"
import { failingRefreshes } from "../device.ts"
import { stopDevice, updateToken } from "../devices.ts"
import { readHistory } from "../historyReads.ts"
import { leaveAndReturn } from "./consuming.ts"
import { heal } from "./network.ts"
import { randomDevice, type Step } from "./Step.ts"

/** A user is signed out, and signs in again. */
export const signOutAndIn: Step = {
  weight: 1.2,
  run: (world) => {
    const { faults, random, server } = world
    const device = randomDevice(world)
    if (device === undefined) return
    world.note(`the token of ${device.options.name} expires, and refreshes fail for some time`)
    faults.allowFailure("Unauthorized", 2)
    device.refreshBehavior = "none"
    server.run((backend) => Effect.ignore(backend.expire(device.token)))
    world.advance(random.integer(10_000, 90_000))
    switch (random.pick("stays", "leaves", "ends")) {
      case "stays":
        break
      case "leaves":
        leaveAndReturn(world, device)
        break
      case "ends":
        return stopDevice(world, device, false)
    }
    device.refreshBehavior = "succeeds"
    heal(world, device)
    world.advance(16_000)
    updateToken(world, device)
    world.advance(30_000)
  }
}

export const expireToken: Step = {
  weight: 2,
  run: (world) => {
    const device = randomDevice(world)
    // a token that expires as soon as it is new is refused for good
    if (device === undefined || world.eventLoop.now - device.renewedAt < 60_000) return
    world.note(`the token of ${device.options.name} expires`)
    world.faults.allowFailure("Unauthorized", 1)
    world.server.run((backend) => Effect.ignore(backend.expire(device.token)))
    if (world.random.boolean(0.5)) return
    // requests and a dial find out at the same time
    device.options.network.sockets.cut()
    readHistory(world, device, undefined)
  }
}

export const changeRefreshBehavior: Step = {
  weight: 1.5,
  run: (world) => {
    const { faults, random, server } = world
    const device = randomDevice(world)
    if (device === undefined) return
    device.refreshBehavior = device.refreshBehavior !== "succeeds"
      ? "succeeds"
      : random.pick(...failingRefreshes)
    world.note(`token refreshes of ${device.options.name}: ${device.refreshBehavior}`)
    faults.allowFailure("Unauthorized", 2)
    if (device.refreshBehavior === "succeeds" || random.boolean(0.5)) return
    server.run((backend) => Effect.ignore(backend.expire(device.token)))
    world.advance(random.integer(0, 40_000))
  }
}

/** The application replaces a token, preferably of a device that waits for one. */
export const replaceToken: Step = {
  weight: 1.5,
  run: (world) => {
    const { faults, random } = world
    const disconnected = world.devices.filter((device) => device.connection._tag === "Reconnecting")
    // only a new token helps a device whose refresh has failed for good
    const waiting = disconnected.filter(({ hasNoToken }) => hasNoToken)
    const [candidates = []] = [waiting, disconnected, world.devices].filter(({ length }) => length > 0)
    const device = random.oneOf(candidates)
    if (device === undefined) return
    if (random.boolean(0.5)) {
      faults.clear()
      heal(world, device)
      device.options.exceptions.probability = 0
      device.refreshBehavior = "succeeds"
      world.advance(random.integer(0, 20_000))
    }
    updateToken(world, device)
    if (random.boolean(0.5)) world.advance(30_000)
  }
}
