import * as Message from "@effect-signalwire/schema/ConversationMessage"
import * as Page from "@effect-signalwire/schema/Page"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Reasons from "@effect-signalwire/schema/Reason"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import { failureOf, jsonRoundTrip, valueOf } from "./support.ts"

const item = (id: string, ts: unknown = 1735790645.4561234) => ({ id, conversation_id: "c", ts })

const decode = (input: unknown) => valueOf(Page.decode(input, Message.decode))

it("decodes the items of a page in order", () => {
  const { items, malformed } = decode({ data: [item("b"), item("a")], links: {} })
  assert.deepStrictEqual([items.map(({ id }) => id), malformed], [["b", "a"], []])
})

it("reports a malformed item with its path, and keeps the other items", () => {
  const { items, malformed } = decode({
    data: [item("a"), item("b"), item("c"), item("d", "yesterday"), item("e")],
    links: { next: "/api/fabric/messages?page_number=1" }
  })
  assert.deepStrictEqual(items.map(({ id }) => id), ["a", "b", "c", "e"])
  assert.deepStrictEqual(malformed.map(({ path }) => path), ["data[3].ts"])
})

it("reports every malformed item", () => {
  const { items, malformed } = decode({ data: [null, item("a"), item("b", null), "c"], links: {} })
  assert.deepStrictEqual(items.map(({ id }) => id), ["a"])
  assert.deepStrictEqual(malformed.map(({ path }) => path), ["data[0]", "data[2].ts", "data[3]"])
})

it("decodes the links of a page", () => {
  const links = {
    self: "/api/fabric/messages?page_size=20",
    first: "/api/fabric/messages?page_size=20",
    next: "/api/fabric/messages?page_number=1&page_size=20&page_token=PAa0c1d2e3-0000-4000-8000-000000000001",
    prev: "/api/fabric/messages?page_number=0&page_size=20&page_token=PAa0c1d2e3-0000-4000-8000-000000000000"
  }
  assert.deepStrictEqual(decode({ data: [], links }).links, links)
})

it.each([undefined, null, {}, { next: null, prev: "" }])("finds no links in %j", (links) => {
  assert.deepStrictEqual(decode(jsonRoundTrip({ data: [], links })).links, {})
})

it.each([
  ["data", { links: {} }],
  ["data", { data: {}, links: {} }],
  ["links.next", { data: [], links: { next: 1 } }],
  ["", "<html>"]
])("reports the path %j of a malformed page", (path, input) => {
  assert.strictEqual(failureOf(Page.decode(input, Message.decode)).path, path)
})

const counting = (from: number): Page.Page<number, string> => ({
  data: [from],
  hasNext: from < 2,
  hasPrev: from > 0,
  malformed: [],
  next: from < 2 ? Effect.sync(() => Option.some(counting(from + 1))) : Effect.fail("no more"),
  prev: Effect.sync(() => from > 0 ? Option.some(counting(from - 1)) : Option.none()),
  first: Effect.sync(() => counting(0)),
  self: Effect.sync(() => counting(from))
})

const doubled = (from: number) =>
  Page.mapBoth(counting(from), { onItem: (item) => item * 2, onError: (error) => ({ error }) })

it.effect("maps the items of a page and of the pages that it leads to", () =>
  Effect.gen(function*() {
    const page = doubled(1)
    const next = Option.getOrThrow(yield* page.next)
    const prev = Option.getOrThrow(yield* page.prev)
    assert.deepStrictEqual(
      [page.data, next.data, prev.data, (yield* page.first).data, (yield* page.self).data],
      [[2], [4], [0], [0], [2]]
    )
    assert.isTrue(Option.isNone(yield* prev.prev))
  }))

it.effect("maps the error of the pages that it leads to", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* Effect.flip(doubled(2).next), { error: "no more" })
  }))

/** An endless list of pages, each with its number as its only item, and a count of the pages that were read. */
const endless = () => {
  let reads = 0
  const at = (number: number): Page.Page<number, Reason> => {
    reads++
    return {
      data: [number],
      hasNext: true,
      hasPrev: true,
      malformed: [],
      next: Effect.sync(() => Option.some(at(number + 1))),
      prev: Effect.sync(() => Option.some(at(number - 1))),
      first: Effect.sync(() => at(0)),
      self: Effect.sync(() => at(number))
    }
  }
  return { first: at(0), reads: () => reads }
}

const getSome = <A, E>(effect: Effect.Effect<Option.Option<A>, E>) => Effect.map(effect, Option.getOrThrow)

it.effect("skips pages without a matching item, in both directions", () =>
  Effect.gen(function*() {
    const first = yield* Page.filter(endless().first, (number) => number % 20 === 7, identity)
    const second = yield* getSome(first.next)
    assert.deepStrictEqual([first.data, second.data, (yield* getSome(second.prev)).data], [[7], [27], [7]])
  }))

it.effect("P7.4: skips 50 pages in one call, and continues from an empty page", () =>
  Effect.gen(function*() {
    const { first, reads } = endless()
    const page = yield* Page.filter(first, (number) => number === 120, identity)
    assert.deepStrictEqual([page.data, page.hasNext, reads()], [[], true, 51])
    const second = yield* getSome(page.next)
    assert.deepStrictEqual([second.data, reads()], [[], 101])
    assert.deepStrictEqual((yield* getSome(second.next)).data, [120])
  }))

