import type { Equivalent } from "../Equivalent.ts"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "internal/traversal.ts",
    source: "pause > 0",
    replacement: "true",
    line: "return pause > 0 ? Effect.as(Effect.sleep(pause), next) : Effect.succeed(next)",
    reason: "A pause of 0 takes no time: leaving it out saves a timer."
  },
  {
    file: "internal/rawPage.ts",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    line:
      "typeof body === \"object\" && body !== null && \"data\" in body && Array.isArray(body.data) ? body.data : []",
    reason: "A string shows neither a dialect nor a group."
  },
  {
    file: "internal/dialectDetection.ts",
    source: "\"address\"",
    replacement: "\"\"",
    line: "dialect: client.dialect ?? \"address\",",
    reason: "A response to a join that can be decoded shows the dialect, so that it is known; this narrows its type."
  },
  {
    file: "internal/unsent.ts",
    source: "\"code\" in error && typeof error.code === \"string\"",
    replacement: "\"code\" in error || typeof error.code === \"string\"",
    reason: "No code that is not a string is one of those that are recognised; this narrows the type."
  },
  {
    file: "internal/listRequest.ts",
    source: "bounds.since === undefined && bounds.until === undefined",
    replacement: "false",
    reason: "All items are between no bounds: not looking at them saves time."
  },
  {
    file: "internal/sharedTimer.ts",
    source: "[]",
    replacement: "[\"Stryker was here\"]",
    line: "const expired: Array<Entry> = []",
    reason: "What is not among the entries does not fire."
  },
  {
    file: "internal/httpClientTransport.ts",
    source: "false",
    replacement: "true",
    line: "onNone: () => false,",
    reason: "The URL of a request is valid: it was made of an endpoint or of a link that was parsed."
  }
]
