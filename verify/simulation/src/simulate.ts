/** Runs the world of one seed. */
import type { Counts } from "./coverage/Coverage.ts"
import { outboxOf, startDevice, stopDevice, updateToken } from "./devices.ts"
import type { Mutation } from "./mutation.ts"
import { type Plan, setupOf } from "./plan.ts"
import { takeStep } from "./steps.ts"
import { resumeDevice } from "./steps/devices.ts"
import type { Totals } from "./totals.ts"
import { Trace } from "./trace.ts"
import { Violation } from "./Violation.ts"
import { World } from "./world.ts"

export interface Options {
  /** Whether to keep the lines of the trace. @default false */
  readonly keepTrace?: boolean | undefined
  /** A bug to put into the client. */
  readonly mutation?: Mutation | undefined
}

export interface Outcome {
  readonly seed: number
  readonly hash: string
  /** How many steps it took. */
  readonly steps: number
  readonly totals: Totals
  readonly coverage: Counts
  readonly trace: ReadonlyArray<string>
  /** The promise that was broken; `undefined` when there was none. */
  readonly violation: string | undefined
}

/** The longest time for all deliveries once there are no faults, milliseconds. */
const deliveryTimeout = 20 * 60_000

/** Removes all faults, and checks that everything is delivered. */
const healAndDeliver = (world: World): void => {
  world.note("no more faults")
  world.isFaultFree = true
  world.faults.record()
  world.faults.clear()
  for (const { options: { exceptions, network } } of world.devices) {
    network.heal()
    exceptions.probability = 0
  }
  for (const device of world.devices) device.refreshBehavior = "succeeds"
  for (const consumer of world.consumers) consumer.resume()
  world.advance(30_000)
  // only a new token helps a device whose refresh has failed for good
  for (const device of world.devices) if (device.hasNoToken) updateToken(world, device)
  for (const account of world.people) {
    if (world.orphanedSequences.some(({ guarantees }) => guarantees.account.id === account.id)) {
      resumeDevice(world, account)
    }
  }
  for (const account of world.people) {
    if (outboxOf(world, account) === undefined) startDevice(world, account)
  }
  const missing = () =>
    world.consumers.filter(({ state }) => state === "open").flatMap(({ options: { sequence } }) =>
      sequence.storedBeforeStart === undefined ?
        [`${sequence.name} does not start`] :
        sequence.missing().map(({ message }) => `${sequence.name} misses ${message.text}`)
    )
  for (let waited = 0; missing().length > 0 || world.sends.pendingCount > 0; waited += 10_000) {
    if (waited > deliveryTimeout) throw new Violation(`${missing()[0] ?? "a send does not end"} (P1.1)`)
    world.advance(10_000)
  }
  for (let waited = 0; world.outboxes.undelivered().length > 0; waited += 10_000) {
    if (waited > deliveryTimeout) {
      throw new Violation(`${world.outboxes.undelivered()[0]?.text} is not delivered (P4.4)`)
    }
    world.advance(10_000)
  }
  // long enough for repeated deliveries
  world.advance(35_000)
  checkAcknowledged(world)
  checkConnected(world)
}

/** Checks that every device with a consumer has a session, or soon another one if its token has just expired. */
const checkConnected = (world: World): void => {
  const disconnected = () =>
    world.devices.find((device) =>
      device.connection._tag !== "Connected" &&
      world.consumers.some(({ options, state }) => options.device === device && state === "open")
    )
  for (let waited = 0; disconnected() !== undefined; waited += 10_000) {
    const device = disconnected()
    if (waited > 70_000) throw new Violation(`${device?.options.name} is ${device?.connection._tag} at the end (P1.6)`)
    world.advance(10_000)
  }
}

/** Checks that all events have been acknowledged. */
const checkAcknowledged = (world: World): void => {
  // lost acknowledgements are not repeated
  if (world.setup.faultRate > 0) return
  for (const session of world.server.running?.backend.sessions() ?? []) {
    if (session.connection === undefined || session.unacked.size === 0) continue
    const name = world.people.find(({ id }) => id === session.subscriberId)?.name
    throw new Violation(`${name} has not acknowledged ${session.unacked.size} events`)
  }
}

/** Ends everything, and checks that nothing remains open. */
const shutDown = (world: World): void => {
  world.note("shutdown")
  for (const consumer of world.consumers) consumer.close()
  world.advance(30_000)
  for (const consumer of world.consumers) {
    if (!consumer.hasEnded) throw new Violation(`${consumer.options.sequence.name} does not end (P7.2)`)
  }
  for (const { options: { name, network } } of world.devices) {
    if (network.sockets.openCount > 0) throw new Violation(`${name} keeps a socket without a subscription (P7.2)`)
  }
  const { devices } = world
  for (const device of devices) stopDevice(world, device, false)
  world.advance(90_000)
  for (const { id, name } of world.people) {
    if (world.server.openSockets(id) > 0) throw new Violation(`a socket of ${name} is still open (P7.2)`)
  }
}

/** Runs a plan. The result depends only on the arguments, not on real time. */
export const simulate = (plan: Plan, options: Options = {}): Outcome => {
  const { seed } = plan
  const world = new World({
    seed,
    setup: setupOf(plan),
    trace: (now) => new Trace(now, options.keepTrace === true),
    mutation: options.mutation
  })
  let steps = 0
  const outcome = (violation: string | undefined): Outcome => ({
    seed,
    hash: world.trace.hash,
    steps,
    totals: world.totals,
    coverage: world.coverage.counts,
    trace: world.trace.lines,
    violation
  })
  try {
    for (const { name, number } of plan.steps) {
      steps++
      world.begin(number)
      takeStep(world, name)
    }
    world.begin("end")
    healAndDeliver(world)
    shutDown(world)
    world.check()
    return outcome(undefined)
  } catch (error) {
    if (!(error instanceof Violation)) return outcome(error instanceof Error ? error.stack ?? error.message : "?")
    world.note(`VIOLATION ${error.message}`)
    return outcome(error.message)
  }
}
