import type { Equivalent } from "../Equivalent.ts"

const idsDiffer = "the ids of two entries are never equal"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "SignalWireProvider.ts",
    source: "typeof document === \"undefined\"",
    replacement: "false",
    reason: "a server runs no effects; that React 18 warns of a layout effect there is all that differs"
  },
  {
    file: "SignalWireProvider.ts",
    source: "\"undefined\"",
    replacement: "\"\"",
    reason: "a server runs no effects; that React 18 warns of a layout effect there is all that differs"
  },
  {
    file: "internal/clientSource.ts",
    source: "released?.then",
    replacement: "released.then",
    reason: "the first reference creates the client, so that there is one when the last is released"
  },
  { file: "internal/conversationList.ts", source: "a.id < b.id", replacement: "a.id <= b.id", reason: idsDiffer },
  {
    file: "internal/conversationList.ts",
    line: "let isStale = false",
    source: "false",
    replacement: "true",
    reason: "it is set to true before it is read"
  },
  {
    file: "internal/conversationStore.ts",
    line: "let isScheduled = false",
    source: "false",
    replacement: "true",
    reason: "the first change is published at once, which sets it"
  },
  { file: "internal/messageWindow.ts", source: "a.id < b.id", replacement: "a.id <= b.id", reason: idsDiffer },
  {
    file: "internal/messageWindow.ts",
    source: "entry !== undefined",
    replacement: "true",
    reason: "the index is within the entries"
  },
  {
    file: "internal/messageWindow.ts",
    source: "compare(entry.message, message) < 0",
    replacement: "compare(entry.message, message) <= 0",
    reason: idsDiffer
  },
  {
    file: "internal/retry.ts",
    source: "state._tag === \"Reconnecting\"",
    replacement: "true",
    reason: "no other state has delayMillis"
  },
  {
    file: "internal/store.ts",
    source: "running?.abort",
    replacement: "running.abort",
    reason: "a release that was not cancelled finds the process running"
  }
]
