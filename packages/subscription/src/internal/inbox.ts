/**
 * Reading what the server sends: one synchronous pass over a batch of frames tells what to answer, what to hand on, and
 * whether the session goes on. Nothing here waits, so a batch costs one wake-up however many frames it holds.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { type MalformedValue, within } from "@effect-signalwire/schema/Malformed"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Result from "effect/Result"
import * as Signal from "../Signal.ts"
import type { Ending, Resume } from "./phase.ts"
import { reasonOf, type Requests } from "./requests.ts"

/** Why and how the session ends. */
export interface End {
  readonly ending: Ending
  readonly reason: Reason.Reason
}

/** What a batch of frames comes to. */
export interface Pass {
  /** Answers to write, in order. */
  readonly answers: Array<string>
  readonly signals: Array<Signal.Signal>
  /** Frames, and events in them, that could not be read; their signals are among the others. */
  readonly unreadable: Array<MalformedValue>
  /** The answer to `signalwire.connect` was among them. */
  ready: Connect.Result | undefined
  end: End | undefined
}

export interface Inbox {
  readonly read: (frames: ReadonlyArray<unknown>) => Pass
  /** What the next session needs to go on with this one; `null` before this one became ready. */
  readonly resume: () => Resume | null
}

/** What a refused `signalwire.connect` asks for. */
const refusedConnect = (error: JsonRpc.RpcError, redact: (text: string) => string): End => {
  const reason = reasonOf(error, redact)
  switch (error.code) {
    case JsonRpc.code.authenticationFailed:
      return { ending: "unauthorized", reason }
    case JsonRpc.code.requesterValidationFailed:
    case JsonRpc.code.invalidParams:
      return { ending: "stale", reason }
    default:
      return { ending: "lost", reason }
  }
}

export interface Options {
  readonly connectId: string
  /** Which session of the client this will be, once it is ready. */
  readonly session: number
  readonly requests: Requests
  readonly addressOf: AddressOf | undefined
  /** Takes out of a server's words what must not be shown. */
  readonly redact: (text: string) => string
}

export const make = (options: Options): Inbox => {
  let protocol: string | null = null
  let authorizationState: string | null = null

  const onConnectAnswer = (frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>, pass: Pass): void => {
    if (frame._tag === "Failure") {
      pass.end = refusedConnect(frame.error, options.redact)
      return
    }
    const result = Connect.decodeResult(frame.result)
    if (Result.isFailure(result)) {
      const { message, path } = result.failure
      pass.end = { ending: "lost", reason: new Reason.Malformed({ path, detail: message }) }
      return
    }
    protocol = result.success.protocol
    pass.ready = result.success
    // before any event of the same batch: what came while nobody was connected goes first
    pass.signals.push(Signal.connected(options.session))
  }

  const onUnreadable = (malformed: MalformedValue, pass: Pass): void => {
    pass.unreadable.push(malformed)
    pass.signals.push(Signal.malformed(malformed))
  }

  const onEvent = (params: unknown, pass: Pass): void => {
    const envelope = SignalWireEvent.decode(params)
    if (Result.isFailure(envelope)) return onUnreadable(within("params", envelope.failure), pass)
    const { event_type, params: payload } = envelope.success
    if (SignalWireEvent.isConversation(event_type)) {
      const event = ConversationEvent.decode(payload, options.addressOf)
      if (Result.isSuccess(event)) pass.signals.push(Signal.event(event.success))
      else onUnreadable(within("params.params", event.failure), pass)
    } else if (event_type === SignalWireEvent.type.authorizationState) {
      const state = SignalWireEvent.decodeAuthorizationState(payload)
      if (Result.isSuccess(state)) authorizationState = state.success.authorization_state
    }
  }

  const onRequest = (frame: Extract<JsonRpc.Frame, { readonly _tag: "Request" }>, pass: Pass): void => {
    switch (frame.method) {
      case JsonRpc.method.event:
        // acknowledged whatever it holds: one that can't be read now will not be readable when it comes again
        pass.answers.push(JsonRpc.acknowledge(frame.id))
        return onEvent(frame.params, pass)
      case JsonRpc.method.ping:
        pass.answers.push(JsonRpc.reply(frame.id, frame.params ?? {}))
        return
      case JsonRpc.method.disconnect: {
        pass.answers.push(JsonRpc.acknowledge(frame.id))
        const params = Connect.decodeDisconnectParams(frame.params ?? {})
        const restart = Result.isSuccess(params) && params.success.restart === true
        pass.end = {
          ending: restart ? "restart" : "lost",
          reason: new Reason.Transport({ detail: `the server asked to disconnect${restart ? " and restarts" : ""}` })
        }
        return
      }
      default:
        pass.answers.push(
          JsonRpc.failure(frame.id, {
            code: JsonRpc.code.methodNotFound,
            message: `Method not found: ${frame.method}`
          })
        )
    }
  }

  return {
    resume: () => protocol === null ? null : { protocol, authorizationState },
    read: (frames) => {
      const pass: Pass = { answers: [], signals: [], unreadable: [], ready: undefined, end: undefined }
      for (const text of frames) {
        const frame = typeof text === "string"
          ? JsonRpc.parse(text)
          : Result.fail({ path: "", message: "a binary frame" })
        if (Result.isFailure(frame)) onUnreadable(frame.failure, pass)
        else if (frame.success._tag === "Request") onRequest(frame.success, pass)
        else if (frame.success.id === options.connectId) onConnectAnswer(frame.success, pass)
        else options.requests.settle(frame.success)
      }
      return pass
    }
  }
}
