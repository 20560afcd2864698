/**
 * The page under `/_sandbox/page`: files that were built ahead, read once and served from memory, so that no request
 * names a file of the disk.
 */
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import * as Refused from "@effect-signalwire/backend/Refused"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { readdir, readFile } from "node:fs/promises"
import { extname, join, sep } from "node:path"

/** Where the page is. */
export const path = "/_sandbox/page"

/** Where the build of the page writes to; beside `src` as well as beside `dist`. */
const built = join(import.meta.dirname, "../../static")

const contentTypes: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"]
])

/** Nothing but this server's own files, and connections to this server. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

interface File {
  readonly contentType: string
  readonly content: Uint8Array
}

/** Every file of the page by its path below {@link path}; none when the page was not built. */
const readFiles = async (directory: string): Promise<ReadonlyMap<string, File>> => {
  // a directory that is not there has no entries
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, File>()
  for (const entry of entries) {
    const contentType = contentTypes.get(extname(entry.name))
    if (!entry.isFile() || contentType === undefined) continue
    const file = join(entry.parentPath, entry.name)
    const name = file.slice(directory.length).replaceAll(sep, "/")
    files.set(name, { contentType, content: await readFile(file) })
  }
  return files
}

const notBuilt = HttpServerResponse.text(
  "The sandbox's page is not built. In a clone of the repository, `npx -y pnpm@12 run build` builds it; " +
    "then start the sandbox again.\n",
  { status: 404, headers }
)

/**
 * The routes of the page that was built into a directory. Only programs and pages of this machine reach them, as with the
 * admin API.
 */
export const layerFrom = (directory: string): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.use(
    Effect.fnUntraced(function*(router) {
      const files = yield* Effect.promise(() => readFiles(directory))
      const find = (name: string): Effect.Effect<HttpServerResponse.HttpServerResponse, Refused.Refused> => {
        const isDocument = name === "" || name === "/" || name === "/index.html"
        const file = files.get(isDocument ? "/index.html" : name)
        if (file === undefined) return files.size === 0 ? Effect.succeed(notBuilt) : Effect.fail(Refused.notFound)
        return Effect.succeed(HttpServerResponse.uint8Array(file.content, {
          contentType: file.contentType,
          // the name of an asset has the hash of its content
          headers: { ...headers, "cache-control": isDocument ? "no-cache" : "public, max-age=31536000, immutable" }
        }))
      }
      yield* router.add(
        "GET",
        // matches the path itself, too
        `${path}/*`,
        AdminRoutes.localOnly(
          Effect.flatMap(
            HttpServerRequest.HttpServerRequest,
            ({ url }) => find(url.slice(path.length).replace(/\?.*$/s, ""))
          ),
          { allowsLinks: true }
        )
      )
    })
  )

/** The routes of the page that belongs to this package. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = layerFrom(built)
