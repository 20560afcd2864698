import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage, type Fields } from "@effect-signalwire/schema/ConversationMessage"
import { ClientId, ConversationId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Page } from "@effect-signalwire/schema/Page"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ConversationError } from "../src/ConversationError.ts"
import * as Checkpoint from "../src/internal/checkpoint.ts"
import type { HistorySlice } from "../src/internal/historySlice.ts"
import type { Merge, ResumePoint } from "../src/internal/merge.ts"

/** A message with its id as its text. */
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

/** A stored copy of a send by ada. */
export const copy = (id: string, epochSeconds: number, clientId: string, fields: Partial<Fields> = {}) =>
  message(id, epochSeconds, { clientId: ClientId.make(clientId), userId: SubscriberId.make("ada"), ...fields })

/** A complete slice of history, newest first. */
export const reached = (...messages: ReadonlyArray<ConversationMessage>): HistorySlice => ({ messages, end: "reached" })

/** A slice of history that reached its limit, newest first. */
export const limited = (...messages: Arr.NonEmptyReadonlyArray<ConversationMessage>): HistorySlice => ({
  messages,
  end: "limit"
})

export const event = (id: string, epochSeconds: number): ConversationEvent =>
  ConversationEvent.fromMessage(message(id, epochSeconds))

export type Messages<E = ConversationError> = Page<ConversationMessage, E>

/** A page of a list, such as history, with the effect that reads the next page. */
export const page = <A, E = ConversationError>(data: ReadonlyArray<A>, next?: Page<A, E>["next"]): Page<A, E> => ({
  data,
  hasNext: next !== undefined,
  hasPrev: false,
  malformed: [],
  next: next ?? Effect.succeedNone,
  prev: Effect.succeedNone,
  first: Effect.never,
  self: Effect.never
})

/** A history without end, which counts how many of its pages were read. */
export const makeEndless = (data: (number: number) => Messages["data"]) => {
  let reads = 0
  const at = (number: number): Messages => {
    reads++
    return page(data(number), Effect.sync(() => Option.some(at(number + 1))))
  }
  return { newest: Effect.sync(() => at(0)), reads: () => reads }
}

/** The resume point of a merge after its state was saved and loaded. */
export const resumePointOf = (merge: Merge): ResumePoint =>
  Checkpoint.toResumePoint(Checkpoint.fromState(merge.state()))
