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
  readonly requests: Requests
  readonly addressOf: AddressOf | undefined
  /** Takes out of a server's words what must not be shown. */
  readonly redact: (text: string) => string
}

const onUnreadable = (malformed: MalformedValue, pass: Pass): void => {
  pass.unreadable.push(malformed)
  pass.signals.push(Signal.malformed(malformed))
}

export class Inbox {
  private readonly options: Options
  private protocol: string | null = null
  private authorizationState: string | null = null

  constructor(options: Options) {
    this.options = options
  }

  /** What the next session needs to go on with this one; `null` before this one became ready. */
  resume(): Resume | null {
    const { authorizationState, protocol } = this
    return protocol === null ? null : { protocol, authorizationState }
  }

  read(frames: ReadonlyArray<unknown>): Pass {
    const { connectId, requests } = this.options
    const pass: Pass = { answers: [], signals: [], unreadable: [], ready: undefined, end: undefined }
    for (const text of frames) {
      const frame = typeof text === "string"
        ? JsonRpc.parse(text)
        : Result.fail({ path: "", message: "a binary frame" })
      if (Result.isFailure(frame)) onUnreadable(frame.failure, pass)
      else if (frame.success._tag === "Request") this.onRequest(frame.success, pass)
      else if (frame.success.id === connectId) this.onConnectAnswer(frame.success, pass)
      else requests.settle(frame.success)
    }
    return pass
  }

  private onConnectAnswer(frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>, pass: Pass): void {
    const { redact } = this.options
    if (frame._tag === "Failure") {
      pass.end = refusedConnect(frame.error, redact)
      return
    }
    const result = Connect.decodeResult(frame.result)
    if (Result.isFailure(result)) {
      const { message, path } = result.failure
      pass.end = { ending: "lost", reason: new Reason.Malformed({ path, detail: message }) }
      return
    }
    this.protocol = result.success.protocol
    pass.ready = result.success
  }

  private onEvent(params: unknown, pass: Pass): void {
    const envelope = SignalWireEvent.decode(params)
    if (Result.isFailure(envelope)) return onUnreadable(within("params", envelope.failure), pass)
    const { event_type, params: payload } = envelope.success
    if (SignalWireEvent.isConversation(event_type)) {
      // what comes before the session is ready is part of what it missed: history has it, were the answer lost too
      if (this.protocol === null) return
      const event = ConversationEvent.decode(payload, this.options.addressOf)
      if (Result.isSuccess(event)) pass.signals.push(Signal.event(event.success))
      else onUnreadable(within("params.params", event.failure), pass)
    } else if (event_type === SignalWireEvent.type.authorizationState) {
      const state = SignalWireEvent.decodeAuthorizationState(payload)
      if (Result.isSuccess(state)) this.authorizationState = state.success.authorization_state
    }
  }

  private onRequest(frame: Extract<JsonRpc.Frame, { readonly _tag: "Request" }>, pass: Pass): void {
    switch (frame.method) {
      case JsonRpc.method.event:
        // acknowledged whatever it holds: one that can't be read now will not be readable when it comes again
        pass.answers.push(JsonRpc.acknowledge(frame.id))
        return this.onEvent(frame.params, pass)
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
}
