/**
 * The response with a page of a list and the links to its other pages.
 */
import * as Iterable from "effect/Iterable"
import * as JsonStream from "./jsonStream.ts"
import type { PageRequest, PageResult } from "./operations.ts"

/**
 * Responds with a page. The links have the query parameters of the request; `next` and `prev` are left out if there is no such
 * page. An empty `origin` makes them relative.
 */
export const pageResponse = <A>(
  origin: string,
  url: URL,
  request: PageRequest,
  page: PageResult<A>,
  encode: (item: A) => unknown
) => {
  const link = (number: number | undefined) => {
    const query = new URLSearchParams(url.search)
    query.delete("page_number")
    query.delete("page_token")
    if (number !== undefined && page.token !== undefined) {
      query.set("page_number", String(number))
      query.set("page_token", page.token)
    }
    const text = query.toString()
    return `${origin}${url.pathname}${text === "" ? "" : `?${text}`}`
  }
  const links = {
    self: link(request.token === undefined ? undefined : request.number),
    first: link(undefined),
    ...(page.hasNext ? { next: link(request.number + 1) } : undefined),
    ...(request.number > 0 ? { prev: link(request.number - 1) } : undefined)
  }
  return JsonStream.respond(
    `{"data":[`,
    Iterable.map(page.items, (item) => JSON.stringify(encode(item))),
    `],"links":${JSON.stringify(links)}}`
  )
}
