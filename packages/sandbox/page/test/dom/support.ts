/** Mounts the page in a DOM without a browser, where its requests and sockets reach a sandbox. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { configure, screen, within } from "@testing-library/dom"
import { userEvent } from "@testing-library/user-event"
import type { Window } from "happy-dom"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { assert, vi } from "vitest"
import { accelerateTime } from "../../../../../fastTime.shared.ts"
import { App } from "../../src/App.tsx"
import { eventually, type Side } from "../support.ts"

declare global {
  var happyDOM: Window["happyDOM"]
}

// no styles are loaded, so that there is nothing to find out about what they hide
configure({ defaultHidden: true })

const user = userEvent.setup()

/** Starts a sandbox, prepares it, mounts the page at its address, and waits until both panes are connected. */
export const open = async (
  options?: Sandbox.Options,
  prepare: (sandbox: Sandbox.Info) => Promise<void> = () => Promise.resolve()
) => {
  await using stack = new AsyncDisposableStack()
  stack.defer(accelerateTime())
  const sandbox = await Sandbox.start(options)
  let current = sandbox
  stack.defer(() => current.stop())
  await prepare(sandbox)
  // the page requests paths of the origin that served it
  happyDOM.setURL(`${sandbox.http}/_sandbox/page`)
  const container = document.body.appendChild(document.createElement("div"))
  const root = createRoot(container)
  root.render(createElement(StrictMode, null, createElement(App)))
  stack.defer(() => {
    root.unmount()
    container.remove()
    sessionStorage.clear()
  })
  await connected()
  const all = stack.move()
  return {
    sandbox,
    /** Starts a sandbox at the address of the one that was stopped. */
    restart: async (options?: Sandbox.Options) => {
      current = await Sandbox.start({ ...options, port: Number(location.port) })
      return current
    },
    [Symbol.asyncDispose]: () => all.disposeAsync()
  }
}

/** Replaces the responses to the page's requests of a path of the admin API until it is disposed. */
export const respond = (path: string, response: (forward: () => Promise<Response>) => Promise<Response>) => {
  const { fetch } = globalThis
  return vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const forward = () => fetch(input, init)
    return input === `/_sandbox${path}` ? response(forward) : forward()
  })
}

/** Returns the elements that match a CSS selector. */
export const all = (selector: string, within: ParentNode = document): ReadonlyArray<Element> => [
  ...within.querySelectorAll(selector)
]

export const texts = (elements: ReadonlyArray<Element>): ReadonlyArray<string> =>
  elements.map(({ textContent }) => textContent)

/** Returns the text of the only element that matches a CSS selector. */
export const textOf = (selector: string, within: ParentNode = document): string => {
  const [element, ...others] = all(selector, within)
  assert.isEmpty(others)
  return element?.textContent ?? assert.fail(`there is no ${selector}`)
}

export const pane = (side: Side): HTMLElement => {
  const [left, right] = document.querySelectorAll<HTMLElement>(".pane")
  return (side === "left" ? left : right) ?? assert.fail("there are no panes")
}

/** Returns the connection status that a pane shows. */
export const state = (side: Side): string => textOf(".connection", pane(side))

/** Waits until both panes are connected and show their conversation. */
export const connected = (): Promise<void> =>
  eventually(() => {
    for (const side of ["left", "right"] as const) {
      assert.isNotEmpty(all(".connection[data-tone=good]", pane(side)))
      assert.isNotEmpty(all("[role=log][aria-busy=false]", pane(side)))
    }
  })

export const write = async (side: Side, text: string): Promise<void> => {
  await user.click(within(pane(side)).getByRole("textbox"))
  await user.paste(text)
  await user.keyboard("{Enter}")
}

/** Returns the messages that a pane shows, with their senders. */
export const messages = (side: Side): ReadonlyArray<string> =>
  texts(all("[role=log] li[data-status=stored] > p", pane(side)))

/** Waits until both panes show these messages, each once and in this order. */
export const bothShow = (expected: ReadonlyArray<string>): Promise<void> =>
  eventually(() => assert.deepStrictEqual([messages("left"), messages("right")], [expected, expected]))

/** Returns the counts below the panes. */
export const tally = (): Record<string, number> =>
  Object.fromEntries(
    all(".tally > div").map((one) => [textOf("dt", one), Number(textOf("dd", one))])
  )

/** Waits until this many messages were sent, and all of them are delivered once. */
export const expectAllDelivered = (sent: number): Promise<void> =>
  eventually(() =>
    assert.deepStrictEqual(tally(), { sent, stored: sent, "shown in both panes": sent, lost: 0, duplicates: 0 })
  )

/** The text of the page while its sandbox is stopped. */
export const unresponsive = "The sandbox does not respond; trying again…"

export const region = (name: string): HTMLElement => screen.getByRole("region", { name })

export const button = (name: string): HTMLElement => screen.getByRole("button", { name })

/** Returns the form control with a label. */
export const control = (label: string, container = document.body): HTMLElement =>
  within(container).getByLabelText(label)

export const click = (element: Element): Promise<void> => user.click(element)

export const press = (name: string): Promise<void> => click(button(name))

/** Selects an option of a control. */
export const select = (label: string, option: string, container = document.body): Promise<void> =>
  user.selectOptions(control(label, container), option)

/** Replaces the text of a search field. */
export const search = async (label: string, text: string): Promise<void> => {
  await user.clear(control(label))
  await user.paste(text)
}

export const isShown = (text: string | RegExp, container = document.body): boolean =>
  within(container).queryAllByText(text).length > 0

/** Waits until a string is shown. */
export const shows = (text: string | RegExp, container = document.body): Promise<void> =>
  eventually(() => assert.isTrue(isShown(text, container), `${text} is not shown`))

/** The rows of the wire log that contain a string. */
export const rows = (text = ""): ReadonlyArray<Element> =>
  all(".entries [role=option]").filter(({ textContent }) => textContent.includes(text))

/** Returns the notice about the last fault. */
export const notice = (): string => textOf(".faults [role=status]")

/** Returns the descriptions of the active rules. */
export const activeRules = (): string => textOf(".active")
