/**
 * Implements `ConversationsTest` over the admin API of a backend.
 */
import { decode } from "@effect-signalwire/schema/ConversationEvent"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { client, TestBackend } from "../TestBackend.ts"
import type { Options, SeedMessage, SentMessage, Service, TestConversation } from "./testContract.ts"

/** How long `awaitSent` waits at most, in milliseconds of real time. */
const awaitTimeout = 10_000

/** The name of the sender of messages in rooms without a `from`. */
const defaultSender = "participant"

const normalize = (conversation: TestConversation) =>
  typeof conversation === "string" ? { name: conversation, kind: "room" as const } : conversation

export const make = Effect.fnUntraced(
  function*(options: Options = {}): Effect.fn.Return<Service, never, TestBackend | Scope.Scope> {
    const { admin } = yield* TestBackend
    const me = yield* admin.createSubscriber({ name: "me" })
    /** All subscribers by name, including the subscriber under test. */
    const subscribers = new Map<string, { readonly id: string; readonly addressId: string }>([["me", me]])
    const conversations = new Map<string, { readonly addressId: string; readonly kind: "room" | "person" }>()

    const getOrCreateSubscriber = (name: string) =>
      Effect.suspend(() => {
        const existing = subscribers.get(name)
        if (existing !== undefined) return Effect.succeed(existing)
        return Effect.tap(
          admin.createSubscriber({ name, displayName: name }),
          (created) => Effect.sync(() => subscribers.set(name, created))
        )
      })
    const getConversation = (name: string) => {
      const existing = conversations.get(name)
      if (existing !== undefined) return existing
      const names = [...conversations.keys()].map((other) => JSON.stringify(other)).join(", ")
      throw new Error(
        `There is no conversation ${JSON.stringify(name)} in this test; there is ${names === "" ? "none" : names}`
      )
    }

    const addMessage = Effect.fnUntraced(
      function*({ conversation: name, details, from, metadata, push, text, ts }: SeedMessage) {
        const { addressId, kind } = getConversation(name)
        const sender = yield* getOrCreateSubscriber(from ?? (kind === "person" ? name : defaultSender))
        yield* admin.seed([{
          from: sender.id,
          // a person sends to the address of the subscriber under test
          addressId: kind === "person" && sender.id !== me.id ? me.addressId : addressId,
          text,
          ts: ts ?? null,
          metadata: metadata ?? null,
          details: details ?? null,
          push: push ?? true
        }])
      }
    )

    const sent: Service["sent"] = Effect.gen(function*() {
      const all: Array<SentMessage> = []
      for (const [name, { addressId }] of conversations) {
        for (const stored of yield* admin.stored(addressId)) {
          const { details, epochSeconds, metadata, text, userId } = yield* Effect.fromResult(decode(stored))
          if (userId === me.id) all.push({ conversation: name, text, metadata, details, epochSeconds })
        }
      }
      return all.toSorted((a, b) => a.epochSeconds - b.epochSeconds)
    }).pipe(Effect.orDie)

    const awaitSent: Service["awaitSent"] = Effect.fnUntraced(function*(count) {
      // in real time, because a test clock does not advance by itself
      const deadline = performance.now() + awaitTimeout
      while (true) {
        const all = yield* sent
        if (all.length >= count) return all
        if (performance.now() > deadline) {
          return yield* Effect.die(new Error(`Timed out waiting for ${count} sent messages; there are ${all.length}`))
        }
        yield* Effect.yieldNow
      }
    })

    /** Joins with a separate client, which is closed afterwards: fault rules may affect the client under test. */
    const join = (addressId: string) =>
      Effect.scoped(Effect.orDie(Effect.flatMap(client(me.token), (members) => members.join({ addressId }))))
    const addConversation = Effect.fnUntraced(function*(conversation: TestConversation) {
      const { kind, name } = normalize(conversation)
      const { addressId } = yield* kind === "room" ? admin.createRoom({ name }) : getOrCreateSubscriber(name)
      if (kind === "room") yield* join(addressId)
      conversations.set(name, { addressId, kind })
    })
    for (const conversation of options.conversations ?? []) yield* addConversation(conversation)
    for (const message of options.messages ?? []) {
      if (!conversations.has(message.conversation)) yield* addConversation(message.conversation)
      yield* addMessage(message)
    }
    if (options.faults !== undefined) yield* admin.setFaults(options.faults)

    return {
      me,
      addressId: (name) => getConversation(name).addressId,
      addMessage: addMessage,
      sent,
      awaitSent,
      drop: Effect.asVoid(admin.drop({ subscriberId: me.id })),
      setFaults: (rules) => admin.setFaults(rules),
      clearFaults: admin.clearFaults,
      expireToken: admin.expireToken(me.token),
      mintToken: Effect.map(admin.mintToken({ subscriberId: me.id }), ({ token }) => token),
      admin
    }
  }
)
