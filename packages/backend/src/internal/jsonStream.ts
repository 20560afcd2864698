/**
 * JSON responses with long lists. A short response is written at once. A longer one is streamed in chunks, each when the client
 * has read most of the data before it, so that it takes little memory however slowly it is read, and other requests are served
 * in between.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/** The minimum length of a chunk, in UTF-16 code units. */
const chunkLength = 70_000

const contentType = "application/json"

const encoder = new TextEncoder()

/** Joins `before`, the items and `after` to chunks. */
function* chunksOf(before: string, items: Iterable<string>, after: string): Generator<string> {
  let parts = [before]
  let length = before.length
  let separator = ""
  for (const item of items) {
    parts.push(separator, item)
    separator = ","
    length += item.length + 1
    if (length < chunkLength) continue
    yield parts.join("")
    parts = []
    length = 0
  }
  parts.push(after)
  yield parts.join("")
}

/** The first chunks of the bodies that are streamed. */
const firstChunks = new WeakMap<object, string>()

/** Responds with the items, each of them JSON, between `before` and `after`. The items are iterated while they are written. */
export const respond = (
  before: string,
  items: Iterable<string>,
  after: string
): HttpServerResponse.HttpServerResponse => {
  const chunks = chunksOf(before, items, after)
  const started = chunks.next()
  // there is always one chunk
  const first = started.done === true ? "" : started.value
  if (first.length < chunkLength) return HttpServerResponse.text(first, { contentType })
  const rest = Stream.mapEffect(
    Stream.fromIterable(chunks, { chunkSize: 1 }),
    (chunk) => Effect.as(Effect.yieldNow, encoder.encode(chunk))
  )
  const response = HttpServerResponse.stream(Stream.concat(Stream.sync(() => encoder.encode(first)), rest), {
    contentType
  })
  firstChunks.set(response.body, first)
  return response
}

/** Returns the body of a response, or the first chunk if it is streamed. */
export const firstChunk = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : firstChunks.get(body) ?? ""

/** Returns the complete body of a response. */
export const bodyText = ({ body }: HttpServerResponse.HttpServerResponse): Effect.Effect<string> =>
  body._tag === "Uint8Array"
    ? Effect.sync(() => new TextDecoder().decode(body.body))
    : body._tag === "Stream"
    ? Effect.orDie(Stream.mkString(Stream.decodeText(body.stream)))
    : Effect.succeed("")
