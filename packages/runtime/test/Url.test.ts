import * as Url from "@effect-signalwire/runtime/Url"
import { assert, it } from "@effect/vitest"

it("reads a URL, absolute or against another one", () => {
  assert.strictEqual(Url.parse("https://a.test/b?c#d")?.href, "https://a.test/b?c#d")
  assert.strictEqual(Url.parse("b?c", "https://a.test/d/")?.href, "https://a.test/d/b?c")
})

it.each(["", "a.test", "/path", "https://"])("reads nothing from what is no URL: %j", (text) => {
  assert.isUndefined(Url.parse(text))
})
