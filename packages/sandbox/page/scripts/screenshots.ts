/**
 * Takes the screenshots for the documentation: runs a short chat with dropped sockets in Chromium. The page must be built first.
 */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { chromium as launcher } from "playwright"
import { chromium } from "../../../../chromium.shared.ts"

const directory = join(import.meta.dirname, "../../../../docs/images")
mkdirSync(directory, { recursive: true })

if (chromium === undefined) throw new Error("Chromium was not found; set CHROMIUM_PATH")

await using sandbox = await Sandbox.start()
await using browser = await launcher.launch(chromium)
await using page = await browser.newPage({ viewport: { width: 1440, height: 956 } })
await page.goto(`${sandbox.admin}/page`)

const pane = (side: "left" | "right") => page.getByRole("region", { name: `Pane on the ${side}` })
const connected = async () => {
  for (const side of ["left", "right"] as const) await pane(side).locator(".connection[data-tone=good]").waitFor()
}
/** How many messages were written so far. */
let written = 0
const write = async (side: "left" | "right", text: string, arrives = true) => {
  const input = pane(side).getByRole("textbox")
  await input.fill(text)
  await input.press("Enter")
  written++
  if (!arrives) return
  for (const side of ["left", "right"] as const) {
    await pane(side).locator("li[data-status=stored]").nth(written - 1).waitFor()
  }
}

await connected()
await write("left", "Has anybody seen my punched cards?")
await write("right", "The ones that were sorted?")
await page.getByRole("button", { name: "Drop the sockets" }).click()
await write("left", "Yes. They are not sorted any more.")
await connected()
await write("right", "They are in the relay, with the moth.")
await page.getByText("No message was lost or duplicated.").waitFor()
await page.getByRole("button", { name: "503 for ten seconds" }).click()
await write("left", "What moth?", false)
const refused = page.getByRole("listbox", { name: "Entries" }).getByRole("option").filter({ hasText: "fault: respond" })
await refused.first().click()
await page.getByText("s left").waitFor()
// without hover and focus styles
await page.mouse.move(0, 0)
await page.evaluate("document.activeElement?.blur()")
for (const colorScheme of ["light", "dark"] as const) {
  await page.emulateMedia({ colorScheme })
  await page.screenshot({ path: join(directory, `sandbox-page-${colorScheme}.png`) })
}
