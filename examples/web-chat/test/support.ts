/** The page and its sandbox, and tabs in which people look at it. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Browser, type BrowserContextOptions, chromium as launcher, type Locator, type Page } from "playwright"
import { assert, vi } from "vitest"
import { chromium } from "../../../chromium.shared.ts"
import { type Directory, seed } from "../server/people.ts"
import { serveBuilt } from "../server/serve.ts"

const screenshots = `${import.meta.dirname}/../.screenshots`
mkdirSync(screenshots, { recursive: true })

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

/** The page, and a browser to look at it with; in each world other people are there. */
export const start = async () => {
  let directory: Directory | undefined
  await using stack = new AsyncDisposableStack()
  const outDir = mkdtempSync(join(tmpdir(), "web-chat-"))
  stack.defer(() => rmSync(outDir, { recursive: true, force: true }))
  const { url } = stack.use(
    await serveBuilt({
      outDir,
      port: 0,
      directory: () => {
        if (directory === undefined) throw new Error("nobody is there")
        return directory
      }
    })
  )
  const browser = stack.use(await launcher.launch(chromium))
  const all = stack.move()
  return {
    world: async () => {
      const sandbox = await Sandbox.start({ subscribers: [], rooms: [] })
      const seeded = await seed(sandbox)
      directory = seeded
      return makeWorld(url, browser, sandbox, seeded)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync()
  }
}

/** A sandbox of its own, and tabs in it. */
const makeWorld = (
  url: string,
  browser: Browser,
  sandbox: Awaited<ReturnType<typeof Sandbox.start>>,
  { people }: Directory
) => {
  const tabs: Array<Page> = []
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${sandbox.admin}${path}`, {
      method,
      ...(body === undefined
        ? undefined
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    })
    assert.isTrue(response.ok)
    return response.json()
  }
  /** A tab of its own, as somebody; what goes wrong in it is told when the world ends. */
  const errors: Array<Error> = []
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
    await sandbox.stop()
    assert.deepStrictEqual(errors, [])
  }
  const token = (name: string): string => people.find((person) => person.name === name)?.token ?? ""
  return { admin, open, token, [Symbol.asyncDispose]: end }
}
export type World = ReturnType<typeof makeWorld>

export const shoot = (tab: Page, name: string): Promise<unknown> =>
  tab.screenshot({ path: `${screenshots}/${name}.png` })

/** Chooses a conversation, and waits for its history. */
export const choose = async (tab: Page, name: string): Promise<void> => {
  await tab.getByRole("navigation").getByRole("button", { name }).click()
  await tab.locator("[role=log][aria-busy=false]").waitFor()
}

export const composer = (tab: Page): Locator => tab.getByRole("textbox")

export const say = async (tab: Page, text: string): Promise<void> => {
  await composer(tab).fill(text)
  await composer(tab).press("Enter")
}

export const log = (tab: Page): Locator => tab.getByRole("log")

/** The messages with a text, and how they stand. */
export const saying = (tab: Page, text: string): Promise<Array<string | null>> =>
  log(tab).locator("li", { hasText: text }).evaluateAll((all) => all.map((one) => one.getAttribute("data-status")))

/** What is wrong with a page for those who can't see or use a mouse. */
export const violations = async (tab: Page): Promise<unknown> => {
  await tab.addScriptTag({ path: axe })
  return tab.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]))"
  )
}

/** Asks until it is so. */
export const eventually = (ask: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(ask, { interval: 50, timeout: 60_000 })
