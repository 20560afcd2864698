/** Starting and stopping the devices of a world. */
import { ConnectionOracle, stateOf } from "./connectionOracle.ts"
import { type Account, Device } from "./device.ts"
import { Network } from "./network.ts"
import type { Queues } from "./persistence.ts"
import { ExceptionInjector } from "./platform.ts"
import { SeededRandom } from "./random.ts"
import { RequestRates } from "./requestRates.ts"
import type { World } from "./world.ts"

/** A device without obstacles is connected in this time after it received a token, milliseconds (P8.6). */
const connectMillis = 25_000

/** A device that has ended must have released everything after this time, milliseconds. */
const releaseMillis = 60_000

/** The device of a subscriber that has an outbox. */
export const outboxOf = ({ devices }: World, account: Account): Device | undefined =>
  devices.find((device) => device.options.account === account && device.outbox !== undefined)

const queuesOf = (world: World, account: Account, process: string): Queues | undefined => {
  if (world.setup.outbox === "shared") return world.persistence.sharedQueues(account, process)
  return outboxOf(world, account) === undefined ? world.persistence.keyValueQueues(account, process) : undefined
}

/** Starts a process of a subscriber; `undefined` while the server has never issued a token. */
export const startDevice = (world: World, account: Account): Device | undefined => {
  const { eventLoop, random, server, setup } = world
  const issued = world.issueToken(account)
  if (issued === undefined) return undefined
  const name = `${account.name}#${world.nextId()}`
  const own = (purpose: string) => new SeededRandom(`${world.seed} ${purpose} ${name}`)
  const exceptions = new ExceptionInjector(own("platform"))
  const { clock, environment } = world.makeEnvironment(
    name,
    random.pick(0, 0, random.integer(-200_000, 200_000)),
    setup.platformThrows ? () => exceptions.maybeThrow("log") : undefined
  )
  const now = () => eventLoop.now
  const rates = new RequestRates({
    name,
    now,
    fail: world.fail,
    reconcileMillis: setup.reconcileMillis,
    readsPerCheck: setup.readsInParts ? 3 : 1
  })
  const { latency } = setup
  const network = new Network({
    eventLoop,
    server,
    random: own("net"),
    latency,
    exceptions,
    rates,
    coverage: world.coverage
  })
  if (setup.platformThrows) exceptions.probability = random.pick(0, 0.03)
  const device = new Device({
    name,
    account,
    issued,
    tuning: setup.tuning,
    environment,
    clock,
    network,
    exceptions,
    rates,
    server,
    queues: queuesOf(world, account, name),
    onOutboxEvent: (event) => {
      if (world.persistence.isKilled(name)) return
      world.outboxes.onEvent(name, event, (reason) => world.faults.isAllowed(reason))
    },
    dialler: (dial) => world.dialOver(network, dial),
    mutation: world.mutation,
    coverage: world.coverage,
    now,
    note: world.note,
    fail: world.fail
  })
  world.totals.processes++
  world.note(`${name} starts`)
  world.devices.push(device)
  world.connectionOracles.set(device, new ConnectionOracle(device, setup, world.fail))
  return device
}

/**
 * The application calls `updateToken` on a device. Without an obstacle, the device is connected soon afterwards, unless
 * there is a fault in the meantime (P8.6).
 */
export const updateToken = (world: World, device: Device): void => {
  const { eventLoop, faults, server } = world
  const issued = server.run((backend) => backend.mint(device.options.account.id))
  if (issued === undefined) return
  const { exceptions, name, network } = device.options
  const hasObstacle = !network.isHealthy || exceptions.probability > 0 ||
    eventLoop.now - Math.max(network.silentAt, faults.times.any) <= 15_000
  const isConnected = device.connection._tag === "Connected"
  world.note(`${name} receives a token`)
  world.totals.tokens++
  device.updateToken(issued)
  const { count } = faults
  if (hasObstacle || isConnected || device.connection._tag === "Idle") return
  const hasConsumer = () =>
    world.consumers.some(({ attachedAt, options, state }) =>
      options.device === device && state === "open" && attachedAt <= eventLoop.now - connectMillis
    )
  eventLoop.schedule(connectMillis, () => {
    if (faults.count > count || !world.devices.includes(device) || !hasConsumer()) return
    const { _tag } = device.connection
    if (_tag !== "Connected") world.fail(`${name} received a token, but is ${_tag} (P8.6)`)
  })
}

/** Adds up the activity of a device that has ended. */
const count = (world: World, device: Device): void => {
  const { exceptions, rates } = device.options
  const { connectionOracles, totals } = world
  totals.dials += rates.dialCount
  totals.refreshes += rates.refreshCount
  totals.exceptions += exceptions.count
  totals.reportedSeconds += connectionOracles.get(device)?.reportedSeconds ?? 0
  connectionOracles.delete(device)
}

/** Ends a process. With `crash` it writes nothing more to its stores. */
export const stopDevice = (world: World, device: Device, crash: boolean): void => {
  const { persistence } = world
  const { account, name, network } = device.options
  world.note(`${name} ${crash ? "crashes" : "ends"}`)
  const consumers = world.consumers.filter(({ options }) => options.device === device)
  const sequences = consumers.map(({ options: { sequence } }) => sequence).filter(({ cursor }) => cursor !== undefined)
  if (crash) persistence.kill(account, name, sequences.map((sequence) => sequence.name))
  else persistence.end(account, name)
  // an application may leave it to the client to end its streams
  const isLeftToClient = !crash && world.random.boolean(0.3)
  for (const consumer of consumers) {
    if (isLeftToClient) consumer.expectEnd()
    else consumer.close()
  }
  world.orphanedSequences.push(...sequences)
  world.consumers = world.consumers.filter(({ options }) => options.device !== device)
  device.close()
  world.eventLoop.run()
  // the client's streams last as long as its outbox waits for a store, but a cursor must only be used in one process
  for (const consumer of consumers) consumer.close()
  world.coverage.reach("connection states", stateOf(device.connection))
  // in a black hole the close frames of its sockets are lost
  if (network.link === "blackHole") network.sockets.cut()
  persistence.ended()
  world.devices = world.devices.filter((other) => other !== device)
  count(world, device)
  world.eventLoop.schedule(releaseMillis, () => {
    const leaks = [...device.leaks(), ...consumers.some(({ hasEnded }) => !hasEnded) ? ["a running stream"] : []]
    if (leaks.length > 0) world.fail(`${name} has ended, but still has ${leaks.join(", ")} (P7.2)`)
  })
}
