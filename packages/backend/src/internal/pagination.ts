/**
 * Reads lists page by page, from a snapshot that is taken when the first page is read.
 */
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type { Core } from "./core.ts"
import type { PageRequest, PageResult } from "./operations.ts"
import { PageSnapshots } from "./pageSnapshots.ts"
import { stringBytes } from "./stringBytes.ts"

/** The state of a list when its first page was read. */
interface Snapshot {
  /** The `seq` of the latest message; messages that were stored later are left out. */
  readonly seq: number
  /** The ids of the items, for lists of other things than messages. */
  readonly ids: ReadonlyArray<string>
}

/** A snapshot together with the list that it belongs to: a page token is only valid for the same list. */
interface ListSnapshot extends Snapshot {
  readonly listKey: string
}

/** The memory that a snapshot takes, and each id in it, in bytes. */
const snapshotBytes = 256
const idBytes = 16

export type Pagination = ReturnType<typeof make>

export const make = ({ ids, settings }: Pick<Core, "ids" | "settings">) => {
  const snapshots = new PageSnapshots<ListSnapshot>(ids.uuid)
  /** Reads a page of the list with this key. `take` makes the snapshot and `read` reads items from it. */
  const page = <A>(
    listKey: string,
    request: PageRequest,
    take: () => Snapshot,
    read: (snapshot: Snapshot, offset: number, count: number) => ReadonlyArray<A>
  ): Effect.Effect<PageResult<A>, ApiError.ApiError> =>
    Effect.suspend(() => {
      if (request.number > 0 && request.token === undefined) {
        return Effect.fail(ApiError.validation("page_token_required", "page_token is required", "page_token"))
      }
      if (request.token === "") {
        return Effect.fail(
          ApiError.validation("page_token_required_for_next_page", "page_token must not be empty", "page_token")
        )
      }
      const known = request.token === undefined ? undefined : snapshots.get(request.token)
      if (request.token !== undefined && known?.listKey !== listKey) {
        return Effect.fail(ApiError.validation("page_token_is_invalid", "page_token is invalid", "page_token"))
      }
      const snapshot = known ?? take()
      const size = Math.min(request.size, settings.maxPageSize)
      // one more item than the page has shows whether there is a next page
      const items = read(snapshot, request.number * size, size + 1)
      const hasNext = items.length > size
      const token = request.token ??
        (hasNext
          ? snapshots.add(
            { ...snapshot, listKey },
            snapshotBytes + snapshot.ids.length * idBytes + stringBytes(listKey)
          )
          : undefined)
      return Effect.succeed({ items: items.slice(0, size), hasNext, token })
    })
  /** Reads a page of a list whose snapshot consists of the ids of its items. Items that no longer exist are left out. */
  const pageOfIds = <A, B>(
    listKey: string,
    request: PageRequest,
    list: () => ReadonlyArray<A>,
    idOf: (item: A) => string,
    get: (id: string) => B | undefined
  ): Effect.Effect<PageResult<B>, ApiError.ApiError> =>
    page(
      listKey,
      request,
      () => ({ seq: 0, ids: list().map(idOf) }),
      ({ ids }, offset, count) =>
        ids.slice(offset, offset + count).flatMap((id) => {
          const item = get(id)
          return item === undefined ? [] : [item]
        })
    )

  return { page, pageOfIds }
}
