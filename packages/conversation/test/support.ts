import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage, type Fields } from "@effect-signalwire/schema/ConversationMessage"
import { ClientId, ConversationId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Page } from "@effect-signalwire/schema/Page"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Checkpoint from "../src/internal/checkpoint.ts"
import type { Stretch } from "../src/internal/history.ts"
import type { Merge, Standing } from "../src/internal/merge.ts"

/** A message whose text is its id. */
export const message = (id: string, epochSeconds: number, fields: Partial<Fields> = {}): ConversationMessage =>
  new ConversationMessage({
    id: MessageId.make(id),
    conversationId: ConversationId.make("c"),
    groupId: null,
    userId: null,
    addressId: null,
    fromAddressId: null,
    epochSeconds,
    type: "message",
    subtype: "chat",
    kind: null,
    text: id,
    metadata: {},
    details: {},
    clientId: null,
    ...fields
  })

/** A stored copy of a send of ada's. */
export const copy = (id: string, epochSeconds: number, clientId: string, fields: Partial<Fields> = {}) =>
  message(id, epochSeconds, { clientId: ClientId.make(clientId), userId: SubscriberId.make("ada"), ...fields })

/** What history says, newest first, and to its end. */
export const reached = (...messages: ReadonlyArray<ConversationMessage>): Stretch => ({ messages, end: "reached" })

/** What history says, newest first, and there is more behind it. */
export const cutShort = (...messages: Arr.NonEmptyReadonlyArray<ConversationMessage>): Stretch => ({
  messages,
  end: "limit"
})

export const event = (id: string, epochSeconds: number): ConversationEvent =>
  ConversationEvent.fromMessage(message(id, epochSeconds))

export type Messages = Page<ConversationMessage, ConversationError>

/** A page of history, and the way to the next. */
export const page = (data: Messages["data"], next?: Messages["next"]): Messages => ({
  data,
  hasNext: next !== undefined,
  hasPrev: false,
  malformed: [],
  next: next ?? Effect.succeedNone,
  prev: Effect.succeedNone,
  first: Effect.never,
  self: Effect.never
})

/** A history that goes on for ever, and how many of its pages were read. */
export const makeEndless = (data: (number: number) => Messages["data"]) => {
  let reads = 0
  const at = (number: number): Messages => {
    reads++
    return page(data(number), Effect.sync(() => Option.some(at(number + 1))))
  }
  return { newest: Effect.sync(() => at(0)), reads: () => reads }
}

/** What another merge goes on with, after it was saved and loaded. */
export const savedOf = (merge: Merge): Standing => Checkpoint.read(Checkpoint.write(merge.standing()))
