/** How the page is served, whatever it consists of: the page itself is tested in `page/test`. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as HttpRouter from "effect/http/HttpRouter"
import { mkdirSync, writeFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { join } from "node:path"
import * as PageRoutes from "../src/internal/pageRoutes.ts"
import { temporary } from "./support.ts"

/** The routes of a page that consists of these files, by their names. */
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
  it("is served with and without a slash at the end, and is looked for anew each time", async () => {
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
  it("has assets of exact types, which may be kept as their names have their hashes", async () => {
    await using server = serve(page)
    for (const [name, type] of [["index-1.js", "text/javascript"], ["index-1.css", "text/css"]]) {
      const response = await server.get(`/_sandbox/page/assets/${name}`)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-type"), `${type}; charset=utf-8`)
      assert.strictEqual(response.headers.get("cache-control"), "public, max-age=31536000, immutable")
    }
  })
  it("allows itself nothing but this server, and is in no frame", async () => {
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
  it("consists of the files that were built, and of no other file of the disk", async () => {
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
  it("is for pages of this machine only", async () => {
    await using server = serve(page)
    assert.strictEqual((await server.get("/_sandbox/page", { origin: "https://example.com" })).status, 403)
    assert.strictEqual((await server.get("/_sandbox/page", { host: "example.com" })).status, 403)
    assert.strictEqual((await server.get("/_sandbox/page", { origin: "http://localhost:5173" })).status, 200)
  })
  it("is opened by links of other sites, which can't frame it", async () => {
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
  it("that was not built says what builds it", async () => {
    await using server = serve({})
    const response = await server.get("/_sandbox/page")
    assert.strictEqual(response.status, 404)
    assert.include(response.headers.get("content-type") ?? "", "text/plain")
    assert.include(await response.text(), "`npx -y pnpm@12 run build` builds it")
  })
  it("is part of every sandbox, and out of reach of a path that climbs", async () => {
    await using sandbox = await Sandbox.start()
    const { port } = new URL(sandbox.http)
    /** Asks for a path as it is, which `fetch` would removeExpired up. */
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