it.effect.each(["next", "prev"] as const)(
  "P7.4: fails after a thousand pages without a matching item: %s",
  (direction) =>
    Effect.gen(function*() {
      const { first, reads } = endless()
      const toTheEnd = (page: Page.Page<number, Reason>): Effect.Effect<void, Reason> =>
        Effect.flatMap(page[direction], Option.match({ onNone: () => Effect.void, onSome: toTheEnd }))
      const reason = yield* Effect.flip(
        Effect.flatMap(Page.filter(first, (number) => number === 0, identity), toTheEnd)
      )
      assert.deepInclude(reason, { _tag: "Malformed", path: `links.${direction}` })
      assert.strictEqual(reads(), 1001)
    })
)

it.effect("reads any number of pages that each have a matching item", () =>
  Effect.gen(function*() {
    let page = yield* Page.filter(endless().first, () => true, identity)
    for (let n = 0; n < 3000; n++) page = yield* getSome(page.next)
    assert.deepStrictEqual(page.data, [3000])
  }))

it.each([undefined, null, {}, { next: null }, { self: "/s", first: "/f", next: "/n", prev: "/p" }])(
  "recognises a page without decoding it, with the links %j",
  (links) => {
    assert.isTrue(Page.isWire(jsonRoundTrip({ data: [1], links })))
  }
)

it.each<readonly [string, unknown]>([
  ["no data", { links: {} }],
  ["data that is no array", { data: {}, links: {} }],
  ["links that are no object", { data: [], links: [] }],
  ...["self", "first", "next", "prev"].map((
    name
  ): readonly [string, unknown] => [`a wrong link ${name}`, { data: [], links: { [name]: 1 } }]),
  ["no object", []]
])("does not recognise a page with %s", (_, input) => {
  assert.isFalse(Page.isWire(input))
})

it.each<readonly [boolean, Reason]>([
  [true, new Reasons.NotFound({ detail: "no page" })],
  [true, new Reasons.Invalid({ errors: [] })],
  [false, new Reasons.Forbidden({ detail: "no" })],
  [false, new Reasons.ServerError({ status: 500, detail: "no" })],
  [false, new Reasons.Malformed({ path: "links.next", detail: "no" })]
])("the server may not know a link any more: %s for $1._tag", (expected, reason) => {
  assert.strictEqual(Page.isStaleLinkReason(reason), expected)
})

/** A list of pages with these items. */
const listOf = (pages: ReadonlyArray<ReadonlyArray<number>>, index = 0): Page.Page<number, Reason> => {
  const at = (other: number) =>
    Effect.sync(() => other in pages ? Option.some(listOf(pages, other)) : Option.none<Page.Page<number, Reason>>())
  return {
    data: pages[index] ?? [],
    hasNext: index < pages.length - 1,
    hasPrev: index > 0,
    malformed: [],
    next: at(index + 1),
    prev: at(index - 1),
    first: Effect.sync(() => listOf(pages)),
    self: Effect.sync(() => listOf(pages, index))
  }
}

const isEven = (number: number) => number % 2 === 0

it.effect("keeps the matching items of a page that has others too", () =>
  Effect.gen(function*() {
    const first = yield* Page.filter(listOf([[1, 2, 3], [5], [7, 8, 9, 10]]), isEven, identity)
    const next = yield* getSome(first.next)
    assert.deepStrictEqual([first.data, next.data], [[2], [8, 10]])
  }))

it.effect("has no page beyond the last match, in either direction", () =>
  Effect.gen(function*() {
    const first = yield* Page.filter(listOf([[1], [2], [3]]), isEven, identity)
    assert.deepStrictEqual(first.data, [2])
    assert.isTrue(Option.isNone(yield* first.next))
    assert.isTrue(Option.isNone(yield* first.prev))
  }))

it.effect("is an empty page if no page has a match", () =>
  Effect.gen(function*() {
    for (const list of [listOf([[1]]), listOf([[1], [3]])]) {
      assert.deepStrictEqual((yield* Page.filter(list, isEven, identity)).data, [])
    }
  }))

it.effect("reads itself and the first page again, filtered", () =>
  Effect.gen(function*() {
    const first = yield* Page.filter(listOf([[1], [2, 3], [4, 5]]), isEven, identity)
    const second = yield* getSome(first.next)
    assert.deepStrictEqual([(yield* second.self).data, (yield* second.first).data], [[4], [2]])
  }))

it.effect("P7.4: continues past the fiftieth page only where there is another one", () =>
  Effect.gen(function*() {
    const pages = (count: number) => listOf([[0], ...Array.from({ length: count }, () => [1])])
    const last = yield* Page.filter(pages(50), isEven, identity)
    assert.isTrue(Option.isNone(yield* last.next))
    const more = yield* getSome((yield* Page.filter(pages(51), isEven, identity)).next)
    assert.deepStrictEqual([more.data, more.hasNext], [[], true])
    assert.isTrue(Option.isNone(yield* more.next))
  }))

it.effect("P7.4: continues before the fiftieth page only where there is another one", () =>
  Effect.gen(function*() {
    const from = (count: number) =>
      Page.filter(listOf([...Array.from({ length: count }, () => [1]), [0], [2]]), (number) => number === 2, identity)
    const first = yield* Page.filter(listOf([...Array.from({ length: 50 }, () => [1]), [0], [2]], 50), isEven, identity)
    assert.isTrue(Option.isNone(yield* first.prev))
    assert.deepStrictEqual((yield* from(10)).data, [2])
    const more = yield* getSome(
      (yield* Page.filter(listOf([...Array.from({ length: 51 }, () => [1]), [0]], 51), isEven, identity)).prev
    )
    assert.deepStrictEqual([more.data, more.hasPrev], [[], true])
  }))
