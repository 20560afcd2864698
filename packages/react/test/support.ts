/** Components that are really rendered, in strict mode, with clients of a real sandbox. */
import type { SignalWireOptions } from "@effect-signalwire/promise"
import { SignalWireProvider, type Timeline, type TimelineMessage } from "@effect-signalwire/react"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { vi } from "vitest"

/** A sandbox of its own for each test, with two people who are in a room. */
export const open = async () => {
  const info = await Sandbox.start()
  const [ada, grace] = info.subscribers
  const [office] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined) throw new Error("nobody is there")
  const { addressId } = office

  const admin = async (method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${info.admin}${path}`, {
      method,
      ...(body === undefined
        ? undefined
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    })
    if (!response.ok) throw new Error(await response.text())
    return response.json()
  }
  const seed = (from: string, texts: ReadonlyArray<string>) =>
    admin("POST", "/messages", { messages: texts.map((text) => ({ from, addressId, text })) })
  const roots: Array<() => void> = []
  const end = async () => {
    for (const unmount of roots) unmount()
    // what is cut off when the server ends would be told on the console
    await eventually(async () => {
      const sessions = JSON.stringify(await admin("GET", "/sessions"))
      if (sessions.includes("\"connected\":true")) throw new Error(`there are sockets: ${sessions}`)
    })
    await info.stop()
  }
  return {
    info,
    ada,
    grace,
    addressId,
    admin,
    /** Messages that a subscriber sent. */
    seed,
    drop: (subscriberId: string) => admin("POST", "/sessions/drop", { subscriberId }),
    /** Another token of somebody's. */
    mint: async (subscriberId: string): Promise<string> => {
      const minted = await admin("POST", "/tokens", { subscriberId })
      return typeof minted === "object" && minted !== null && "token" in minted ? String(minted.token) : ""
    },
    /** How many sockets are open now, by what the server says. */
    sockets: async (): Promise<number> =>
      JSON.stringify(await admin("GET", "/sessions")).split("\"connected\":true").length - 1,
    setFaults: (...rules: ReadonlyArray<unknown>) => admin("PUT", "/faults", { rules }),
    /** Renders a hook as a component under a provider does; answers what it answered, each time. */
    render: <A>(use: () => A, options: SignalWireOptions = {}): Rendered<A> => {
      const answers: Array<A> = []
      const Component = () => {
        answers.push(use())
        return null
      }
      const root = createRoot(document.createElement("div"))
      const rerender = (more: SignalWireOptions = {}) => {
        const given = { token: ada.token, urls: { http: info.http, ws: info.ws }, ...quick, ...options, ...more }
        root.render(
          createElement(
            StrictMode,
            null,
            createElement(SignalWireProvider, { options: given }, createElement(Component))
          )
        )
      }
      rerender()
      const unmount = () => root.unmount()
      roots.push(unmount)
      const current = (): A => {
        const answer = answers.at(-1)
        if (answer === undefined) throw new Error("nothing is rendered yet")
        return answer
      }
      return { answers, current, rerender, unmount }
    },
    [Symbol.asyncDispose]: end
  }
}

/** What waits, waits briefly. */
const quick: SignalWireOptions = {
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "200 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" } }
}

export interface Rendered<A> {
  readonly answers: ReadonlyArray<A>
  /** What the hook answered last. */
  readonly current: () => A
  /** Renders again, with other options. */
  readonly rerender: (options?: SignalWireOptions) => void
  readonly unmount: () => void
}

/** Asks until it is so. */
export const eventually = (ask: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(ask, { interval: 5, timeout: 60_000 })

export const numbered = (count: number, from = 0): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `message ${index + from}`)

export const texts = ({ messages }: Pick<Timeline, "messages">): ReadonlyArray<string | null> =>
  messages.map(({ text }) => text)

/** The messages with a text. */
export const saying = ({ messages }: Pick<Timeline, "messages">, text: string): ReadonlyArray<TimelineMessage> =>
  messages.filter((message) => message.text === text)
