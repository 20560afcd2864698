/** The steps of a run, and how likely each of them is. */
import * as Consuming from "./steps/consuming.ts"
import * as Devices from "./steps/devices.ts"
import * as Network from "./steps/network.ts"
import * as Platform from "./steps/platform.ts"
import * as Sending from "./steps/sending.ts"
import * as Server from "./steps/server.ts"
import type { Step } from "./steps/Step.ts"
import * as Storing from "./steps/storing.ts"
import * as Tokens from "./steps/tokens.ts"
import type { World } from "./world.ts"

/** Steps of normal use. */
const workload = {
  storeNew: Storing.storeNew,
  storeLate: Storing.storeLate,
  storeWithSameTimestamp: Storing.storeWithSameTimestamp,
  storeWithoutPush: Storing.storeWithoutPush,
  storeDuplicate: Storing.storeDuplicate,
  storeMany: Storing.storeMany,
  send: Sending.send,
  sendWithClientId: Sending.sendWithClientId,
  retrySend: Sending.retrySend,
  enqueue: Sending.enqueue,
  enqueueAgain: Sending.enqueueAgain,
  stopWhileDelivering: Sending.stopWhileDelivering,
  waitBriefly: Consuming.waitBriefly,
  waitSeconds: Consuming.waitSeconds,
  waitLong: Consuming.waitLong,
  waitMinutes: Consuming.waitMinutes,
  startConsumer: Consuming.startConsumer,
  stopConsumer: Consuming.stopConsumer,
  pauseOrResumeConsumer: Consuming.pauseOrResumeConsumer,
  read: Consuming.read,
  joinLastRoom: Consuming.joinLastRoom,
  start: Devices.start,
  stopAndResume: Devices.stopAndResume,
  resubscribe: Consuming.resubscribe
}

/** Steps in which something fails. */
const faults = {
  loseUnacknowledged: Server.loseUnacknowledged,
  storeManyWhileDisconnected: Network.storeManyWhileDisconnected,
  cutSockets: Network.cutSockets,
  stallSockets: Network.stallSockets,
  closeSocket: Server.closeSocket,
  forgetSession: Server.forgetSession,
  impairOrHeal: Network.impairOrHeal,
  impairAll: Network.impairAll,
  startImpaired: Network.startImpaired,
  flap: Network.flap,
  sendWakeSignals: Platform.sendWakeSignals,
  adjustClock: Platform.adjustClock,
  throwExceptions: Platform.throwExceptions,
  shiftPages: Network.shiftPages,
  failQueueStore: Platform.failQueueStore,
  restart: Server.restart,
  restartWhileReading: Server.restartWhileReading,
  meetFault: Server.meetFault,
  addFault: Server.addFault,
  clearFaults: Server.clearFaults,
  signOutAndIn: Tokens.signOutAndIn,
  expireToken: Tokens.expireToken,
  changeRefreshBehavior: Tokens.changeRefreshBehavior
}

const steps = { begin: Devices.begin, ...workload, ...faults, replaceToken: Tokens.replaceToken }

export type StepName = keyof typeof steps

export const isStepName = (name: string): name is StepName => Object.hasOwn(steps, name)

export const stepNames: ReadonlyArray<StepName> = Object.keys(steps).filter(isStepName)

/** How likely each step is in a world whose faults have this rate. */
export const weightsOf = (
  faultRate: number
): ReadonlyArray<{ readonly name: StepName; readonly weight: number }> =>
  stepNames.flatMap((name) => {
    const step: Step = steps[name]
    if (name in workload) return [{ name, weight: step.weight }]
    if (faultRate === 0) return []
    return [{ name, weight: name in faults ? step.weight * faultRate : step.weight }]
  })

/** Takes a step, and lets a short time pass. A fault is recorded before and after its step. */
export const takeStep = (world: World, name: StepName): void => {
  const { coverage, eventLoop, random, trace } = world
  const state = () => `${trace.hash} ${eventLoop.now}`
  const before = state()
  if (name in faults) world.faults.record()
  steps[name].run(world)
  if (name in faults) world.faults.record()
  // a step that finds nothing to act on has no effect
  if (state() !== before) coverage.reach("steps", name)
  world.advance(random.pick(0, 0, random.integer(1, 50), random.integer(1, 600)))
}
