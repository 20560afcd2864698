/** The requests to the server that wait for a response: each has a timeout, and their number is limited. */
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface Options {
  readonly write: (frame: string) => Effect.Effect<void, Reason.Reason>
  readonly timeoutMillis: number
  /** Removes secrets from strings that the server sends. */
  readonly redact: (text: string) => string
}

/** How many requests may wait for a response at once. */
const capacity = 64

/** The reason for a JSON-RPC error. A rejected token is retryable: whether it can be refreshed is not known here. */
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

/** Sends requests and matches the responses to them. */
export class PendingRequests {
  private readonly options: Options
  private pending: Map<JsonRpc.Id, Deferred.Deferred<unknown, JsonRpc.RpcError>> | undefined

  constructor(options: Options) {
    this.options = options
  }

  /** Sends a request and waits for its result. Fails with `Timeout`, with `Transport` or with the server's error. */
  send(method: string, params: unknown): Effect.Effect<unknown, Reason.Reason> {
    const { redact, timeoutMillis, write } = this.options
    return Effect.flatMap(Uuid.make, (id) => {
      const pending = this.pending ??= new Map()
      if (pending.size >= capacity) {
        return Effect.fail(
          new Reason.Transport({ detail: `more than ${capacity} requests are waiting for a response` })
        )
      }
      const response = Deferred.makeUnsafe<unknown, JsonRpc.RpcError>()
      pending.set(id, response)
      return write(JsonRpc.request(id, method, params)).pipe(
        Effect.andThen(Effect.mapError(Deferred.await(response), (error) => reasonOf(error, redact))),
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () => Effect.fail(new Reason.Timeout({ millis: timeoutMillis }))
        }),
        Effect.ensuring(Effect.sync(() => pending.delete(id)))
      )
    })
  }

  /** Completes the request that `frame` responds to; a response to a request that no longer waits is dropped. */
  complete(frame: Exclude<JsonRpc.Frame, { readonly _tag: "Request" }>): void {
    const response = this.pending?.get(frame.id)
    if (response === undefined) return
    const result = frame._tag === "Failure" ? Result.fail(frame.error) : JsonRpc.unwrap(frame.result)
    Deferred.doneUnsafe(response, Effect.fromResult(result))
  }
}
