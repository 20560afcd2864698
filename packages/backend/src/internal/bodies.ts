/**
 * The body of the request at hand. It is read once, however many ask for it, and has room while it arrives: what is announced
 * counts from the start, so that a body which never ends takes no more than it was given.
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
import * as Refused from "../Refused.ts"
import { brokenConnection } from "./brokenConnection.ts"
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

/** How long a body may be that counts for nothing while it arrives, in bytes: as long as most messages are. */
const smallBody = 16_384

/** A body counts as announced, or as much as has arrived when that is more. */
const readChunks = (
  request: HttpServerRequest.HttpServerRequest,
  announced: number,
  reservation: Reservation,
  maxBytes: number
): Effect.Effect<string, Refused.Refused> =>
  Effect.suspend(() => {
    reservation.set(announced)
    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(failed),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > maxBytes) return Effect.fail(Refused.tooLarge)
        chunks.push(chunk)
        reservation.set(Math.max(announced, length + chunks.length * chunkBytes))
        return Effect.void
      }),
      Effect.map(() => joined(chunks, length))
    )
  })

const joined = (chunks: ReadonlyArray<Uint8Array>, length: number): string => {
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
 * Gives a handler the body of its request, of at most so many bytes. A long body is held for as long as the handler runs.
 * When there is no room for it any more before it was read, reading it fails with 503. Later the handler is interrupted and
 * the connection broken: the handler may have stored something by then, which 503 would deny.
 */
export const provide =
  (budget: MemoryBudget, maxBytes: number) =>
  <R>(handler: Handler<R>): Handler<Exclude<R, RequestBody> | HttpServerRequest.HttpServerRequest> =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers
      const announced = Number(length)
      const withBody = (read: Effect.Effect<string, Refused.Refused>) =>
        Effect.flatMap(Effect.cached(read), (body) => Effect.provideService(handler, RequestBody, body))
      if (announced > maxBytes) return withBody(Effect.fail(Refused.tooLarge))
      // what has neither a length nor chunks is in memory already
      if (announced <= smallBody && encoding === undefined) {
        return withBody(Effect.provideService(
          Effect.mapError(request.text, failed),
          HttpIncomingMessage.MaxBodySize,
          ByteSize.bytes(maxBytes)
        ))
      }
      const evicted = Deferred.makeUnsafe<string, Refused.Refused>()
      const evictedLater = Deferred.makeUnsafe<void>()
      let isRead = false
      const reservation = budget.open(() =>
        isRead
          ? Deferred.doneUnsafe(evictedLater, Effect.void)
          : Deferred.doneUnsafe(evicted, Effect.fail(Refused.busy))
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
