import * as StaleLink from "@effect-signalwire/http/StaleLink"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConversationError } from "../src/ConversationError.ts"
import * as PageReader from "../src/internal/pageReader.ts"
import { makeEndless, message, page } from "./support.ts"

type End = "lastPage" | "maxPages"
type Page = PageReader.MessagePage<ConversationError>
type Reader = PageReader.PageReader<Page["data"][number], string, ConversationError>

const failure = (reason: Reason.Reason) => new ConversationError({ method: "timeline", reason })
const gone = failure(new Reason.NotFound({ detail: "the page has expired" }))

/** Pages of one message each, and no more. */
const pages = (...ids: ReadonlyArray<string>): Page => {
  const [text = "", ...others] = ids
  return page([message(text, 1)], others.length === 0 ? undefined : Effect.sync(() => Option.some(pages(...others))))
}

/** Reads pages, and returns what is on them, and how the read ended. */
const read = (
  from: Reader["from"],
  { maxPages = 10, stopAt }: { readonly maxPages?: number; readonly stopAt?: string } = {}
) => {
  const restarts: Array<number> = []
  const result = PageReader.readPages<Page["data"][number], string, ConversationError>((count) => {
    restarts.push(count)
    const found: Array<string | null> = []
    const end = (how: string) => Effect.succeed(`${found.join(" ")}: ${how}`)
    return {
      from,
      maxPages,
      onPage: ({ data }) => {
        found.push(...data.map(({ text }) => text))
        return stopAt !== undefined && found.includes(stopAt) ? end("stopped") : undefined
      },
      onEnd: (how: End) => end(how)
    }
  })
  return { result, restarts }
}

describe("readPages", () => {
  it.effect("reads all pages to the last", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* read({ first: Effect.succeed(pages("a", "b", "c")) }).result, "a b c: lastPage")
    }))

  it.effect("stops at the page that has what was sought", () =>
    Effect.gen(function*() {
      const { result } = read({ first: Effect.succeed(pages("a", "b", "c")) }, { stopAt: "b" })
      assert.strictEqual(yield* result, "a b: stopped")
    }))

  it.effect("reads at most as many pages as it may, and says that there are more", () =>
    Effect.gen(function*() {
      const { newest, reads } = makeEndless((number) => [message(`${number}`, 1)])
      assert.strictEqual(yield* read({ first: newest }, { maxPages: 3 }).result, "0 1 2: maxPages")
      assert.strictEqual(reads(), 3)
    }))

  it.effect("says that it has read the last page when that is the last one it may read", () =>
    Effect.gen(function*() {
      const { result } = read({ first: Effect.succeed(pages("a", "b")) }, { maxPages: 2 })
      assert.strictEqual(yield* result, "a b: lastPage")
    }))

  it.effect("begins at a link that an earlier read kept", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* read({ link: Effect.succeedSome(pages("b", "c")) }).result, "b c: lastPage")
    }))

  it.effect("ends at a link without a page", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* read({ link: Effect.succeedNone }).result, ": lastPage")
    }))

  it.effect("passes each page with the link that leads to it", () =>
    Effect.gen(function*() {
      const links: Array<PageReader.PageLink<Page["data"][number], ConversationError>> = []
      yield* PageReader.readPages<Page["data"][number], void, ConversationError>(() => ({
        from: { first: Effect.succeed(pages("a", "b")) },
        maxPages: 10,
        onPage: (_, link) => void links.push(link),
        onEnd: () => Effect.void
      }))
      const found = yield* Effect.forEach(links, (link) => Effect.map(link, Option.getOrThrow))
      assert.deepStrictEqual(found.map(({ data }) => data[0]?.text), ["a", "b"])
    }))

  it.effect("begins again, with the number of restarts so far, when a link between pages has gone stale", () =>
    Effect.gen(function*() {
      let links = 0
      const next = Effect.suspend(() => ++links <= 2 ? Effect.fail(gone) : Effect.succeedSome(pages("b")))
      const { restarts, result } = read({ first: Effect.succeed(page([message("a", 1)], next)) })
      assert.strictEqual(yield* result, "a b: lastPage")
      assert.deepStrictEqual(restarts, [0, 1, 2])
    }))

  it.effect("begins again when the link that an earlier read kept has gone stale", () =>
    Effect.gen(function*() {
      let links = 0
      const { restarts, result } = read({
        link: Effect.suspend(() => ++links <= 1 ? Effect.fail(gone) : Effect.succeedSome(pages("b")))
      })
      assert.strictEqual(yield* result, "b: lastPage")
      assert.deepStrictEqual(restarts, [0, 1])
    }))

  it.effect("fails with the original error when links go stale every time", () =>
    Effect.gen(function*() {
      const { restarts, result } = read({ link: Effect.fail(gone) })
      assert.strictEqual(yield* Effect.flip(result), gone)
      assert.lengthOf(restarts, 1 + StaleLink.maxRestarts)
    }))

  it.effect("does not read the first page again that is not found", () =>
    Effect.gen(function*() {
      const { restarts, result } = read({ first: Effect.fail(gone) })
      assert.strictEqual(yield* Effect.flip(result), gone)
      assert.deepStrictEqual(restarts, [0])
    }))

  it.effect("does not begin again after any other failure", () =>
    Effect.gen(function*() {
      const lost = failure(new Reason.Transport({ detail: "the connection broke" }))
      const { restarts, result } = read({ first: Effect.succeed(page([message("a", 1)], Effect.fail(lost))) })
      assert.strictEqual(yield* Effect.flip(result), lost)
      assert.deepStrictEqual(restarts, [0])
    }))
})
