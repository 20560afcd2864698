import * as Url from "@effect-signalwire/runtime/Url"
import { assert, it } from "@effect/vitest"

it("parses an absolute URL, and one that is relative to another", () => {
  assert.strictEqual(Url.parse("https://a.test/b?c#d")?.href, "https://a.test/b?c#d")
  assert.strictEqual(Url.parse("b?c", "https://a.test/d/")?.href, "https://a.test/d/b?c")
})

it.each(["", "a.test", "/path", "https://"])("returns undefined for an invalid URL: %j", (url) => {
  assert.isUndefined(Url.parse(url))
})
