/**
 * Serves the page under `/_sandbox/page`. Its files are read once and served from memory, so that no request can name a file on
 * the disk.
 */
import * as AdminRoutes from "@effect-signalwire/backend/AdminRoutes"
import * as ApiError from "@effect-signalwire/backend/ApiError"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { readdir, readFile } from "node:fs/promises"
import { extname, join, sep } from "node:path"

/** The path of the page. */
export const path = "/_sandbox/page"

/** The output directory of the page's build; next to both `src` and `dist`. */
const built = join(import.meta.dirname, "../../static")

const contentTypes: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"]
])

/** Allows only files of this server, and connections to it. */
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

/** Reads all files of the page, by path below {@link path}. There are none if the page was not built. */
const readFiles = async (directory: string): Promise<ReadonlyMap<string, File>> => {
  // a missing directory has no entries
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
  "The page of the sandbox is not built. In a clone of the repository, build it with `npx -y pnpm@12 run build`, " +
    "then restart the sandbox.\n",
  { status: 404, headers }
)

/**
 * Adds the routes of a page that was built into a directory. Like the admin API, they are restricted to programs and pages on this
 * machine.
 */
export const layerFrom = (directory: string): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.use(
    Effect.fnUntraced(function*(router) {
      const files = yield* Effect.promise(() => readFiles(directory))
      const find = (name: string): Effect.Effect<HttpServerResponse.HttpServerResponse, ApiError.ApiError> => {
        const isDocument = name === "" || name === "/" || name === "/index.html"
        const file = files.get(isDocument ? "/index.html" : name)
        if (file === undefined) return files.size === 0 ? Effect.succeed(notBuilt) : Effect.fail(ApiError.notFound)
        return Effect.succeed(HttpServerResponse.uint8Array(file.content, {
          contentType: file.contentType,
          // the name of an asset contains the hash of its content
          headers: { ...headers, "cache-control": isDocument ? "no-cache" : "public, max-age=31536000, immutable" }
        }))
      }
      yield* router.add(
        "GET",
        // also matches the path itself
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

/** Adds the routes of this package's page. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = layerFrom(built)
