/**
 * One authorised request: the token goes in, a refused token is renewed once, and every failure has its reason.
 */
import type * as Credentials from "@effect-signalwire/schema/Credentials"
import * as Deadline from "@effect-signalwire/schema/Deadline"
import { Timeout, Transport, Unauthorized } from "@effect-signalwire/schema/Reason"
import { redact } from "@effect-signalwire/schema/Token"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { describe, withoutSecret } from "./cause.ts"
import { failed } from "./errors.ts"
import { interpret, type Reply } from "./reply.ts"
import { within } from "./retry.ts"
import type { Request, Transport as Carrier } from "./transport.ts"

/** A request on behalf of a method of the service. */
export interface Call {
  readonly method: string
  readonly request: Request
}

export interface Requests {
  /** For what may be repeated: tried again while the failure may heal. Answers the body's JSON. */
  readonly repeatable: (call: Call) => Effect.Effect<unknown, SignalWireHttpError>
  /** For what must not be processed twice: one request, and a second only when the first was turned away with 401. */
  readonly once: (call: Call) => Effect.Effect<unknown, SignalWireHttpError>
}

/** How long an attempt may take, and by when (unix milliseconds) it must have ended. */
interface Limits {
  readonly timeout: Duration.Duration
  readonly deadline: number
}

export interface Options {
  readonly transport: Carrier
  readonly credentials: Credentials.Service
  /** How long one attempt may take, of what may be repeated and of what may not. */
  readonly timeouts: { readonly repeatable: Duration.Duration; readonly once: Duration.Duration }
  readonly deadline: Duration.Duration
  readonly schedule: Schedule.Schedule<unknown, SignalWireHttpError>
}

/** Visible ASCII: transports quote a header that they cannot send, and with it the token. */
const isSendable = (token: string): boolean => /^[\x21-\x7e]+$/.test(token)

export const make = (options: Options): Requests => {
  const { credentials, timeouts, transport } = options

  const timeLeft = ({ deadline, timeout }: Limits, now: number): number =>
    Math.max(0, Math.min(Duration.toMillis(timeout), deadline - now))

  const exchange = (
    { method, request }: Call,
    token: Redacted.Redacted,
    limits: Limits
  ): Effect.Effect<Reply, SignalWireHttpError> =>
    Effect.withFiber((fiber) => {
      const secret = Redacted.value(token)
      if (!isSendable(secret)) {
        const detail = "it is empty, or has characters that no header may carry"
        return Effect.fail(failed(method, new Unauthorized({ detail })))
      }
      const millis = timeLeft(limits, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
      const answer = Effect.mapError(transport(request, token), (said) => {
        const cause = withoutSecret(said, secret)
        return failed(method, new Transport({ detail: redact(describe(cause), secret) }), cause)
      })
      return Deadline.orAfter(
        answer,
        millis,
        Effect.suspend(() => Effect.fail(failed(method, new Timeout({ millis }))))
      )
    })

  const renew = Effect.fnUntraced(function*(
    method: string,
    refused: Redacted.Redacted,
    limits: Limits
  ): Effect.fn.Return<Redacted.Redacted, SignalWireHttpError> {
    const millis = timeLeft(limits, yield* Clock.currentTimeMillis)
    return yield* credentials.renew(refused).pipe(
      Effect.mapError((error) => {
        const secret = Redacted.value(refused)
        const detail = redact(error.detail, secret)
        return failed(
          method,
          new Unauthorized({ detail, isRetryable: error.isRetryable }),
          withoutSecret(error, secret)
        )
      }),
      Effect.timeoutOrElse({
        duration: millis,
        orElse: () => {
          const detail = `no other token was given within ${millis} ms`
          return Effect.fail(failed(method, new Unauthorized({ detail, isRetryable: true })))
        }
      })
    )
  })

  const attempt = Effect.fnUntraced(function*(
    call: Call,
    limits: Limits
  ): Effect.fn.Return<unknown, SignalWireHttpError> {
    let token = yield* credentials.current
    let reply = yield* exchange(call, token, limits)
    if (reply.status === 401) {
      token = yield* renew(call.method, token, limits)
      reply = yield* exchange(call, token, limits)
    }
    const answer = interpret(reply, Redacted.value(token), yield* Clock.currentTimeMillis)
    return Result.isSuccess(answer) ? answer.success : yield* failed(call.method, answer.failure)
  })

  return {
    repeatable: (call) => within((deadline) => attempt(call, { timeout: timeouts.repeatable, deadline }), options),
    once: (call) => attempt(call, { timeout: timeouts.once, deadline: Number.POSITIVE_INFINITY })
  }
}
