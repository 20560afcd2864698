/** The environment variables that options default to. */
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { read } from "../src/internal/environment.ts"

const names = ["SIGNALWIRE_TOKEN", "SIGNALWIRE_HOST", "SIGNALWIRE_HTTP_URL", "SIGNALWIRE_WS_URL"] as const

beforeEach(() => {
  for (const name of names) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe("the environment", () => {
  it("has nothing without variables", () => {
    assert.deepStrictEqual(read(), { token: undefined, host: undefined, urls: undefined })
  })

  it("has the token, the host and the URLs, trimmed", () => {
    for (const name of names) vi.stubEnv(name, `  ${name}\n`)
    assert.deepStrictEqual(read(), {
      token: "SIGNALWIRE_TOKEN",
      host: "SIGNALWIRE_HOST",
      urls: { http: "SIGNALWIRE_HTTP_URL", ws: "SIGNALWIRE_WS_URL" }
    })
  })

  it("does not have what is empty", () => {
    for (const name of names) vi.stubEnv(name, " ")
    assert.deepStrictEqual(read(), { token: undefined, host: undefined, urls: undefined })
  })

  it("has an empty URL for the one that is missing, which is rejected later", () => {
    vi.stubEnv("SIGNALWIRE_HTTP_URL", "h")
    assert.deepStrictEqual(read().urls, { http: "h", ws: "" })
    vi.stubEnv("SIGNALWIRE_HTTP_URL", undefined)
    vi.stubEnv("SIGNALWIRE_WS_URL", "w")
    assert.deepStrictEqual(read().urls, { http: "", ws: "w" })
  })
})
