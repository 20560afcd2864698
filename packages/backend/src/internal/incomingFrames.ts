/**
 * Reads the frames of a client, and handles them.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { ClientSocket } from "./clientSocket.ts"
import * as IncomingFrameFaults from "./faults/incomingFrameFaults.ts"
import { handleRequest, handleResponse } from "./rpcHandlers.ts"

/** The maximum length of a frame, in UTF-16 code units. The longest frames that clients send are descriptions of calls. */
const maxFrameLength = 64 * 1024

/** The maximum length of a frame's id, which the response repeats. */
const maxIdLength = 1000

/** How much of one client is handled before it yields to other clients, in bytes or UTF-16 code units. */
const yieldAfter = 65_536

/** What handling a frame costs besides its length, in the same unit. */
const frameOverhead = 256

const decoder = new TextDecoder()

/** Reads and handles frames until the socket is closed. */
export const run = (
  client: ClientSocket,
  { pull }: Socket.Reader
): Effect.Effect<never, Socket.SocketError, Scope.Scope> => {
  const handle = (frame: JsonRpc.Frame, method: string): Effect.Effect<void> =>
    frame._tag === "Request"
      ? handleRequest(client, frame)
      : Effect.sync(() => handleResponse(client, frame.id, method))
  const faults = IncomingFrameFaults.make(client, handle)

  const onFrame = (frame: JsonRpc.Frame, text: string): Effect.Effect<void, never, Scope.Scope> => {
    // a response that belongs to no pending request acknowledges an event
    const method = frame._tag === "Request"
      ? frame.method
      : client.pendingRequests.get(frame.id) ?? JsonRpc.method.event
    const action = client.faultFor({ direction: "in", method, eventType: undefined })
    client.logFrame("in", text, method, action?.type ?? null)
    return faults.apply(frame, method, action)
  }

  /**
   * Handles a response synchronously, if there are no faults and no wire log, and returns whether it did. Most incoming frames
   * are acknowledgements.
   */
  const handleFast = (frame: JsonRpc.Frame): boolean => {
    if (
      frame._tag === "Request" || faults.isHolding() || client.faults.isActive() || client.backend.wireLog.isEnabled()
    ) return false
    handleResponse(client, frame.id, client.pendingRequests.get(frame.id) ?? JsonRpc.method.event)
    return true
  }

  const onText = (text: string): Effect.Effect<void, never, Scope.Scope> => {
    if (client.isSilent) return Effect.sync(() => client.logFrame("in", text, null, "silent"))
    if (text.length > maxFrameLength) return Effect.sync(() => client.close(1009))
    const parsed = Result.filterOrFail(
      JsonRpc.parse(text),
      ({ id }) => typeof id !== "string" || id.length <= maxIdLength,
      () => ({ message: "the id is too long" })
    )
    if (Result.isSuccess(parsed)) return handleFast(parsed.success) ? Effect.void : onFrame(parsed.success, text)
    client.logFrame("in", text, null, null)
    const { message } = parsed.failure
    const code = message === "not JSON" ? JsonRpc.code.parseError : JsonRpc.code.invalidRequest
    return Effect.sync(() => client.send(JsonRpc.failure(null, { code, message }), ""))
  }

  return Effect.gen(function*() {
    let handledLength = 0
    while (true) {
      for (const chunk of yield* pull) {
        const handled = onText(typeof chunk === "string" ? chunk : decoder.decode(chunk))
        if (handled !== Effect.void) yield* handled
        handledLength += chunk.length + frameOverhead
        // yields to other clients, and to the writer of this one
        if (handledLength < yieldAfter && !client.hasBacklog) continue
        handledLength = 0
        yield* Effect.yieldNow
      }
    }
  })
}
