/**
 * JSON answers with a long list. A short one is written at once. A longer one is written chunk by chunk, each when the
 * client has read most of what came before: it takes little memory, however long it is and however slowly it is read, and
 * others are served in between.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/** How long a chunk is at least, in UTF-16 code units. */
const chunkLength = 70_000

const contentType = "application/json"

const encoder = new TextEncoder()

/** The JSON around the items, joined to chunks. */
function* chunksOf(before: string, items: Iterable<string>, after: string): Generator<string> {
  let texts = [before]
  let length = before.length
  let separator = ""
  for (const item of items) {
    texts.push(separator, item)
    separator = ","
    length += item.length + 1
    if (length < chunkLength) continue
    yield texts.join("")
    texts = []
    length = 0
  }
  texts.push(after)
  yield texts.join("")
}

/** How the bodies begin that are written chunk by chunk. */
const firstChunks = new WeakMap<object, string>()

/** Answers with the items, each given as JSON, between two texts. They are asked for one after the other. */
export const respond = (
  before: string,
  items: Iterable<string>,
  after: string
): HttpServerResponse.HttpServerResponse => {
  const chunks = chunksOf(before, items, after)
  const begun = chunks.next()
  // there is always one chunk
  const first = begun.done === true ? "" : begun.value
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

/** The text of an answer, or the first chunk of it. */
export const firstChunkOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : firstChunks.get(body) ?? ""

/** The whole text of an answer. */
export const textOf = ({ body }: HttpServerResponse.HttpServerResponse): Effect.Effect<string> =>
  body._tag === "Uint8Array"
    ? Effect.sync(() => new TextDecoder().decode(body.body))
    : body._tag === "Stream"
    ? Effect.orDie(Stream.mkString(Stream.decodeText(body.stream)))
    : Effect.succeed("")
