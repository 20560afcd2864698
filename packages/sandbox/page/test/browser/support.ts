/** A sandbox, and its page in a browser. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { existsSync, mkdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Browser, type CDPSession, chromium as launcher, type Locator, type Page } from "playwright"
import { assert, vi } from "vitest"
import { chromium } from "../../../../../chromium.shared.ts"
import { type Decoder, fieldsOf, list, string } from "../../src/admin/decoding.ts"

const screenshots = `${import.meta.dirname}/../../.screenshots`
mkdirSync(screenshots, { recursive: true })

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

if (!existsSync(`${import.meta.dirname}/../../../static/index.html`)) {
  throw new Error("the page is not built: `pnpm run build` at the root of the repository builds it")
}

/** How a page is looked at. */
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
  /** What was tried that must not be; to be emptied by the test that tries it. */
  readonly problems: Array<string>
}

/** An empty page of the same site as every sandbox, so that a page keeps its process. */
const blank = "http://127.0.0.1/blank"

let browser: Promise<Browser> | undefined
const unused: Array<Tab> = []

/**
 * Pages are used again, by all files: a new one costs seconds of processor time. The browser ends with the process of
 * the tests.
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

const giveBack = async (tab: Tab): Promise<void> => {
  tab.page.removeAllListeners()
  await tab.page.unrouteAll({ behavior: "ignoreErrors" })
  await tab.page.goto(blank)
  await tab.page.context().clearPermissions()
  tab.problems.length = 0
  unused.push(tab)
}

/** Opens the page of a sandbox. When it is closed, it must not have asked another server for anything, nor tried to. */
const openPage = async (http: string, view: View = {}) => {
  const tab = await takeTab(view)
  const { page, problems } = tab
  const { host } = new URL(http)
  const note = (url: string) => {
    const { host: asked, protocol } = new URL(url)
    if (protocol !== "data:" && asked !== host) problems.push(`asked ${url}`)
  }
  page.on("pageerror", (error) => problems.push(String(error)))
  page.on("request", (request) => note(request.url()))
  page.on("websocket", (socket) => note(socket.url()))
  try {
    await page.goto(`${http}/_sandbox/page`)
  } catch (error) {
    await giveBack(tab)
    throw error
  }
  return {
    page,
    problems,
    [Symbol.asyncDispose]: async () => {
      try {
        assert.deepStrictEqual(problems, [])
      } finally {
        await giveBack(tab)
      }
    }
  }
}

/** A sandbox with its page open, both panes connected. */
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

/** The same with a sandbox that is a process of its own, which can be killed and started again at its port. */
export const openProcess = async (args: ReadonlyArray<string> = []) => {
  await using stack = new AsyncDisposableStack()
  const { info, stop } = stack.use(await SandboxProcess.start(args))
  const { page } = stack.use(await openPage(info.http))
  await connected(page)
  const all = stack.move()
  return { info, page, port: new URL(info.http).port, stop, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Gets a resource of the admin API. */
export const adminGet = async <A>(
  { admin }: Pick<Sandbox.Info, "admin">,
  path: string,
  decode: Decoder<A>
): Promise<A> => {
  const response = await fetch(`${admin}${path}`)
  assert.isTrue(response.ok, `GET ${path}: ${response.status}`)
  return decode(await response.json(), path)
}

/** Sends a JSON body to the admin API. */
export const adminSend = async (
  { admin }: Pick<Sandbox.Info, "admin">,
  method: "POST" | "PUT",
  path: string,
  body: unknown
): Promise<void> => {
  const response = await fetch(`${admin}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  assert.isTrue(response.ok, `${method} ${path}: ${response.status}`)
}

/** The texts that are stored, in order. */
export const storedTexts = (sandbox: Sandbox.Info): Promise<ReadonlyArray<string>> =>
  adminGet(
    sandbox,
    "/messages",
    (value, path) => fieldsOf(value, path)("messages", list((message, path) => fieldsOf(message, path)("text", string)))
  )

/** Asks until it is so. */
export const eventually = (check: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(check, { interval: 50, timeout: 30_000 })

export type Side = "left" | "right"

export const pane = (page: Page, side: Side): Locator => page.getByRole("region", { name: `Pane on the ${side}` })

/** The state of a pane's connection, in the pane's words. */
export const state = (page: Page, side: Side): Promise<string> => pane(page, side).locator(".connection").innerText()

/** Waits until both panes are connected, and show their conversation. */
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

/** The messages that a pane shows: who wrote what. */
export const messages = (page: Page, side: Side): Promise<Array<string>> =>
  pane(page, side).locator("[role=log] li[data-status=stored] > p").allInnerTexts()

/** Waits until both panes show these messages, each once and in this order. */
export const bothShow = (page: Page, expected: ReadonlyArray<string>): Promise<void> =>
  eventually(async () => {
    assert.deepStrictEqual([await messages(page, "left"), await messages(page, "right")], [[...expected], [
      ...expected
    ]])
  })

/** What the line under the panes counts. */
export const tally = (page: Page): Promise<Record<string, number>> =>
  page.locator(".tally > div").evaluateAll((all) =>
    Object.fromEntries(
      all.map((one) => [one.querySelector("dt")?.textContent, Number(one.querySelector("dd")?.textContent)])
    )
  )

/** Waits until the line under the panes counts so many messages, all delivered once. */
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

/** What the page says was done. */
export const done = (page: Page): Promise<string> => page.locator(".faults [role=status]").innerText()

export const shoot = (page: Page, name: string): Promise<unknown> =>
  page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true })

/** What is wrong with a page for those who can't see it or don't use a mouse. */
export const violations = async (page: Page): Promise<unknown> => {
  // past the policy, which allows scripts of this page only
  await page.evaluate(await readFile(axe, "utf8"))
  return page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]))"
  )
}
