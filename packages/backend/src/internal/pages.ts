/**
 * Pages of lists, in windows that are pinned when the first page is read.
 */
import * as Effect from "effect/Effect"
import type { PageRequest, PageResult } from "../Backend.ts"
import * as Refused from "../Refused.ts"
import type { Core } from "./core.ts"
import { bytesOf } from "./memoryBudget.ts"
import { Windows } from "./windows.ts"

interface Window {
  /** Which list of whom it belongs to: a token of another list is refused. */
  readonly of: string
  /** Messages stored after this one stay out. */
  readonly seq: number
  /** The list as it was, of things that are not messages. */
  readonly ids: ReadonlyArray<string>
}

/** What a window takes, and each id that it remembers, in bytes. */
const windowBytes = 256
const idBytes = 16

export type Pages = ReturnType<typeof make>

export const make = ({ chance, settings }: Core) => {
  const windows = new Windows<Window>(chance.uuid)
  const page = <A>(
    of: string,
    request: PageRequest,
    window: () => Pick<Window, "seq" | "ids">,
    read: (window: Pick<Window, "seq" | "ids">, offset: number, count: number) => ReadonlyArray<A>
  ): Effect.Effect<PageResult<A>, Refused.Refused> =>
    Effect.suspend(() => {
      if (request.number > 0 && request.token === undefined) {
        return Effect.fail(Refused.invalid("page_token_required", "page_token is required", "page_token"))
      }
      if (request.token === "") {
        return Effect.fail(
          Refused.invalid("page_token_required_for_next_page", "page_token must not be empty", "page_token")
        )
      }
      const pinned = request.token === undefined ? undefined : windows.get(request.token)
      if (request.token !== undefined && pinned?.of !== of) {
        return Effect.fail(Refused.invalid("page_token_is_invalid", "page_token is invalid", "page_token"))
      }
      const current = pinned ?? window()
      const size = Math.min(request.size, settings.maxPageSize)
      // one more than it holds, to know whether there is a next page
      const items = read(current, request.number * size, size + 1)
      const hasNext = items.length > size
      const token = request.token ??
        (hasNext
          ? windows.pin({ ...current, of }, windowBytes + current.ids.length * idBytes + bytesOf(of))
          : undefined)
      return Effect.succeed({ items: items.slice(0, size), hasNext, token })
    })
  const pageOf = <A, B>(
    of: string,
    request: PageRequest,
    list: () => ReadonlyArray<A>,
    idOf: (item: A) => string,
    get: (id: string) => B | undefined
  ): Effect.Effect<PageResult<B>, Refused.Refused> =>
    page(
      of,
      request,
      () => ({ seq: 0, ids: list().map(idOf) }),
      ({ ids }, offset, count) =>
        ids.slice(offset, offset + count).flatMap((id) => {
          const item = get(id)
          return item === undefined ? [] : [item]
        })
    )

  return { page, pageOf }
}
