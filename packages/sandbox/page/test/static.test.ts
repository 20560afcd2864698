/** The size and the contents of the built page. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, beforeAll, describe, it } from "vitest"

const directory = join(import.meta.dirname, "../../static")

describe("the built page", () => {
  let files: ReadonlyMap<string, string>

  beforeAll(() => {
    const names = globSync("**/*.*", { cwd: directory })
    assert.isNotEmpty(names, "The page is not built; run `pnpm run build` at the root of the repository")
    files = new Map(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]))
  })

  const html = () => files.get("index.html") ?? ""

  it("consists of a document, a script and a style sheet, without source maps", () => {
    assert.sameMembers([...files.keys()].map((name) => name.replace(/^assets\/index-[\w-]{8}\./, "index.")), [
      "index.html",
      "index.js",
      "index.css"
    ])
    for (const text of files.values()) assert.notInclude(text, "sourceMappingURL")
  })

  it("is at most 150 kB in total, with gzip", () => {
    const sizes = [...files.values()].map((text) => gzipSync(text, { level: 9 }).length)
    assert.isAtMost(sizes.reduce((sum, size) => sum + size), 150_000)
  })

  it("has no inline script and no inline style", () => {
    for (const [, content] of html().matchAll(/<script\b[^>]*>([^]*?)<\/script>/g)) assert.strictEqual(content, "")
    assert.notMatch(html(), /<style\b|\bstyle=|\bon\w+=/)
  })

  it("makes no requests to other hosts", () => {
    const urls = [...html().matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url = ""]) => url)
    assert.isNotEmpty(urls)
    for (const url of urls) assert.match(url, /^(?:\/_sandbox\/page\/assets\/|data:image\/svg)/)
    for (const [name, text] of files) if (name.endsWith(".css")) assert.notMatch(text, /url\(|@import/)
  })
})
