import type { Equivalent } from "../Equivalent.ts"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "internal/delivery.ts",
    source: "this.message.prior?.isKnownSent",
    replacement: "this.message.prior.isKnownSent",
    reason: "A message without a prior send is not looked up before this client has sent it, which is checked first."
  },
  {
    file: "internal/liveSequence.ts",
    source: `"Starting"`,
    replacement: `""`,
    reason: "The sequence is started before its items are pulled for the first time."
  },
  {
    file: "internal/merge.ts",
    source: "epochSeconds > this.verified",
    replacement: "epochSeconds >= this.verified",
    reason: "The time is replaced by an equal one."
  },
  {
    file: "internal/overflowPolicy.ts",
    source: "queue.size + batch.length <= capacity",
    replacement: "false",
    reason: "A shortcut: all items are kept that fit."
  },
  {
    file: "internal/conversationCache.ts",
    source: "conversation.addressId !== null",
    replacement: "true",
    reason: "No message is sent to the address null, so what is kept for it is never looked for."
  },
  {
    file: "internal/recovery.ts",
    source: "released[from - 1]?.size",
    replacement: "released[from - 1].size",
    reason: "The loop ends before the index is below 0."
  },
  {
    file: "internal/reconciler.ts",
    source: "[]",
    replacement: `["Stryker was here"]`,
    line: "if (malformed === undefined) return []",
    reason: "It is read only while there are malformed events."
  },
  {
    file: "internal/sendQueue.ts",
    source: "previous === undefined",
    replacement: "false",
    line: "if (previous === undefined) tails.delete(addressId)",
    reason: "The address of an empty queue stays in memory, without an entry."
  },
  {
    file: "internal/seenMessages.ts",
    source: "[]",
    replacement: `["Stryker was here"]`,
    line: "return [...this.previous?.ids.entries() ?? [], ...this.current.ids.entries()]",
    reason: "What has no time is filtered out."
  },
  {
    file: "internal/echoes.ts",
    source: "expected.size === 0",
    replacement: "false",
    reason: "A shortcut: without messages that are being sent, no signal is one of them."
  },
  {
    file: "internal/retrier.ts",
    source: `reason._tag === "Unauthorized"`,
    replacement: `reason._tag !== "Unauthorized"`,
    line: `return reason._tag === "Unauthorized" ? this.refusedTokens++ : this.others++`,
    reason: "Both counters begin at zero: only their names are swapped."
  },
  {
    file: "internal/seenMessages.ts",
    source: "epochSeconds > this.forgotten",
    replacement: "epochSeconds >= this.forgotten",
    reason: "The time is replaced by an equal one."
  },
  {
    file: "internal/reconciler.ts",
    source: "false",
    replacement: "true",
    line: "private isSleeping = false",
    reason: "It is set again before the loop starts for the first time."
  },
  {
    file: "internal/delivery.ts",
    source: "{ mayBeStored: false }",
    replacement: "{}",
    reason: "Without the field, it is not true either."
  },
  {
    file: "internal/deliveryStatus.ts",
    source: `case "RateLimited": return "notStored"`,
    replacement: `case "RateLimited":`,
    reason: "The next case returns the same for a reason without `sent`."
  },
  {
    file: "internal/conversationCache.ts",
    source: "() => Effect.undefined",
    replacement: "() => undefined",
    line: "onEnd: () => Effect.undefined",
    reason: "The exception that follows is handled like a lookup that found nothing."
  },
  {
    file: "internal/sequence.ts",
    source: `signal._tag === "Discontinuity"`,
    replacement: "true",
    line:
      `const isInterruption = (signal: Signal): boolean => signal._tag === "Discontinuity" && signal.cause !== "requested"`,
    reason: "Only discontinuities that need a read are passed."
  },
  {
    file: "internal/reconciler.ts",
    source: "malformed === undefined",
    replacement: "false",
    line: "malformedAt: malformed === undefined || this.behind.length === 0",
    reason: "No sequence is behind without malformed events, which is checked next."
  },
  {
    file: "internal/reconciler.ts",
    source: "session._tag !== this.session._tag",
    replacement: "true",
    reason: "A shortcut: the loop starts again, and sleeps until the same read."
  },
  {
    file: "internal/reconciler.ts",
    source: "isChanged",
    replacement: "true",
    reason: "A shortcut: the loop starts again, and sleeps until the same read."
  },
  {
    file: "internal/idempotency.ts",
    source: "unknown !== undefined",
    replacement: "true",
    reason: "A key without a value is like a missing one."
  },
  {
    file: "internal/historySlice.ts",
    source: "() => false",
    replacement: "() => undefined",
    reason: "Both mean that no message matches."
  },
  {
    file: "internal/seenMessages.ts",
    source: "epochSeconds > current.newest",
    replacement: "epochSeconds >= current.newest",
    reason: "The time is replaced by an equal one."
  },
  {
    file: "OutboxStore.ts",
    source: "stored.sequence < next.sequence",
    replacement: "stored.sequence <= next.sequence",
    reason: "No two elements have the same sequence."
  },
  {
    file: "OutboxStore.ts",
    source: "false",
    replacement: "true",
    line: "const queue: Queue = { entries: new Map(), taken: new Set(), latch: Latch.makeUnsafe(false) }",
    reason: "The latch is closed before anything waits for it."
  },
  {
    file: "internal/checkpoint.ts",
    source: "sends.slice(-maxSendFingerprints)",
    replacement: "sends",
    reason: "A shortcut: only the last fingerprints are kept anyway."
  },
  {
    file: "internal/connectionMonitor.ts",
    source: "this.catchingUp === Math.max(change, 0)",
    replacement: "true",
    reason: "A shortcut: a state that is the same as the one before is not emitted."
  },
  {
    file: "internal/echoes.ts",
    source: "[]",
    replacement: `["Stryker was here"]`,
    line: "const others = (expected.get(clientId) ?? []).filter((other) => other !== one)",
    reason: "The list of a message that is expected is there."
  },
  {
    file: "internal/echoes.ts",
    source: "others.length > 0",
    replacement: "others.length >= 0",
    reason: "The client id stays in memory, without a message."
  },
  {
    file: "internal/delivery.ts",
    source: "!Number.isFinite(deadline)",
    replacement: "false",
    reason: "A shortcut: an infinite timeout never passes."
  },
  {
    file: "internal/delivery.ts",
    source: "{ dropsMetadata: false }",
    replacement: "{}",
    reason: "Without the field, it is not true either."
  },
  {
    file: "internal/historyReader.ts",
    source: "!page.hasNext",
    replacement: "false",
    reason: "A shortcut: the last page has no next page to share."
  },
  {
    file: "internal/idTable.ts",
    source: "index < length",
    replacement: "index <= length",
    reason: "Another hash function: what is after the end counts as zero."
  },
  {
    file: "internal/idTable.ts",
    source: "length > 2 * hashedLength",
    replacement: "length >= 2 * hashedLength",
    reason: "An id of exactly that length is hashed as a whole either way."
  },
  {
    file: "internal/idTable.ts",
    source: "[]",
    replacement: `["Stryker was here"]`,
    line: "private readonly ids: Array<Id> = []",
    reason: "It is read only where an id was added."
  },
  {
    file: "internal/idTable.ts",
    source: "[]",
    replacement: `["Stryker was here"]`,
    line: "private readonly hashes: Array<number> = []",
    reason: "It is read only where an id was added."
  },
  {
    file: "internal/idTable.ts",
    source: "this.count * 2 > this.slots.length",
    replacement: "this.count * 2 >= this.slots.length",
    reason: "The table grows one id earlier."
  },
  {
    file: "internal/idTable.ts",
    source: "hashes[entry - 1] === hash",
    replacement: "true",
    reason: "A shortcut: ids are compared only if their hashes are the same."
  },
  {
    file: "internal/idTable.ts",
    source: "other !== undefined",
    replacement: "true",
    reason: "The slot has an entry, so there is an id."
  },
  {
    file: "internal/liveSequence.ts",
    source: "this.remainder !== undefined",
    replacement: "true",
    reason:
      "What was buffered before the first part is processed after the read instead of after that, in the same order."
  },
  {
    file: "internal/merge.ts",
    source: "compare(position, this.newestPosition) <= 0",
    replacement: "compare(position, this.newestPosition) < 0",
    reason: "The message at the newest position is known, so that it is not accepted again."
  },
  {
    file: "internal/metricsRecorder.ts",
    source: `signal._tag === "Discontinuity"`,
    replacement: "true",
    reason: "Other signals have no cause."
  },
  {
    file: "internal/outboxWorker.ts",
    source: `"DeadlineExceeded"`,
    replacement: `""`,
    reason: "Without a deadline there is no such failure."
  },
  {
    file: "internal/overflowPolicy.ts",
    source: "queue.size + batch.length <= capacity",
    replacement: "queue.size + batch.length < capacity",
    reason: "A shortcut: all items are kept that fit."
  },
  {
    file: "internal/reconciler.ts",
    source: "malformed === undefined",
    replacement: "false",
    line: "if (malformed === undefined) return []",
    reason: "It is read only while there are malformed events."
  },
  {
    file: "internal/recovery.ts",
    source: "point === null",
    replacement: "false",
    line: "const isMissed = ({ epochSeconds }: ConversationMessage) => point === null || epochSeconds > point",
    reason: "Compared with `null`, every time after 1970 is later."
  },
  {
    file: "internal/sendQueue.ts",
    source: "true",
    replacement: "false",
    line: "entry.isDone = true",
    reason:
      "A later send waits for one that is done, which has waited for the one before it. Only its entry stays in memory."
  },
  {
    file: "internal/liveSequence.ts",
    source: `this.state._tag === "CatchingUp"`,
    replacement: "true",
    reason: "It recovers in this state only."
  },
  {
    file: "internal/liveSequence.ts",
    source: `signal._tag !== "Discontinuity"`,
    replacement: "false",
    reason: "The next discontinuity requires a read as of that time or later anyway."
  },
  {
    file: "internal/makeConversations.ts",
    source: `signal.cause === "connected"`,
    replacement: "true",
    reason: "Other discontinuities are those of one subscriber: the session has none of them."
  }
]
