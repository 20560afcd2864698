import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "vitest"
import { firefox } from "../../firefox.shared.ts"
import { eventually } from "../support.ts"
import * as Firefox from "./firefox.ts"

describe("Firefox", () => {
  it("loads the page's script, styles and sockets under its Content-Security-Policy", async () => {
    await using sandbox = await Sandbox.start()
    await using browser = await Firefox.launch(firefox ?? "")
    await browser.goto(`${sandbox.http}/_sandbox/page`)
    await eventually(async () =>
      assert.strictEqual(
        await browser.evaluate("[...document.querySelectorAll('.connection')].map((one) => one.innerText).join()"),
        "Connected.,Connected."
      )
    )
    assert.strictEqual(await browser.evaluate("getComputedStyle(document.body).margin"), "0px")
  })
})
