/** Opens the page of a sandbox in a browser. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { existsSync, mkdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Browser, type CDPSession, chromium as launcher, type Locator, type Page } from "playwright"
import { assert } from "vitest"
import { chromium } from "../../../../../chromium.shared.ts"
import { eventually, type Side } from "../support.ts"

const screenshots = `${import.meta.dirname}/../../.screenshots`
/** Screenshots take a tenth of the time of these tests, so they are taken on request only. */
const takesScreenshots = process.env["SCREENSHOTS"] === "1"
if (takesScreenshots) mkdirSync(screenshots, { recursive: true })

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

if (!existsSync(`${import.meta.dirname}/../../../static/index.html`)) {
  throw new Error("The page is not built; run `pnpm run build` at the root of the repository")
}

/** The browser settings of a page. */
export interface View {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: "light" | "dark"
  readonly permissions?: ReadonlyArray<string>
  readonly hasTouch?: boolean
}

interface Tab {
  readonly page: Page
  readonly devTools: CDPSession
  /** Errors and policy violations; a test that expects some must clear them. */
  readonly problems: Array<string>
}

/** An empty page of the same site as every sandbox, so that tabs keep their process. */
const blank = "http://127.0.0.1/blank"

let browser: Promise<Browser> | undefined
const unused: Array<Tab> = []

/**
 * Creates a tab. Tabs are reused, because creating one takes seconds of CPU time. The browser exits with the test process.
 */
const createTab = async (): Promise<Tab> => {
  browser ??= launcher.launch(chromium)
  const context = await (await browser).newContext()
  await context.route(blank, (route) => route.fulfill({ contentType: "text/html", body: "" }))
  const page = await context.newPage()
  const problems: Array<string> = []
  await page.exposeFunction("reportViolation", (violation: string) => problems.push(violation))
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ blockedURI, violatedDirective }) => {
      Reflect.get(globalThis, "reportViolation")(`${violatedDirective}: ${blockedURI}`)
    })
  })
  return { page, problems, devTools: await context.newCDPSession(page) }
}

const takeTab = async (
  { colorScheme, hasTouch = false, height = 900, permissions = [], width = 1440 }: View
): Promise<Tab> => {
  const tab = unused.pop() ?? await createTab()
  await tab.page.setViewportSize({ width, height })
  await tab.page.emulateMedia({ colorScheme: colorScheme ?? null })
  await tab.page.context().grantPermissions(permissions)
  await tab.devTools.send("Emulation.setTouchEmulationEnabled", { enabled: hasTouch })
  return tab
}

const releaseTab = async (tab: Tab): Promise<void> => {
  tab.page.removeAllListeners()
  await tab.page.unrouteAll({ behavior: "ignoreErrors" })
  await tab.page.goto(blank)
  await tab.page.context().clearPermissions()
  tab.problems.length = 0
  unused.push(tab)
}

/** Opens the page of a sandbox. Disposing it fails if there were errors or requests to other servers. */
const openPage = async (http: string, view: View = {}) => {
  const tab = await takeTab(view)
  const { page, problems } = tab
  const { host } = new URL(http)
  const checkHost = (url: string) => {
    const { host: requested, protocol } = new URL(url)
    if (protocol !== "data:" && requested !== host) problems.push(`requested ${url}`)
  }
  page.on("pageerror", (error) => problems.push(String(error)))
  page.on("request", (request) => checkHost(request.url()))
  page.on("websocket", (socket) => checkHost(socket.url()))
  try {
    await page.goto(`${http}/_sandbox/page`)
  } catch (error) {
    await releaseTab(tab)
    throw error
  }
  return {
    page,
    problems,
    [Symbol.asyncDispose]: async () => {
      try {
        assert.deepStrictEqual(problems, [])
      } finally {
        await releaseTab(tab)
      }
    }
  }
}

/** Starts a sandbox, opens its page, and waits until both panes are connected. */
export const open = async (
  { sandbox: options, view }: { readonly sandbox?: Sandbox.Options; readonly view?: View } = {}
) => {
  await using stack = new AsyncDisposableStack()
  const sandbox = stack.use(await Sandbox.start(options))
  const { page, problems } = stack.use(await openPage(sandbox.http, view))
  await connected(page)
  const all = stack.move()
  return { sandbox, page, problems, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

export const pane = (page: Page, side: Side): Locator => page.getByRole("region", { name: `Pane on the ${side}` })

/** Waits until both panes are connected and show their conversation. */
export const connected = async (page: Page): Promise<void> => {
  for (const side of ["left", "right"] as const) {
    await pane(page, side).locator(".connection[data-tone=good]").waitFor({ timeout: 60_000 })
    await pane(page, side).locator("[role=log][aria-busy=false]").waitFor({ timeout: 60_000 })
  }
}

export const write = async (page: Page, side: Side, text: string): Promise<void> => {
  const input = pane(page, side).getByRole("textbox")
  await input.fill(text)
  await input.press("Enter")
}

/** Returns the messages that a pane shows, with their senders. */
export const messages = (page: Page, side: Side): Promise<Array<string>> =>
  pane(page, side).locator("[role=log] li[data-status=stored] > p").allInnerTexts()

/** Waits until both panes show these messages, each once and in this order. */
export const bothShow = (page: Page, expected: ReadonlyArray<string>): Promise<void> =>
  eventually(async () => {
    assert.deepStrictEqual([await messages(page, "left"), await messages(page, "right")], [[...expected], [
      ...expected
    ]])
  })

/** Returns the counts below the panes. */
const tally = (page: Page): Promise<Record<string, number>> =>
  page.locator(".tally > div").evaluateAll((all) =>
    Object.fromEntries(
      all.map((one) => [one.querySelector("dt")?.textContent, Number(one.querySelector("dd")?.textContent)])
    )
  )

/** Waits until this many messages were sent, and all of them are delivered once. */
export const expectAllDelivered = (page: Page, sent: number): Promise<void> =>
  eventually(async () => {
    assert.deepStrictEqual(await tally(page), {
      sent,
      stored: sent,
      "shown in both panes": sent,
      lost: 0,
      duplicates: 0
    })
  })

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole("button", { name, exact: true }).click()

/** The rows of the wire log. */
export const rows = (page: Page): Locator => page.getByRole("listbox", { name: "Entries" }).getByRole("option")

/** Returns the notice about the last fault. */
export const notice = (page: Page): Promise<string> => page.locator(".faults [role=status]").innerText()

/** Whether a page can be scrolled horizontally. */
export const isWide = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > innerWidth)

export const takeScreenshot = (page: Page, name: string): Promise<unknown> =>
  takesScreenshots ? page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true }) : Promise.resolve()

/** Returns the accessibility violations that axe finds. */
export const violations = async (page: Page): Promise<unknown> => {
  // evaluated, because the Content-Security-Policy does not allow other scripts
  if (!await page.evaluate("'axe' in globalThis")) await page.evaluate(await readFile(axe, "utf8"))
  // what passes is not described, and the selectors of what fails are not needed
  return page.evaluate(
    "axe.run({ resultTypes: ['violations'], selectors: false }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]))"
  )
}
