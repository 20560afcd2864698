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
const workload: ReadonlyArray<Step> = [
  Storing.storeNew,
  Storing.storeLate,
  Storing.storeWithSameTimestamp,
  Storing.storeWithoutPush,
  Storing.storeDuplicate,
  Storing.storeMany,
  Sending.send,
  Sending.sendWithClientId,
  Sending.retrySend,
  Sending.enqueue,
  Sending.enqueueAgain,
  Sending.stopWhileDelivering,
  ...Consuming.waits,
  Consuming.startConsumer,
  Consuming.stopConsumer,
  Consuming.pauseOrResumeConsumer,
  Consuming.read,
  Consuming.joinLastRoom,
  Devices.start,
  Devices.stopAndResume
]

/** Steps in which something fails. */
const faults: ReadonlyArray<Step> = [
  Server.loseUnacknowledged,
  Network.storeManyWhileDisconnected,
  Network.cutSockets,
  Network.stallSockets,
  Server.closeSocket,
  Server.forgetSession,
  Network.impairOrHeal,
  Network.impairAll,
  Network.startImpaired,
  Network.flap,
  Platform.sendWakeSignals,
  Platform.adjustClock,
  Platform.throwExceptions,
  Network.shiftPages,
  Platform.failQueueStore,
  Server.restart,
  Server.addFault,
  Server.clearFaults,
  Tokens.signOutAndIn,
  Tokens.expireToken,
  Tokens.changeRefreshBehavior
]

/** Records a fault before and after the step. */
const recorded = ({ run, weight }: Step, faultRate: number): Step => ({
  weight: weight * faultRate,
  run: (world) => {
    world.faults.record()
    run(world)
    world.faults.record()
  }
})

const stepsOf = (faultRate: number): ReadonlyArray<Step> =>
  faultRate === 0 ? workload : [...workload, ...faults.map((step) => recorded(step, faultRate)), Tokens.replaceToken]

/** Takes a random step, and lets a short time pass. */
export const takeStep = (world: World): void => {
  const { random } = world
  random.weighted(stepsOf(world.setup.faultRate))?.run(world)
  world.advance(random.pick(0, 0, random.integer(1, 50), random.integer(1, 600)))
}
