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
    line: "if (this.state === state) yield* this.dial(state.context)",
    reason: "Whatever changes the state during the wait also interrupts this fiber."
  },
  {
    file: "internal/fanout.ts",
    source: "queue !== removed",
    replacement: "true",
    reason: "Only memory is freed: a queue that is done drops what it is offered."
  },
  {
    file: "internal/socket.ts",
    source: "pausable?.resume",
    replacement: "pausable.resume",
    reason: "Only a socket that can be paused is paused; this narrows the type."
  },
  {
    file: "internal/socket.ts",
    source: "webSocket.readyState > 1",
    replacement: "webSocket.readyState >= 1",
    reason: "The state 1 is handled before."
  },
  {
    file: "internal/nodeTransport.ts",
    source: "/^ws/",
    replacement: "/ws/",
    reason: "The origin of a socket begins with it, so that it is the first match."
  },
  {
    file: "internal/nodeTransport.ts",
    source: "typeof request !== \"object\"",
    replacement: "false",
    reason: "What is not an object is no upgrade request; this narrows the type."
  },
  {
    file: "internal/nodeTransport.ts",
    source: "request === null",
    replacement: "false",
    reason: "What is not an object is no upgrade request; this narrows the type."
  }
]
