/** How the page is served. The page itself is tested in `page/test`. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as HttpRouter from "effect/http/HttpRouter"
import { mkdirSync, writeFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { join } from "node:path"
import * as PageRoutes from "../src/internal/pageRoutes.ts"
import { temporary } from "./support.ts"

/** The routes of a page with these files, by name. */
const serve = (files: Readonly<Record<string, string>>) => {
  const directory = temporary()
  const built = join(directory.path, "static")
  for (const [name, content] of Object.entries(files)) {
    const file = join(built, name)
    mkdirSync(join(file, ".."), { recursive: true })
    writeFileSync(file, content)
  }
  const { dispose, handler } = HttpRouter.toWebHandler(PageRoutes.layerFrom(built), { disableLogger: true })
  return {
    get: (path: string, headers: Record<string, string> = {}) =>
      handler(new Request(`http://localhost${path}`, { headers })),
    [Symbol.asyncDispose]: async () => {
      await dispose()
      directory[Symbol.dispose]()
    }
  }
}

const page = { "index.html": "<!doctype html><p>page", "assets/index-1.js": "1", "assets/index-1.css": "p {}" }

describe("the page", () => {
  it("is served with and without a trailing slash, and is not cached", async () => {
    await using server = serve(page)
    for (
      const path of [
        "/_sandbox/page",
        "/_sandbox/page/",
        "/_sandbox/page?x=1",
        "/_sandbox/page/?x=1",
        "/_sandbox/page/index.html"
      ]
    ) {
      const response = await server.get(path)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(await response.text(), page["index.html"])
      assert.strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8")
      assert.strictEqual(response.headers.get("cache-control"), "no-cache")
    }
  })
  it("has assets with exact content types, which are cached because their names contain a hash", async () => {
    await using server = serve(page)
    for (const [name, type] of [["index-1.js", "text/javascript"], ["index-1.css", "text/css"]]) {
      const response = await server.get(`/_sandbox/page/assets/${name}`)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-type"), `${type}; charset=utf-8`)
      assert.strictEqual(response.headers.get("cache-control"), "public, max-age=31536000, immutable")
    }
  })
  it("has a policy that allows only this server, and no framing", async () => {
    await using server = serve(page)
    for (const path of ["/_sandbox/page", "/_sandbox/page/assets/index-1.js"]) {
      const { headers } = await server.get(path)
      assert.strictEqual(
        headers.get("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      )
      assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
      assert.strictEqual(headers.get("referrer-policy"), "no-referrer")
      assert.strictEqual(headers.get("cross-origin-opener-policy"), "same-origin")
      assert.strictEqual(headers.get("cross-origin-resource-policy"), "same-origin")
    }
  })
  it("consists only of the files that were built", async () => {
    await using server = serve({ ...page, "../secret.js": "secret", "notes.txt": "notes" })
    for (
      const path of [
        "/assets/../../secret.js",
        "/%2e%2e/secret.js",
        "/..%2fsecret.js",
        "/..%5csecret.js",
        "//secret.js",
        "/notes.txt",
        "/assets",
        "/assets/",
        "/index-1.js",
        "/__proto__",
        "x"
      ]
    ) {
      assert.strictEqual((await server.get(`/_sandbox/page${path}`)).status, 404, path)
    }
  })
  it("is restricted to this machine", async () => {
    await using server = serve(page)
    assert.strictEqual((await server.get("/_sandbox/page", { origin: "https://example.com" })).status, 403)
    assert.strictEqual((await server.get("/_sandbox/page", { host: "example.com" })).status, 403)
    assert.strictEqual((await server.get("/_sandbox/page", { origin: "http://localhost:5173" })).status, 200)
  })
  it("can be opened by links on other sites, but not framed", async () => {
    await using server = serve(page)
    const statusOf = async (destination: string) => {
      const headers = { "sec-fetch-site": "cross-site", "sec-fetch-dest": destination }
      return (await server.get("/_sandbox/page", headers)).status
    }
    assert.deepStrictEqual([await statusOf("document"), await statusOf("iframe"), await statusOf("image")], [
      200,
      403,
      403
    ])
  })
  it("returns build instructions if it was not built", async () => {
    await using server = serve({})
    const response = await server.get("/_sandbox/page")
    assert.strictEqual(response.status, 404)
    assert.include(response.headers.get("content-type") ?? "", "text/plain")
    assert.include(await response.text(), "build it with `npx -y pnpm@12 run build`")
  })
  it("is part of every sandbox, and does not serve parent directories", async () => {
    await using sandbox = await Sandbox.start()
    const { port } = new URL(sandbox.http)
    /** Requests a path without normalization, which `fetch` would normalize. */
    const statusOf = (path: string) =>
      new Promise<number>((resolve, reject) => {
        httpRequest({ host: "127.0.0.1", port, path }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        }).on("error", reject).end()
      })
    const response = await fetch(`${sandbox.admin}/page`)
    assert.strictEqual(response.headers.get("referrer-policy"), "no-referrer")
    assert.strictEqual(await statusOf("/_sandbox/page/../../package.json"), 404)
    assert.strictEqual(await statusOf("/_sandbox/page/assets/../../src/main.ts"), 404)
  })
})
