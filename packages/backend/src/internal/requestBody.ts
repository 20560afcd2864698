/**
 * Reads the body of a request, once, and counts it against the memory budget. The announced length counts from the start, so that
 * clients cannot exceed the budget with bodies that they do not finish.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as ApiError from "../ApiError.ts"
import { brokenConnection } from "./brokenConnection.ts"
import type { MemoryBudget, Reservation } from "./memoryBudget.ts"

/** The body of the current request. */
export class RequestBody extends Context.Service<RequestBody, Effect.Effect<string, ApiError.ApiError>>()(
  "@effect-signalwire/backend/internal/RequestBody"
) {}

const toApiError = (error: HttpServerError): ApiError.ApiError =>
  "reason" in error.reason && error.reason.reason === "BodyTooLarge"
    ? ApiError.payloadTooLarge
    : ApiError.badRequest("The body could not be read")

/** The memory that a chunk takes besides its content, in bytes. */
const chunkOverhead = 200

/** The maximum length of a body that is not counted against the budget, in bytes; most messages are shorter. */
const smallBody = 16_384

/** Reads a body in chunks. It counts with its announced length, or with the received length if that is greater. */
const readChunks = (
  request: HttpServerRequest.HttpServerRequest,
  announced: number,
  reservation: Reservation,
  maxBytes: number
): Effect.Effect<string, ApiError.ApiError> =>
  Effect.suspend(() => {
    reservation.set(announced)
    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(toApiError),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > maxBytes) return Effect.fail(ApiError.payloadTooLarge)
        chunks.push(chunk)
        reservation.set(Math.max(announced, length + chunks.length * chunkOverhead))
        return Effect.void
      }),
      Effect.map(() => concat(chunks, length))
    )
  })

const concat = (chunks: ReadonlyArray<Uint8Array>, length: number): string => {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return new TextDecoder().decode(whole)
}

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>

/**
 * Provides a handler with the body of its request, of at most `maxBytes`. A long body counts against the budget until the handler
 * completes. If it is evicted before it was read, reading fails with 503. If it is evicted later, the handler is interrupted and
 * the connection is broken, because the handler may have stored something already, and 503 would say otherwise.
 */
export const provide =
  (budget: MemoryBudget, maxBytes: number) =>
  <R>(handler: Handler<R>): Handler<Exclude<R, RequestBody> | HttpServerRequest.HttpServerRequest> =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers
      const announced = Number(length)
      const withBody = (read: Effect.Effect<string, ApiError.ApiError>) =>
        Effect.flatMap(Effect.cached(read), (body) => Effect.provideService(handler, RequestBody, body))
      if (announced > maxBytes) return withBody(Effect.fail(ApiError.payloadTooLarge))
      // a request without a length and without chunks was made in memory
      if (announced <= smallBody && encoding === undefined) {
        return withBody(Effect.provideService(
          Effect.mapError(request.text, toApiError),
          HttpIncomingMessage.MaxBodySize,
          ByteSize.bytes(maxBytes)
        ))
      }
      const evicted = Deferred.makeUnsafe<string, ApiError.ApiError>()
      const evictedLater = Deferred.makeUnsafe<void>()
      let isRead = false
      const reservation = budget.open(() =>
        isRead
          ? Deferred.doneUnsafe(evictedLater, Effect.void)
          : Deferred.doneUnsafe(evicted, Effect.fail(ApiError.overloaded))
      )
      const read = readChunks(request, Number.isNaN(announced) ? 0 : announced, reservation, maxBytes).pipe(
        Effect.raceFirst(Deferred.await(evicted)),
        Effect.tap(() =>
          Effect.sync(() => {
            isRead = true
          })
        )
      )
      return withBody(read).pipe(
        Effect.raceFirst(Effect.andThen(Deferred.await(evictedLater), brokenConnection)),
        Effect.ensuring(Effect.sync(reservation.close))
      )
    })
