/**
 * The body of the request at hand. It is read once, whoever asks for it, and has room while it arrives: what is announced
 * counts from the start, so that a body which never ends takes no more than it was given.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"
import * as Refused from "../Refused.ts"
import type { MemoryBudget, Reservation } from "./memoryBudget.ts"

/** The body, as text. */
export class RequestBody extends Context.Service<RequestBody, Effect.Effect<string, Refused.Refused>>()(
  "@effect-signalwire/backend/internal/RequestBody"
) {}

const failed = (error: HttpServerError): Refused.Refused =>
  "reason" in error.reason && error.reason.reason === "BodyTooLarge"
    ? Refused.tooLarge
    : Refused.malformed("The body could not be read")

/** What a chunk takes besides its bytes. */
const chunkBytes = 200

/** A body that does not say how long it is counts as it arrives. */
const readChunks = (
  request: HttpServerRequest.HttpServerRequest,
  held: Reservation,
  maxBytes: number
): Effect.Effect<string, Refused.Refused> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(failed),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > maxBytes) return Effect.fail(Refused.tooLarge)
        chunks.push(chunk)
        held.set(length + chunks.length * chunkBytes)
        return Effect.void
      }),
      Effect.map(() => {
        const whole = new Uint8Array(length)
        let at = 0
        for (const chunk of chunks) {
          whole.set(chunk, at)
          at += chunk.length
        }
        return new TextDecoder().decode(whole)
      })
    )
  })

const read = (
  request: HttpServerRequest.HttpServerRequest,
  budget: MemoryBudget,
  maxBytes: number
): Effect.Effect<string, Refused.Refused> =>
  Effect.suspend(() => {
    const isChunked = request.headers["transfer-encoding"] !== undefined
    // what has neither a length nor chunks is in memory already
    const announced = isChunked ? 0 : Number(request.headers["content-length"] ?? 0)
    if (announced > maxBytes) return Effect.fail(Refused.tooLarge)
    const taken = Deferred.makeUnsafe<never, Refused.Refused>()
    const held = budget.open(() => Deferred.doneUnsafe(taken, Effect.fail(Refused.busy)))
    held.set(announced)
    const text = isChunked ? readChunks(request, held, maxBytes) : Effect.mapError(request.text, failed)
    return Effect.raceFirst(text, Deferred.await(taken)).pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
      Effect.ensuring(Effect.sync(held.close))
    )
  })

/** Gives a handler the body of its request, of at most so many bytes. */
export const provide = (budget: MemoryBudget, maxBytes: number) =>
<A, E, R>(
  handler: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, RequestBody> | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request) =>
      Effect.flatMap(Effect.cached(read(request, budget, maxBytes)), (body) =>
        Effect.provideService(handler, RequestBody, body))
  )
