/** Steps in which devices send messages, directly or by their outboxes. */
import type { Device } from "../device.ts"
import { outboxOf, stopDevice } from "../devices.ts"
import type { ConversationIds, World } from "../world.ts"
import { resumeDevice } from "./devices.ts"
import { randomDevice, type Step } from "./Step.ts"

/** A random device with an address it can send to. */
const randomSender = (
  world: World
): { readonly sender: Device; readonly conversation: ConversationIds } | undefined => {
  const sender = randomDevice(world)
  const conversation = sender === undefined
    ? undefined
    : world.random.oneOf(world.conversationsOf(sender.options.account))
  return sender === undefined || conversation === undefined ? undefined : { sender, conversation }
}

export const send: Step = {
  weight: 14,
  run: (world) => {
    const { conversation, sender } = randomSender(world) ?? {}
    if (sender === undefined || conversation === undefined) return
    for (let left = world.random.pick(1, 1, 3); left > 0; left--) {
      const text = world.nextMessageText()
      world.note(`${sender.options.name} sends ${text}`)
      world.totals.messages++
      world.sends.send(sender, conversation.addressId, text)
    }
  }
}

/** A send with a client id, which an impatient caller repeats. */
export const sendWithClientId: Step = {
  weight: 4,
  run: (world) => {
    const { random } = world
    const { conversation, sender } = randomSender(world) ?? {}
    if (sender === undefined || conversation === undefined) return
    const text = world.nextMessageText()
    world.note(`${sender.options.name} sends ${text} with a client id`)
    world.totals.messages++
    world.totals.withClientId++
    const send = world.sends.send(sender, conversation.addressId, text, `id ${text}`)
    for (let left = random.pick(0, 0, 1, 2); left > 0; left--) {
      world.advance(random.pick(0, random.integer(0, 3000)))
      if (world.devices.includes(sender)) world.sends.retry(sender, send)
    }
  }
}

/** A send is repeated under its client id, by the same process or another one. */
export const retrySend: Step = {
  weight: 4,
  run: (world) => {
    const sender = randomDevice(world)
    const send = sender && world.random.oneOf(world.sends.retryable(sender).slice(-6))
    if (sender === undefined || send === undefined) return
    world.note(`${sender.options.name} sends ${send.text} again`)
    world.totals.withClientId++
    world.sends.retry(sender, send)
  }
}

export const enqueue: Step = {
  weight: 10,
  run: (world) => {
    const { random } = world
    const { conversation, sender } = randomSender(world) ?? {}
    if (sender?.outbox === undefined || conversation === undefined) return
    for (let left = random.pick(1, 1, 2, 5); left > 0; left--) {
      const text = world.nextMessageText()
      world.note(`${sender.options.name} enqueues ${text}`)
      world.totals.outboxMessages++
      world.outboxes.enqueue(sender, conversation.addressId, text, random.boolean(0.4) ? `id ${text}` : undefined)
    }
  }
}

/** A caller that does not know whether a message was accepted enqueues it again, under the same client id. */
export const enqueueAgain: Step = {
  weight: 2,
  run: (world) => {
    const sender = randomDevice(world)
    const own = world.outboxes.all.filter(({ account, clientId }) =>
      account === sender?.options.account && clientId !== undefined
    ).slice(-4)
    const message = world.random.oneOf(own)
    if (sender?.outbox === undefined || message === undefined) return
    world.note(`${sender.options.name} enqueues ${message.text} again`)
    world.outboxes.enqueueAgain(sender, message)
  }
}

/** A process ends while its outbox delivers, and another one continues. */
export const stopWhileDelivering: Step = {
  weight: 3,
  run: (world) => {
    const message = world.random.oneOf(world.outboxes.undelivered())
    const sender = message === undefined ? undefined : outboxOf(world, message.account)
    if (message === undefined || sender === undefined) return
    world.advance(world.random.integer(0, 100))
    stopDevice(world, sender, world.random.boolean(0.7))
    world.advance(world.random.pick(0, 0, 300, world.random.integer(0, 15_000)))
    resumeDevice(world, message.account)
  }
}
