/** Starts a browser and a sandbox, and opens the bundled page. */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import * as AdminClient from "@effect-signalwire/testing/AdminClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { chromium as launcher, type Page } from "playwright"
import { inject, vi } from "vitest"
import { chromium } from "../../../chromium.shared.ts"

export const start = async () => {
  await using stack = new AsyncDisposableStack()
  const { info } = stack.use(await SandboxProcess.start())
  const browser = stack.use(await launcher.launch(chromium))
  const [ada, grace] = info.subscribers
  const [office] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined) throw new Error("the sandbox is empty")
  const all = stack.move()

  const admin = <A>(call: (admin: AdminClient.AdminClient) => Effect.Effect<A>): Promise<A> =>
    Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(info.http), call), FetchHttpClient.layer))

  /**
   * Opens a tab in a separate browser context, with its own network and storage. `before` runs in the page before anything
   * else; its result is the global `older`.
   */
  const open = async (
    token: string,
    parameters: Record<string, string> = {},
    before?: () => unknown
  ): Promise<Page> => {
    const context = await browser.newContext()
    if (before !== undefined) await context.addInitScript({ content: `globalThis.older = (${String(before)})()` })
    const tab = await context.newPage()
    const query = new URLSearchParams({
      http: info.http,
      ws: info.ws,
      token,
      addressId: office.addressId,
      ...parameters
    })
    await tab.goto(`${inject("page")}?${query}`)
    return tab
  }
  return { ada, grace, office, admin, open, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** The messages that a tab shows, oldest first. */
export const receivedTexts = (tab: Page): Promise<Array<string>> => tab.locator("#messages li").allTextContents()

export const state = async (tab: Page): Promise<string | null> => tab.locator("#state").textContent()

export const send = async (tab: Page, text: string): Promise<void> => {
  await tab.getByLabel("Message").fill(text)
  await tab.getByRole("button").click()
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 50, timeout: 60_000 })
