/** Steps in which the server fails. */
import type { Rule } from "@effect-signalwire/backend/Faults"
import { stopDevice } from "../devices.ts"
import { eventDrop, faultNames, losslessFaultNames } from "../faultMenu.ts"
import { faultyIndexOf } from "../setup.ts"
import type { World } from "../world.ts"
import { read, startConsumer } from "./consuming.ts"
import { cutSockets } from "./network.ts"
import { enqueue, send } from "./sending.ts"
import type { Step } from "./Step.ts"
import { store } from "./storing.ts"

/** The server resumes sessions, but does not send unacknowledged events again. */
export const loseUnacknowledged: Step = {
  weight: 2,
  run: (world) => {
    world.note("the server loses unacknowledged events")
    for (const session of world.server.running?.backend.sessions() ?? []) {
      session.unacked.clear()
      session.connection?.close(null)
    }
  }
}

export const closeSocket: Step = {
  weight: 2,
  run: (world) => {
    const code = world.random.pick(1001, 1006, 1011, 1012)
    const session = world.random.oneOf(world.server.running?.backend.sessions() ?? [])
    if (session?.connection === undefined) return
    world.note(`the server closes a socket with ${code}`)
    world.totals.drops++
    session.connection.close(code === 1006 ? null : code)
  }
}

export const forgetSession: Step = {
  weight: 1,
  run: (world) => {
    const session = world.random.oneOf(world.server.running?.backend.sessions() ?? [])
    if (session === undefined) return
    world.note("the server forgets a session")
    world.server.running?.backend.removeSession(session)
    session.connection?.close(null)
  }
}

export const restart: Step = {
  weight: 1.5,
  run: ({ faults, random }) => faults.restartServer(random.pick(0, 500, 20_000))
}

/** The server restarts while a device reads history: the links to further pages become invalid. */
export const restartWhileReading: Step = {
  weight: 0.7,
  run: (world) => {
    read.run(world)
    world.advance(world.random.integer(100, 3000))
    world.faults.restartServer(0)
  }
}

/** Makes requests, sockets or frames on which a fault can be carried out. */
const provoke = (world: World, { match }: Rule): void => {
  if (match.on === "http") {
    const { random } = world
    return (match.method === "POST" ? random.pick(send, enqueue) : random.pick(read, startConsumer, cutSockets)).run(
      world
    )
  }
  if (match.on === "connect" || match.method === "signalwire.connect") return cutSockets.run(world)
  if (match.method === "signalwire.ping") return world.advance(world.setup.heartbeat + 2000)
  store(world, 3, {})
}

/** A fault that is carried out this often makes the client give up. */
const manyTimes = 10

/** How many faults each seed meets at its beginning. */
export const faultsPerSeed = 4

/**
 * A fault that depends on the seed and the number of the step is carried out while there are sessions, so that some
 * hundred seeds meet all faults in all dialects.
 */
export const meetFault: Step = {
  weight: 0,
  run: (world) => {
    const { faults, random, seed, setup, stepNumber } = world
    const index = (faultyIndexOf(seed) ?? 0) * faultsPerSeed + stepNumber
    const name = faultNames[index % faultNames.length]
    if (name === undefined || (!setup.reconciles && !losslessFaultNames.includes(name))) return
    world.advance(3000)
    const rule = faults.add(name, { random, who: {}, skip: 0 })
    for (let left = 3; left > 0; left--) {
      provoke(world, rule)
      world.advance(random.integer(500, 2000))
    }
    // others stay until they are used up
    if (rule.action.type === "endless") return faults.clear()
    if ((rule.times ?? 0) < manyTimes) return
    // a client that has failed begins again soon, without its subscribers
    for (let left = 60; left > 0; left--) {
      world.advance(1000)
      const failed = world.devices.find(({ connection }) => connection._tag === "Failed")
      if (failed !== undefined) return stopDevice(world, failed, false)
    }
  }
}

export const addFault: Step = {
  weight: 12,
  run: (world) => {
    const { faults, people, random, setup } = world
    const victim = random.oneOf(people)
    const who = victim !== undefined && random.boolean(0.3) ? { subscriberId: victim.id } : {}
    // fewer worlds can have the fault that loses events
    const name = setup.reconciles && random.boolean(0.05) ? eventDrop : random.oneOf(losslessFaultNames)
    if (name === undefined) return
    const rule = faults.add(name, { random, who })
    if (random.boolean(0.5)) provoke(world, rule)
  }
}

export const clearFaults: Step = { weight: 5, run: ({ faults }) => faults.clear() }
