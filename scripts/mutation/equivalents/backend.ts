import type { Equivalent } from "../Equivalent.ts"

const neverRemoved = "conversations are never removed, and neither are their members and their addresses"
const onlyFaster = "a shortcut, or a cache: without it the result is the same"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "internal/compareBy.ts",
    source: "(left < right ? -1 : left > right ? 1 : 0) * (descending ? -1 : 1)",
    replacement: "(left < right ? -1 : left > right ? 1 : 0) / (descending ? -1 : 1)",
    reason: "dividing by 1 or -1 is the same as multiplying by it"
  },
  {
    file: "internal/conversations.ts",
    line: "return found === undefined ? undefined : toConversation(found, id)",
    source: "found === undefined",
    replacement: "false",
    reason: neverRemoved
  },
  {
    file: "internal/conversations.ts",
    line: "return found === undefined ? [] : [toFields(message, found.group, caller.subscriber.id)]",
    source: "found === undefined",
    replacement: "false",
    reason: neverRemoved
  },
  {
    file: "internal/conversations.ts",
    line: "return found === undefined ? [] : [toFields(message, found.group, caller.subscriber.id)]",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    reason: neverRemoved
  },
  {
    file: "internal/directory.ts",
    line: "JSON.stringify([\"addresses\", caller.subscriber.id, names, type, displayName, sortBy, sortOrder]),",
    source: "\"addresses\"",
    replacement: "\"\"",
    reason: "the keys of all other lists begin with another name"
  },
  {
    file: "internal/http.ts",
    source: "\"\"",
    line: "context.params[name] ?? \"\"",
    replacement: "\"Stryker was here!\"",
    reason: "only parameters of the route's own path are read"
  },
  {
    file: "internal/idGenerator.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "the table has an entry for each byte"
  },
  {
    file: "internal/jsonStream.ts",
    line: "const first = started.done === true ? \"\" : started.value",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "there is always one chunk"
  },
  {
    file: "internal/pagination.ts",
    line: "return item === undefined ? [] : [item]",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    reason: "addresses and conversations are never removed"
  },
  {
    file: "internal/secrets.ts",
    line: "add(code === undefined ? single ?? \"\" : String.fromCharCode(Number.parseInt(code, 16)), index)",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "one of the three groups of the expression has matched"
  },
  {
    file: "internal/secrets.ts",
    source: "text.includes(\"%\") || text.includes(\"\\\\\")",
    replacement: "true",
    reason: onlyFaster
  },
  {
    file: "internal/sessionService.ts",
    source: "payloads.set(otherId, payload)",
    replacement: ";",
    reason: onlyFaster
  },
  {
    file: "internal/sessionStore.ts",
    source: "siblings?.size === 0",
    replacement: "false",
    reason: "an empty set is the same as none, and only takes memory"
  },
  {
    file: "internal/state.ts",
    source: "(a, b) => a.micros - b.micros",
    replacement: "() => undefined",
    reason: "each message is inserted at its position anyway"
  },
  {
    file: "internal/state.ts",
    source: "a.micros - b.micros",
    replacement: "a.micros + b.micros",
    reason: "each message is inserted at its position anyway"
  },
  {
    file: "internal/state.ts",
    source: "this.#inboxes.set(subscriberId, inbox)",
    replacement: ";",
    reason: onlyFaster
  },
  {
    file: "internal/timeline.ts",
    source: "last === undefined || isBefore(last, message)",
    replacement: "false",
    reason: onlyFaster
  },
  {
    file: "internal/tokens.ts",
    line:
      "Result.match(Token.decodeHeader(token), { onFailure: () => false, onSuccess: ({ ch }) => ch === settings.host })",
    source: "false",
    replacement: "true",
    reason: "tokens that are stored have a header"
  },
  {
    file: "internal/views.ts",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: neverRemoved
  },
  {
    file: "internal/views.ts",
    source: "own?.id",
    replacement: "own.id",
    reason: neverRemoved
  },
  {
    file: "internal/views.ts",
    source: "other?.displayName",
    replacement: "other.displayName",
    reason: neverRemoved
  },
  {
    file: "internal/views.ts",
    source: "participants(group, callerId).other?.displayName",
    replacement: "participants(group, callerId).other.displayName",
    reason: neverRemoved
  },
  {
    file: "internal/views.ts",
    source: "state.subscribers.get(message.senderId)?.displayName",
    replacement: "state.subscribers.get(message.senderId).displayName",
    reason: "only members can send, and they are never removed"
  },
  {
    file: "Faults.ts",
    line: "const [head = \"\", ...rest] = pattern.split(\"*\")",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "splitting a string returns at least one part"
  },
  {
    file: "Routes.ts",
    line:
      "[url.search, url.search.replaceAll(\"+\", \"%2B\")].flatMap((search) => new URLSearchParams(search).get(\"name\") ?? [])",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    reason: "only called for a query with a name"
  },
  {
    file: "WireLog.ts",
    source: "entry === undefined",
    replacement: "false",
    reason: "only the slots before the first entry are empty"
  },
  {
    file: "WireLog.ts",
    line: "entry === undefined ? [] : [entry.line]",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    reason: "only the slots before the first entry are empty"
  },
  {
    file: "internal/adminRouting.ts",
    line: "/^application\\/json *(;|$)/i.test(headers[\"content-type\"] ?? \"\")",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "neither is a content type of JSON"
  },
  {
    file: "internal/faults/httpFaults.ts",
    source: "++endlessPages",
    replacement: "--endlessPages",
    reason: "the numbers need only be different"
  },
  {
    file: "internal/http.ts",
    line: "/^Bearer +(\\S+) *$/i.exec(request.headers[\"authorization\"] ?? \"\")?.[1]",
    source: "\"\"",
    replacement: "\"Stryker was here!\"",
    reason: "neither is a bearer token"
  },
  {
    file: "internal/incomingFrames.ts",
    source:
      "frame._tag === \"Request\" || faults.isHolding() || client.faults.isActive() || client.backend.wireLog.isEnabled()",
    replacement: "true",
    reason: onlyFaster
  },
  {
    file: "internal/jsonDepth.ts",
    source: "index < text.length",
    replacement: "index <= text.length",
    reason: "there is no character at the end, which changes nothing"
  },
  {
    file: "internal/memoryBudget.ts",
    line: "if (this.#total > this.#limit) this.#evict()",
    source: "this.#total > this.#limit",
    replacement: "this.#total >= this.#limit",
    reason: "evicting checks the limit itself"
  },
  {
    file: "internal/requestBody.ts",
    source: "\"0\"",
    replacement: "\"\"",
    reason: "both are the number 0"
  },
  {
    file: "internal/routing.ts",
    source: "() => \"\"",
    replacement: "() => undefined",
    reason: "neither are the credentials"
  },
  {
    file: "internal/writeQuota.ts",
    source: "turn++",
    replacement: "turn--",
    reason: "the numbers of turns need only be different"
  }
]
