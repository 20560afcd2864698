/** Mounts the application in a DOM without a browser, against a sandbox. */
import { userEvent } from "@testing-library/user-event"
import type { Window } from "happy-dom"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { assert } from "vitest"
import { accelerateTime } from "../../../../fastTime.shared.ts"
import { App } from "../../src/App.tsx"
import { eventually, type StartedSandbox, startSandbox } from "../support.ts"

declare global {
  var happyDOM: Window["happyDOM"]
}

export const user = userEvent.setup()

/** Starts a sandbox, prepares it, and mounts the application for Ada Lovelace. */
export const open = async (prepare: (sandbox: StartedSandbox) => Promise<unknown> = () => Promise.resolve()) => {
  await using stack = new AsyncDisposableStack()
  stack.defer(accelerateTime())
  const sandbox = stack.use(await startSandbox())
  await prepare(sandbox)
  happyDOM.setURL(`http://localhost:3000/?as=${encodeURIComponent("Ada Lovelace")}`)
  const container = document.body.appendChild(document.createElement("div"))
  const root = createRoot(container)
  root.render(createElement(StrictMode, null, createElement(App, { directory: sandbox.directory })))
  stack.defer(() => {
    root.unmount()
    container.remove()
  })
  const all = stack.move()
  return { sandbox, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

// queries by role look at every element, which takes too long to repeat them

/** Returns the element that matches a CSS selector. */
const find = (selector: string): Element => document.querySelector(selector) ?? assert.fail(`there is no ${selector}`)

/** Returns the text of the banner. */
export const banner = (): string => find("[role=status]").textContent

/** Whether the history of a conversation is being loaded. */
export const isBusy = (): boolean => find("[role=log]").getAttribute("aria-busy") === "true"

/** Returns the button of a conversation. */
export const conversation = (name: string): HTMLElement =>
  [...find("nav").querySelectorAll("button")].find(({ textContent }) => textContent.includes(name)) ??
    assert.fail(`there is no conversation ${name}`)

/** Selects a conversation, and waits for its history. */
export const selectConversation = async (name: string): Promise<void> => {
  await eventually(() => assert.isDefined(conversation(name)))
  await user.click(conversation(name))
  await eventually(() => assert.isFalse(isBusy()))
}

export const send = async (text: string): Promise<void> => {
  await user.click(find("textarea"))
  await user.paste(text)
  await user.keyboard("{Enter}")
}

/** The messages that are shown. */
export const bubbles = (): ReadonlyArray<Element> => [...document.querySelectorAll("[role=log] li")]

/** The statuses of the messages that contain `text`. */
export const statusesOf = (text: string): ReadonlyArray<string | null> =>
  bubbles().filter(({ textContent }) => textContent.includes(text)).map((item) => item.getAttribute("data-status"))
