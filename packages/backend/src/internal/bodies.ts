/**
 * The body of the request at hand. It is read once, whoever asks for it, and has room while it arrives: what is announced
 * counts from the start, so that a body which never ends takes no more than it was given.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Refused from "../Refused.ts"
import type { Budget } from "./budget.ts"

/** The body, as text. */
export class RequestBody extends Context.Service<RequestBody, Effect.Effect<string, Refused.Refused>>()(
  "@effect-signalwire/backend/internal/RequestBody"
) {}

const read = (
  request: HttpServerRequest.HttpServerRequest,
  budget: Budget,
  maxBytes: number
): Effect.Effect<string, Refused.Refused> =>
  Effect.suspend(() => {
    const length = request.headers["content-length"]
    const announced = length === undefined ? maxBytes : Number(length)
    if (announced > maxBytes) return Effect.fail(Refused.tooLarge)
    const taken = Deferred.makeUnsafe<never, Refused.Refused>()
    const held = budget.open(() => Deferred.doneUnsafe(taken, Effect.fail(Refused.busy)))
    held.set(announced)
    return Effect.raceFirst(
      Effect.mapError(request.text, (error) =>
        "reason" in error.reason && error.reason.reason === "BodyTooLarge"
          ? Refused.tooLarge
          : Refused.malformed("The body could not be read")),
      Deferred.await(taken)
    ).pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
      Effect.ensuring(Effect.sync(held.close))
    )
  })

/** Gives a handler the body of its request, of at most so many bytes. */
export const provide = (budget: Budget, maxBytes: number) =>
<A, E, R>(
  handler: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, RequestBody> | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request) =>
      Effect.flatMap(Effect.cached(read(request, budget, maxBytes)), (body) =>
        Effect.provideService(handler, RequestBody, body))
  )
