/** Requests that wait for their answers: each has a deadline, and there is room for only so many. */
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface Options {
  readonly write: (text: string) => Effect.Effect<void, Reason.Reason>
  readonly timeoutMillis: number
  readonly capacity: number
  /** Takes out of a server's words what must not be shown. */
  readonly redact: (text: string) => string
}

/** What a refusal on the socket means. Whether there is another token than one that was refused is not known here. */
export const reasonOf = ({ code, message }: JsonRpc.RpcError, redact: (text: string) => string): Reason.Reason => {
  const detail = redact(message)
  switch (code) {
    case JsonRpc.code.authenticationFailed:
      return new Reason.Unauthorized({ detail, isRetryable: true })
    case JsonRpc.code.permissionDenied:
      return new Reason.Forbidden({ detail })
    case JsonRpc.code.timeout:
    case JsonRpc.code.internal:
      return new Reason.ServerError({ status: code, detail })
    default:
      return new Reason.Refused({ code, detail })
  }
}

export class Requests {
  private readonly options: Options
  private waiting: Map<JsonRpc.Id, Deferred.Deferred<unknown, JsonRpc.RpcError>> | undefined

  constructor(options: Options) {
    this.options = options
  }

  /** Sends a request and waits for its result. */
  send(method: string, params: unknown): Effect.Effect<unknown, Reason.Reason> {
    const { capacity, redact, timeoutMillis, write } = this.options
    return Effect.flatMap(Uuid.make, (id) => {
      const waiting = this.waiting ??= new Map()
      if (waiting.size >= capacity) {
        return Effect.fail(new Reason.Transport({ detail: `more than ${capacity} requests wait for an answer` }))
      }
      const answer = Deferred.makeUnsafe<unknown, JsonRpc.RpcError>()
      waiting.set(id, answer)
      return Timeouts.timeoutAfter(
        Effect.andThen(
          write(JsonRpc.request(id, method, params)),
          Effect.mapError(Deferred.await(answer), (error) => reasonOf(error, redact))
        ),
        timeoutMillis,
        Effect.suspend(() => Effect.fail(new Reason.Timeout({ millis: timeoutMillis })))
      ).pipe(Effect.ensuring(Effect.sync(() => waiting.delete(id))))
    })
  }

  /** Hands an answer to whoever waits for it; late and unknown ones are dropped. */
  settle(frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>): void {
    const answer = this.waiting?.get(frame.id)
    if (answer === undefined) return
    const result = frame._tag === "Failure" ? Result.fail(frame.error) : JsonRpc.unwrap(frame.result)
    Deferred.doneUnsafe(answer, Effect.fromResult(result))
  }
}
