/**
 * Reads the frames that the server sends: one synchronous pass over a batch of frames returns what to reply, what to
 * emit, and whether the session ends. Nothing here waits, so a batch costs one wake-up however many frames it has.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { type MalformedValue, prefixPath } from "@effect-signalwire/schema/Malformed"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Result from "effect/Result"
import * as Signal from "../Signal.ts"
import type { ResumeParams, SessionOutcome } from "./connectionMachine.ts"
import { type PendingRequests, reasonOf } from "./pendingRequests.ts"

/** How and why a session ended. */
export interface SessionEnd {
  readonly outcome: SessionOutcome
  readonly reason: Reason.Reason
}

/** The result of reading a batch of frames. */
export interface ReadResult {
  /** Frames to write in reply, in order. */
  readonly replies: Array<string>
  readonly signals: Array<Signal.Signal>
  /** Frames and events that could not be decoded; `signals` has one for each. */
  readonly malformed: Array<MalformedValue>
  /** The result of `signalwire.connect`, if the batch has it. */
  connectResult: Connect.Result | undefined
  /** Set if a frame ends the session. */
  end: SessionEnd | undefined
}

/** How the session ends when `signalwire.connect` fails. */
const connectFailure = (error: JsonRpc.RpcError, redact: (text: string) => string): SessionEnd => {
  const reason = reasonOf(error, redact)
  switch (error.code) {
    case JsonRpc.code.authenticationFailed:
      return { outcome: "unauthorized", reason }
    case JsonRpc.code.requesterValidationFailed:
    case JsonRpc.code.invalidParams:
      return { outcome: "rejected", reason }
    default:
      return { outcome: "lost", reason }
  }
}

export interface Options {
  /** The id of the `signalwire.connect` request. */
  readonly connectId: string
  readonly requests: PendingRequests
  readonly addressOf: AddressOf | undefined
  /** Removes secrets from strings that the server sends. */
  readonly redact: (text: string) => string
}

const addMalformed = (malformed: MalformedValue, result: ReadResult): void => {
  result.malformed.push(malformed)
  result.signals.push(Signal.malformed(malformed))
}

/** Reads the frames of one session, and keeps what is needed to resume it. */
export class FrameReader {
  private readonly options: Options
  private protocol: string | null = null
  private authorizationState: string | null = null

  constructor(options: Options) {
    this.options = options
  }

  /** The parameters that resume this session; `null` before it became ready. */
  resumeParams(): ResumeParams | null {
    const { authorizationState, protocol } = this
    return protocol === null ? null : { protocol, authorizationState }
  }

  /** Reads a batch of frames. */
  read(frames: ReadonlyArray<unknown>): ReadResult {
    const { connectId, requests } = this.options
    const result: ReadResult = { replies: [], signals: [], malformed: [], connectResult: undefined, end: undefined }
    for (const data of frames) {
      const frame = typeof data === "string"
        ? JsonRpc.parse(data)
        : Result.fail({ path: "", message: "a binary frame" })
      if (Result.isFailure(frame)) addMalformed(frame.failure, result)
      else if (frame.success._tag === "Request") this.onRequest(frame.success, result)
      else if (frame.success.id === connectId) this.onConnectResponse(frame.success, result)
      else requests.complete(frame.success)
    }
    return result
  }

  private onConnectResponse(
    frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>,
    result: ReadResult
  ): void {
    if (frame._tag === "Failure") {
      result.end = connectFailure(frame.error, this.options.redact)
      return
    }
    const connectResult = Connect.decodeResult(frame.result)
    if (Result.isFailure(connectResult)) {
      const { message, path } = connectResult.failure
      result.end = { outcome: "lost", reason: new Reason.Malformed({ path, detail: message }) }
      return
    }
    this.protocol = connectResult.success.protocol
    result.connectResult = connectResult.success
  }

  private onEvent(params: unknown, result: ReadResult): void {
    const envelope = SignalWireEvent.decode(params)
    if (Result.isFailure(envelope)) return addMalformed(prefixPath("params", envelope.failure), result)
    const { event_type, params: payload } = envelope.success
    if (SignalWireEvent.isConversation(event_type)) {
      // an event before the session is ready counts as missed: history has it, even if the connect result is lost
      if (this.protocol === null) return
      const event = ConversationEvent.decode(payload, this.options.addressOf)
      if (Result.isSuccess(event)) result.signals.push(Signal.event(event.success))
      else addMalformed(prefixPath("params.params", event.failure), result)
    } else if (event_type === SignalWireEvent.type.authorizationState) {
      const state = SignalWireEvent.decodeAuthorizationState(payload)
      if (Result.isSuccess(state)) this.authorizationState = state.success.authorization_state
    }
  }

  private onRequest(frame: Extract<JsonRpc.Frame, { readonly _tag: "Request" }>, result: ReadResult): void {
    switch (frame.method) {
      case JsonRpc.method.event:
        // malformed events too: one that cannot be decoded now cannot be decoded when the server sends it again
        result.replies.push(JsonRpc.acknowledge(frame.id))
        return this.onEvent(frame.params, result)
      case JsonRpc.method.ping:
        result.replies.push(JsonRpc.reply(frame.id, frame.params ?? {}))
        return
      case JsonRpc.method.disconnect: {
        result.replies.push(JsonRpc.acknowledge(frame.id))
        const params = Connect.decodeDisconnectParams(frame.params ?? {})
        const restart = Result.isSuccess(params) && params.success.restart === true
        result.end = {
          outcome: restart ? "restart" : "lost",
          reason: new Reason.Transport({
            detail: `the server asked the client to disconnect${restart ? " and begin a new session" : ""}`
          })
        }
        return
      }
      default:
        result.replies.push(
          JsonRpc.failure(frame.id, {
            code: JsonRpc.code.methodNotFound,
            message: `Method not found: ${frame.method}`
          })
        )
    }
  }
}
