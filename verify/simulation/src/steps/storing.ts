/** Steps in which messages are stored on the server without a device. */
import type { Content } from "@effect-signalwire/backend/Backend"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import type { Account } from "../device.ts"
import { epoch, type World } from "../world.ts"
import type { Step } from "./Step.ts"

/** Stores messages of a random sender in random conversations; pushes them unless `content.push` is `false`. */
export const store = (world: World, count: number, content: Partial<Content>): void => {
  const { ledger, random, server } = world
  const sender: Account | undefined = random.oneOf([...world.bots, ...world.people])
  if (sender === undefined || server.running === undefined) return
  const messages = Array.from({ length: count }, () => {
    const conversation = random.oneOf(world.conversationsOf(sender)) ?? { addressId: world.rooms[0] ?? "" }
    return {
      subscriberId: sender.id,
      addressId: conversation.addressId,
      content: { text: world.nextMessageText(), metadata: {}, details: {}, ...content }
    }
  })
  const details = [
    ...content.push === false ? ["without a push"] : [],
    ...content.ts === undefined ? [] : [`with the time ${content.ts - epoch / 1000}`]
  ]
  world.note([`${sender.name} sends`, ...messages.map(({ content: { text } }) => text), ...details].join(" "))
  ledger.isPushing = content.push !== false
  world.totals.messages += count
  server.run((backend) => backend.seed(messages))
  ledger.isPushing = true
}

export const storeNew: Step = { weight: 14, run: (world) => store(world, world.random.integer(1, 2), {}) }

/** A message whose timestamp is older than others that are already visible, but within the overlap. */
export const storeLate: Step = {
  weight: 4,
  run: (world) => {
    const late = world.random.integer(1, (world.setup.overlapSeconds - 2) * 1000) / 1000
    const ts = Math.max(0, world.eventLoop.now / 1000 - late)
    store(world, 1, { ts, push: world.random.boolean(0.5) })
  }
}

export const storeWithSameTimestamp: Step = {
  weight: 3,
  run: (world) => {
    const { newest } = world.ledger
    if (!Number.isFinite(newest)) return
    store(world, world.random.integer(1, 3), { ts: newest, push: world.random.boolean(0.7) })
  }
}

export const storeWithoutPush: Step = { weight: 3, run: (world) => store(world, 1, { push: false }) }

/** More messages than fit on a page. */
export const storeMany: Step = { weight: 0.1, run: (world) => store(world, world.random.integer(90, 230), {}) }

/** The network delivers the request of a send, which was stored, a second time. */
export const storeDuplicate: Step = {
  weight: 3,
  run: (world) => {
    const { eventLoop, ledger, random, server, setup } = world
    const sends = ledger.entries.slice(-20).filter(({ copies, message }) =>
      copies.length === 1 && ClientKey.get(message.metadata) !== null
    )
    const entry = random.oneOf(sends)
    const sender = world.people.find(({ id }) => id === entry?.message.senderId)
    if (entry === undefined || sender === undefined || server.running === undefined) return
    const { details, groupId, metadata, text } = entry.message
    const conversation = world.conversationsOf(sender).find((conversation) => conversation.groupId === groupId)
    if (conversation === undefined) return
    const push = random.boolean(0.7)
    world.note(`${text} is stored again${push ? "" : " without a push"}`)
    const late = random.pick(0, 0, random.integer(0, (setup.overlapSeconds - 2) * 1000) / 1000)
    const content = { text: text ?? "", metadata, details, push, ts: eventLoop.now / 1000 - late }
    ledger.isPushing = push
    ledger.copyOf = entry
    world.totals.duplicates++
    server.run((backend) => backend.seed([{ subscriberId: sender.id, addressId: conversation.addressId, content }]))
    ledger.copyOf = undefined
    ledger.isPushing = true
  }
}
