/**
 * Carries out faults on the frames to a client.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Action } from "../../Faults.ts"
import { type ClientSocket, disconnect } from "../clientSocket.ts"
import type { Frame } from "../session.ts"
import { ReorderBuffer } from "./reorderBuffer.ts"
import { closeOrSilence } from "./socketFaults.ts"

/** Replaces a response by the error of the fault `answer`; other frames are unchanged. */
const withError = (text: string, { code, message }: Extract<Action, { readonly type: "answer" }>): string => {
  const parsed = JsonRpc.parse(text)
  return Result.isSuccess(parsed) && parsed.success._tag !== "Request"
    ? JsonRpc.failure(parsed.success.id, {
      code: code ?? JsonRpc.code.internal,
      message: message ?? "Internal error"
    })
    : text
}

export const make = (client: ClientSocket, { write, writeAll }: Socket.Writer) => {
  const reordered = new ReorderBuffer<Frame>()

  /** Writes a frame, and then the frames that were held back until after it. */
  const writeInOrder = (text: string) =>
    Effect.suspend(() => writeAll([text, ...reordered.takeAll().map(({ text }) => text)]))
  /** Writes a frame with the fault that is to be carried out on it, or without one. */
  const writeWithFault = (frame: Frame): Effect.Effect<void, Socket.SocketError, Scope.Scope> => {
    const action = client.faultFor({ direction: "out", method: frame.method, eventType: frame.eventType })
    client.logFrame("out", frame.text, frame.method, action?.type ?? null)
    switch (action?.type) {
      case undefined:
      case "endless":
        return writeInOrder(frame.text)
      case "answer":
        return writeInOrder(withError(frame.text, action))
      case "refuse":
      case "loseAnswer":
      case "close":
      case "silent":
        return closeOrSilence(client, action)
      case "delay":
        return Effect.delay(writeInOrder(frame.text), action.millis)
      case "duplicate":
        return Effect.andThen(writeInOrder(frame.text), write(frame.text))
      case "reorder":
        return reordered.isFull
          ? writeInOrder(frame.text)
          : reordered.hold(frame, ({ text }) => Effect.ignore(write(text)))
      case "drop":
        return Effect.void
      case "malformed":
        return write(action.text ?? frame.text.slice(0, frame.text.length >> 1))
      case "restart":
        return disconnect(client, true)
    }
  }

  return {
    write: writeWithFault,
    /** Whether frames are held back. */
    isHolding: () => !reordered.isEmpty
  }
}
