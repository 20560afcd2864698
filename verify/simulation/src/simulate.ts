/** One seed, one world, one run. */
import type { Sabotage } from "./sabotage.ts"
import { resume, take } from "./steps.ts"
import type { Totals } from "./totals.ts"
import { Trace } from "./trace.ts"
import { Violation } from "./Violation.ts"
import { World } from "./world.ts"

export interface Options {
  readonly seed: number
  readonly steps: number
  /** Keeps what happened, line by line. */
  readonly keepTrace?: boolean | undefined
  /** Breaks the client on purpose. */
  readonly sabotage?: Sabotage | undefined
}

export interface Outcome {
  readonly seed: number
  readonly hash: string
  readonly steps: number
  readonly totals: Totals
  readonly trace: ReadonlyArray<string>
  /** What was not kept; `undefined` when everything was. */
  readonly violation: string | undefined
}

/** The longest that everything may take to settle once nothing goes wrong any more, milliseconds. */
const patience = 20 * 60_000

/** Nothing goes wrong any more: everything that was promised has to come. */
const settle = (world: World): void => {
  world.note("peace")
  world.isPeaceful = true
  world.disturb()
  world.disarm()
  for (const { options: { exceptions, network } } of world.devices) {
    network.clear()
    exceptions.likelihood = 0
  }
  for (const device of world.devices) device.refreshing = "good"
  for (const consumer of world.consumers) consumer.go()
  world.advance(30_000)
  // nothing else helps one that was told that there is no other token
  for (const device of world.devices) if (device.gaveUp) world.updateToken(device)
  for (const account of world.people) {
    if (world.orphans.some(({ terms }) => terms.account.id === account.id)) resume(world, account)
  }
  for (const account of world.people) {
    if (world.outboxOf(account) === undefined) world.startDevice(account)
  }
  const left = () =>
    world.consumers.filter(({ state }) => state === "open").flatMap(({ options: { lineage } }) =>
      lineage.opened === undefined ?
        [`${lineage.name} does not open`] :
        lineage.missing().map(({ message }) => `${lineage.name} misses ${message.text}`)
    )
  for (let waited = 0; left().length > 0 || world.mail.underWay > 0; waited += 10_000) {
    if (waited > patience) throw new Violation(`${left()[0] ?? "a send does not end"} (P1.1)`)
    world.advance(10_000)
  }
  for (let waited = 0; world.outgoings.waiting().length > 0; waited += 10_000) {
    if (waited > patience) throw new Violation(`${world.outgoings.waiting()[0]?.text} is not delivered (P4.4)`)
    world.advance(10_000)
  }
  // long enough for what would come twice
  world.advance(35_000)
  checkAcknowledged(world)
  checkConnected(world)
}

/** Everybody who follows anything has a session: another one soon, where a token has just ended. */
const checkConnected = (world: World): void => {
  const without = () =>
    world.devices.find((device) =>
      device.connection._tag !== "Connected" &&
      world.consumers.some(({ options, state }) => options.device === device && state === "open")
    )
  for (let waited = 0; without() !== undefined; waited += 10_000) {
    const device = without()
    if (waited > 70_000) throw new Violation(`${device?.options.name} is ${device?.connection._tag} in the end (P1.6)`)
    world.advance(10_000)
  }
}

/** Everything that was pushed has been acknowledged. */
const checkAcknowledged = (world: World): void => {
  // acknowledgements that a fault swallowed are not repeated
  if (world.setup.trouble > 0) return
  for (const session of world.server.running?.backend.sessions() ?? []) {
    if (session.connection === undefined || session.unacked.size === 0) continue
    const name = world.people.find(({ id }) => id === session.subscriberId)?.name
    throw new Violation(`${name} does not acknowledge ${session.unacked.size} events`)
  }
}

/** Everything ends: nothing may be left. */
const end = (world: World): void => {
  world.note("the end")
  for (const consumer of world.consumers) consumer.close()
  world.advance(30_000)
  for (const consumer of world.consumers) {
    if (!consumer.isOver) throw new Violation(`${consumer.options.lineage.name} does not end (P7.2)`)
  }
  for (const { options: { name, network } } of world.devices) {
    if (network.sockets > 0) throw new Violation(`${name} keeps a socket that nobody needs (P7.2)`)
  }
  const { devices } = world
  for (const device of devices) world.stopDevice(device, false)
  world.advance(90_000)
  for (const { id, name } of world.people) {
    if (world.server.sockets(id) > 0) throw new Violation(`a socket of ${name} is still open (P7.2)`)
  }
}

/** Runs a seed. Nothing in it depends on real time or on chance without a seed. */
export const simulate = (options: Options): Outcome => {
  const world = new World({
    seed: options.seed,
    trace: (now) => new Trace(now, options.keepTrace === true),
    sabotage: options.sabotage
  })
  let steps = 0
  const outcome = (violation: string | undefined): Outcome => ({
    seed: options.seed,
    hash: world.trace.hash,
    steps,
    totals: world.totals,
    trace: world.trace.lines,
    violation
  })
  try {
    for (const account of world.people) {
      const device = world.startDevice(account)
      if (device === undefined) continue
      world.follow(device, undefined)
      world.follow(device, world.chance.oneOf(world.places(account)))
    }
    for (; steps < options.steps; steps++) {
      world.trace.step = steps
      take(world)
    }
    settle(world)
    end(world)
    world.check()
    return outcome(undefined)
  } catch (error) {
    if (!(error instanceof Violation)) return outcome(error instanceof Error ? error.stack ?? error.message : "?")
    world.note(`VIOLATION ${error.message}`)
    return outcome(error.message)
  }
}
