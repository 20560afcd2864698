/** Requests that wait for their answers: each has a deadline, and there is room for only so many. */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface Requests {
  /** Sends a request and waits for its result. */
  readonly send: (method: string, params: unknown) => Effect.Effect<unknown, Reason.Reason>
  /** Hands an answer to whoever waits for it; late and unknown ones are dropped. */
  readonly settle: (frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>) => void
}

export interface Options {
  readonly write: (text: string) => Effect.Effect<void, Reason.Reason>
  readonly newId: Effect.Effect<string>
  readonly timeoutMillis: number
  readonly capacity: number
  /** Takes out of a server's words what must not be shown. */
  readonly redact: (text: string) => string
}

/** What a refusal on the socket means. */
export const reasonOf = ({ code, message }: JsonRpc.RpcError, redact: (text: string) => string): Reason.Reason => {
  const detail = redact(message)
  switch (code) {
    case JsonRpc.code.authenticationFailed:
      return new Reason.Unauthorized({ detail })
    case JsonRpc.code.permissionDenied:
      return new Reason.Forbidden({ detail })
    case JsonRpc.code.timeout:
    case JsonRpc.code.internal:
      return new Reason.ServerError({ status: code, detail })
    default:
      return new Reason.Refused({ code, detail })
  }
}

export const make = (options: Options): Requests => {
  const waiting = new Map<JsonRpc.Id, Deferred.Deferred<unknown, JsonRpc.RpcError>>()

  const send = Effect.fnUntraced(function*(method: string, params: unknown) {
    if (waiting.size >= options.capacity) {
      return yield* new Reason.Transport({ detail: `more than ${options.capacity} requests wait for an answer` })
    }
    const id = yield* options.newId
    const answer = Deferred.makeUnsafe<unknown, JsonRpc.RpcError>()
    waiting.set(id, answer)
    return yield* options.write(JsonRpc.request(id, method, params)).pipe(
      Effect.andThen(Effect.mapError(Deferred.await(answer), (error) => reasonOf(error, options.redact))),
      Effect.timeoutOrElse({
        duration: options.timeoutMillis,
        orElse: () => Effect.fail(new Reason.Timeout({ millis: options.timeoutMillis }))
      }),
      Effect.ensuring(Effect.sync(() => waiting.delete(id)))
    )
  })

  return {
    send,
    settle: (frame) => {
      const answer = waiting.get(frame.id)
      if (answer === undefined) return
      const result = frame._tag === "Failure" ? Result.fail(frame.error) : JsonRpc.unwrap(frame.result)
      Deferred.doneUnsafe(answer, Effect.fromResult(result))
    }
  }
}
