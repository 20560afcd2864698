/** Reading history to its end, as a Stream of pages. */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Device } from "./device.ts"
import { failureKey } from "./faultRules.ts"
import { PlatformException } from "./platform.ts"
import { Violation } from "./Violation.ts"
import type { ConversationIds, World } from "./world.ts"

/** Reads all messages, or those of one conversation, and checks that none of those stored before is missing (P2.2). */
export const readHistory = (world: World, device: Device, conversation: ConversationIds | undefined): void => {
  const { faults, ledger, random, setup } = world
  const { account, environment, name } = device.options
  const pageSize = random.integer(1, 20)
  const pause = random.pick(0, 100, 2000)
  const expected = new Set(
    ledger.entries
      .filter(({ message: { groupId } }) =>
        conversation === undefined ? ledger.isMember(groupId, account.id) : groupId === conversation.groupId
      )
      .map(({ message }) => message.id)
  )
  world.note(`${name} reads ${conversation === undefined ? "all messages" : "a conversation"}`)
  const seen = new Set<string>()
  const add = (message: ConversationMessage) => {
    if (seen.has(message.id)) throw new Violation(`${name} reads ${message.text} twice (P2.2)`)
    seen.add(message.id)
  }
  const messages = conversation === undefined
    ? device.client.messages({ pageSize })
    : device.client.conversationMessages({ addressId: conversation.addressId, pageSize })
  const fiber = environment.fork(
    Stream.runForEachArray(
      messages,
      (batch) => Effect.andThen(Effect.sync(() => batch.forEach(add)), Effect.sleep(pause))
    )
  )
  device.onClose(() => fiber.interruptUnsafe())
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) {
      world.coverage.reach("ends of reads", "complete")
      world.note(`${name} has read ${seen.size} messages`)
      for (const id of expected) {
        if (!seen.has(id)) world.fail(`${name} read history without ${ledger.byId.get(id)?.message.text} (P2.2)`)
      }
      return
    }
    const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    world.coverage.reach("ends of reads", error === undefined ? "interrupted" : error.reason._tag)
    world.note(`${name} stops reading: ${error === undefined ? "interrupted" : error.reason._tag}`)
    if (Cause.hasDies(exit.cause) && Cause.squash(exit.cause) instanceof PlatformException) {
      return world.fail(`${name} stops reading because of an exception of the platform (P8.7)`)
    }
    if (error === undefined) return
    // reads are retried only a few times
    const isAllowed = setup.faultRate > 0 && (error.isRetryable || faults.isAllowed(failureKey(error.reason)))
    if (!isAllowed) world.fail(`${name} stops reading: ${error.message}`)
  })
}
