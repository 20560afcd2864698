/** The page, a sandbox for each test, and browser tabs in which users open the page. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Browser, type BrowserContextOptions, chromium as launcher, type Locator, type Page } from "playwright"
import { assert, test } from "vitest"
import { chromium } from "../../../../chromium.shared.ts"
import { buildPage, serveBuilt } from "../../server/serve.ts"
import { type StartedSandbox, startSandbox } from "../support.ts"

const screenshots = `${import.meta.dirname}/../../.screenshots`
/** Screenshots take time, so they are taken on request only. */
const takesScreenshots = process.env["SCREENSHOTS"] === "1"
if (takesScreenshots) mkdirSync(screenshots, { recursive: true })

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

/** Builds the page and starts a browser. `openSandbox` starts a sandbox with its own users, and serves the page for it. */
const start = async () => {
  await using stack = new AsyncDisposableStack()
  const outDir = mkdtempSync(join(tmpdir(), "web-chat-"))
  stack.defer(() => rmSync(outDir, { recursive: true, force: true }))
  await buildPage(outDir)
  const browser = stack.use(await launcher.launch(chromium))
  const all = stack.move()
  return {
    openSandbox: async () => {
      const sandbox = await startSandbox()
      const server = await serveBuilt({ outDir, port: 0, directory: () => sandbox.directory })
      return makeSandbox(server, browser, sandbox)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync()
  }
}

/** A sandbox, and tabs that use it. */
const makeSandbox = (
  server: Awaited<ReturnType<typeof serveBuilt>>,
  browser: Browser,
  sandbox: StartedSandbox
) => {
  const { url } = server
  const tabs: Array<Page> = []
  /** Uncaught errors of all tabs, which fail the test at its end. */
  const errors: Array<Error> = []
  /** Opens a tab as a user, or without one. `before` runs in the page before any other script. */
  const open = async (
    name: string | null,
    options: BrowserContextOptions = {},
    before: () => unknown = () => {}
  ): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1180, height: 760 }, ...options })
    await context.addInitScript(before)
    const tab = await context.newPage()
    tabs.push(tab)
    tab.on("pageerror", (error) => errors.push(error))
    await tab.goto(name === null ? url : `${url}?as=${encodeURIComponent(name)}`)
    return tab
  }
  const end = async () => {
    await Promise.all(tabs.map((tab) => tab.context().close()))
    await Promise.all([server[Symbol.asyncDispose](), sandbox[Symbol.asyncDispose]()])
    assert.deepStrictEqual(errors, [])
  }
  return { ...sandbox, open, [Symbol.asyncDispose]: end }
}

/** A test with a sandbox of its own. Most of a test is waiting, so that several run at the same time. */
// oxlint-disable-next-line no-empty-pattern -- vitest requires a pattern, even for a fixture that uses no other
export const it = test.extend("started", { scope: "file" }, async ({}, { onCleanup }) => {
  const started = await start()
  onCleanup(() => started[Symbol.asyncDispose]())
  return started
}).extend("sandbox", async ({ started }, { onCleanup }) => {
  const sandbox = await started.openSandbox()
  onCleanup(() => sandbox[Symbol.asyncDispose]())
  return sandbox
})

export const screenshot = (tab: Page, name: string): Promise<unknown> =>
  takesScreenshots ? tab.screenshot({ path: `${screenshots}/${name}.png` }) : Promise.resolve()

/** Selects a conversation, and waits for its history. */
export const selectConversation = async (tab: Page, name: string): Promise<void> => {
  await tab.getByRole("navigation").getByRole("button", { name }).click()
  await tab.locator("[role=log][aria-busy=false]").waitFor()
}

export const composer = (tab: Page): Locator => tab.getByRole("textbox")

export const send = async (tab: Page, text: string): Promise<void> => {
  await composer(tab).fill(text)
  await composer(tab).press("Enter")
}

// by its attribute: a query by role looks at every element, which takes too long to repeat it
export const log = (tab: Page): Locator => tab.locator("[role=log]")

/** The statuses of the messages that contain `text`. */
export const statusesOf = (tab: Page, text: string): Promise<Array<string | null>> =>
  log(tab).locator("li").evaluateAll(
    (items, text) =>
      items.filter(({ textContent }) => textContent.includes(text)).map((item) => item.getAttribute("data-status")),
    text
  )

/** The accessibility violations of a page. */
export const violations = async (tab: Page): Promise<unknown> => {
  if (!await tab.evaluate("'axe' in globalThis")) await tab.addScriptTag({ path: axe })
  // what passes is not described, and the selectors of what fails are not needed
  return tab.evaluate(
    "axe.run({ resultTypes: ['violations'], selectors: false }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]))"
  )
}
