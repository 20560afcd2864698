import type { Equivalent } from "../Equivalent.ts"

export const equivalents: ReadonlyArray<Equivalent> = [
  {
    file: "internal/sessionManager.ts",
    source: "run.fiber === undefined",
    replacement: "false",
    reason: "The fiber is set before anything else can run; this narrows its type."
  },
  {
    file: "internal/sessionReader.ts",
    source: "resume === null",
    replacement: "false",
    reason: "The result of the connect request has the protocol to resume with; this narrows its type."
  },
  {
    file: "internal/fanout.ts",
    source: "this.queues.filter((queue) => queue !== removed)",
    replacement: "this.queues",
    reason: "Only memory is freed: a queue that is done drops what it is offered."
  },
  {
    file: "internal/corkSends.ts",
    source: "stream._write?.(concat(chunks), \"buffer\", callback)",
    replacement: "stream._write(concat(chunks), \"buffer\", callback)",
    reason: "The method exists: the stream is only patched if it does."
  },
  {
    file: "internal/corkSends.ts",
    source: "patched !== stream",
    replacement: "true",
    reason: "Patching a stream once saves time: a second patch writes the same."
  },
  {
    file: "internal/liveness.ts",
    source: "() => Effect.void",
    replacement: "() => undefined",
    reason: "Nothing is written before the socket is open, which sets it."
  },
  {
    file: "internal/connectionDriver.ts",
    source: "next._tag === \"BackingOff\"",
    replacement: "true",
    reason: "No other state has a delay; this narrows the type."
  },
  {
    file: "internal/connectionDriver.ts",
    source: "this.state === state",
    replacement: "true",
    reason: "Whatever changes the state during the wait also interrupts this fiber."
  }
]
