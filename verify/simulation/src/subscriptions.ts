/** Subscriptions and timelines of the devices of a world. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { Consumer } from "./consumer.ts"
import type { Device } from "./device.ts"
import { ExpectedSequence } from "./expectedSequence.ts"
import type { ConversationIds, World } from "./world.ts"

/** Whether a subscription failed with its own `timeout`, before it started and not too early. */
const isTimeout = (
  { attachedAt, hasStarted, options: { timeout } }: Consumer,
  { reason }: ConversationError,
  now: number
): boolean => {
  const waited = now - attachedAt
  return reason._tag === "Timeout" && reason.millis === timeout && !hasStarted && waited >= timeout
}

/** An item of a subscription or a timeline as an item of the coverage table. */
const eventOf = (item: ConversationEvent | TimelineEvent): string => {
  if (!("_tag" in item)) return "message of a subscription"
  switch (item._tag) {
    case "Message":
      return item.late ? "Message, late" : "Message"
    case "CaughtUp":
      return item.through === null ? "CaughtUp without messages" : "CaughtUp"
    case "Gap":
      return "Gap"
  }
}

const attach = (world: World, device: Device, sequence: ExpectedSequence, addressId: string | undefined): void => {
  const { coverage, eventLoop, faults, random, totals } = world
  // a sequence with a cursor must not fail
  const timeout = sequence.cursor === undefined && random.boolean(0.1) ? random.pick(4000, 30_000) : undefined
  world.note(`${device.options.name} subscribes to ${sequence.name}`)
  world.consumers.push(
    new Consumer({
      device,
      sequence,
      addressId,
      policy: sequence.guarantees.isLossy
        ? { strategy: random.pick("sliding", "dropping"), capacity: random.integer(1, 4) }
        : undefined,
      timeout,
      mutation: world.mutation,
      now: () => eventLoop.now,
      note: world.note,
      onItem: (item) => {
        coverage.reach("events", eventOf(item))
        if ("_tag" in item && item._tag !== "Message") {
          totals.recoveries++
          return
        }
        totals.delivered++
        const { id } = "_tag" in item ? item.message : item
        if (!device.options.network.sockets.pushedAt.has(id)) totals.fromHistory++
        const { _tag } = device.connection
        if (_tag !== "Connecting" && _tag !== "Reconnecting") return
        totals.polled++
        coverage.reach("recoveries", "polled without a session")
      },
      onEnd: (consumer, end) => {
        coverage.reach("ends of sequences", typeof end === "object" ? end.reason._tag : end ?? "without a reason")
        if (end === "exception") {
          return world.fail(`${sequence.name} ended with an exception of the platform (P8.7)`)
        }
        if (end === undefined) return world.fail(`${sequence.name} ended without a reason (P1.1)`)
        if (isTimeout(consumer, end, eventLoop.now) || faults.isFinal(end)) return
        world.fail(`${sequence.name} ended: ${end.message} (P1.6)`)
      }
    })
  )
}

/** Starts a subscription, or with a `conversation` a timeline, on a device. */
export const subscribe = (world: World, device: Device, conversation: ConversationIds | undefined): void => {
  const { eventLoop, ledger, persistence, random, setup } = world
  const { account } = device.options
  const name = `${account.name}/${conversation === undefined ? "all" : "timeline"}${world.nextId()}`
  const isLossy = random.boolean(0.08)
  let sequence: ExpectedSequence | undefined = undefined
  const cursor = !isLossy && random.boolean(0.4) ? persistence.cursor(name, () => sequence?.cursorSaved()) : undefined
  const created = new ExpectedSequence(
    name,
    {
      account,
      groupId: conversation?.groupId,
      since: conversation !== undefined && cursor === undefined && random.boolean(0.3)
        ? (eventLoop.now - random.integer(0, 300_000)) / 1000
        : undefined,
      overlapSeconds: setup.overlapSeconds,
      reconciles: setup.reconciles,
      isLossy,
      hasSmallMemory: setup.hasSmallMemory,
      readsInParts: setup.readsInParts,
      pageSize: setup.pageSize
    },
    ledger,
    cursor,
    eventLoop.now
  )
  sequence = created
  attach(world, device, created, conversation?.addressId)
}

/** Continues a sequence, whose process has ended, on another device. */
export const resumeSequence = (world: World, device: Device, sequence: ExpectedSequence): void => {
  world.orphanedSequences = world.orphanedSequences.filter((other) => other !== sequence)
  const { account, groupId } = sequence.guarantees
  const conversation = groupId === undefined
    ? undefined
    : world.conversationsOf(account).find((other) => other.groupId === groupId)
  if (!world.persistence.hasCursor(sequence.name) || (groupId !== undefined && conversation === undefined)) return
  sequence.resume()
  attach(world, device, sequence, conversation?.addressId)
}
