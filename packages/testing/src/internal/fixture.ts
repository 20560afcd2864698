/** Who takes part in a test: conversations, people and what they say, by name. */
import { decode } from "@effect-signalwire/schema/ConversationEvent"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Options, SeedMessage, SentMessage, Service, TestConversation } from "../ConversationsTest.ts"
import { client, World } from "../World.ts"

/** How long what is waited for may take. Milliseconds of real time. */
const awaitMillis = 10_000

/** Someone who speaks in rooms where nobody else is named. */
const somebody = "somebody"

const toPlace = (place: TestConversation) => typeof place === "string" ? { name: place, kind: "room" as const } : place

export const make = Effect.fnUntraced(
  function*(options: Options = {}): Effect.fn.Return<Service, never, World | Scope.Scope> {
    const { admin } = yield* World
    const me = yield* admin.createSubscriber({ name: "me" })
    /** Everybody by name, the subscriber under test among them. */
    const people = new Map<string, { readonly id: string; readonly addressId: string }>([["me", me]])
    const conversations = new Map<string, { readonly addressId: string; readonly kind: "room" | "person" }>()

    const person = (name: string) =>
      Effect.suspend(() => {
        const known = people.get(name)
        if (known !== undefined) return Effect.succeed(known)
        return Effect.tap(
          admin.createSubscriber({ name, displayName: name }),
          (created) => Effect.sync(() => people.set(name, created))
        )
      })
    const conversation = (name: string) => {
      const known = conversations.get(name)
      if (known !== undefined) return known
      const names = [...conversations.keys()].map((one) => JSON.stringify(one)).join(", ")
      throw new Error(`there is no conversation ${JSON.stringify(name)}; there is ${names === "" ? "none" : names}`)
    }

    const say = Effect.fnUntraced(
      function*({ conversation: name, details, from, metadata, push, text, ts }: SeedMessage) {
        const { addressId, kind } = conversation(name)
        const speaker = yield* person(from ?? (kind === "person" ? name : somebody))
        yield* admin.seed([{
          from: speaker.id,
          // to a person somebody else speaks from their own side
          addressId: kind === "person" && speaker.id !== me.id ? me.addressId : addressId,
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
      // by real time: a test clock may stand still meanwhile
      const deadline = performance.now() + awaitMillis
      while (true) {
        const all = yield* sent
        if (all.length >= count) return all
        if (performance.now() > deadline) {
          return yield* Effect.die(new Error(`waited for ${count} messages to be sent, and saw ${all.length}`))
        }
        yield* Effect.yieldNow
      }
    })

    /** By a client of its own, which is gone then: the one under test may be refused by rules that are set. */
    const join = (addressId: string) =>
      Effect.scoped(Effect.orDie(Effect.flatMap(client(me.token), (members) => members.join({ addressId }))))
    const open = Effect.fnUntraced(function*(place: TestConversation) {
      const { kind, name } = toPlace(place)
      const { addressId } = yield* kind === "room" ? admin.createRoom({ name }) : person(name)
      if (kind === "room") yield* join(addressId)
      conversations.set(name, { addressId, kind })
    })
    for (const place of options.conversations ?? []) yield* open(place)
    for (const message of options.messages ?? []) {
      if (!conversations.has(message.conversation)) yield* open(message.conversation)
      yield* say(message)
    }
    if (options.faults !== undefined) yield* admin.setFaults(options.faults)

    return {
      me,
      addressId: (name) => conversation(name).addressId,
      say,
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
