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
  }
]
