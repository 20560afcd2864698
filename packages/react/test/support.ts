/** Renders hooks in strict mode, with clients of a sandbox. */
import type { SignalWireOptions } from "@effect-signalwire/promise"
import { SignalWireProvider, type Timeline, type TimelineMessage } from "@effect-signalwire/react"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { vi } from "vitest"

/** Opens a sandbox with two subscribers and a room. */
export const openSandbox = async () => {
  const info = await Sandbox.start()
  const [ada, grace] = info.subscribers
  const [office] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined) {
    throw new Error("the sandbox has no subscribers")
  }
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
    // a socket that is open when the server stops would be logged as lost
    await eventually(async () => {
      const sessions = JSON.stringify(await admin("GET", "/sessions"))
      if (sessions.includes("\"connected\":true")) throw new Error(`sockets are still open: ${sessions}`)
    })
    await info.stop()
  }
  return {
    info,
    ada,
    grace,
    addressId,
    admin,
    /** Stores messages of a subscriber. */
    seed,
    drop: (subscriberId: string) => admin("POST", "/sessions/drop", { subscriberId }),
    /** Creates another token of a subscriber. */
    mintToken: async (subscriberId: string): Promise<string> => {
      const minted = await admin("POST", "/tokens", { subscriberId })
      return typeof minted === "object" && minted !== null && "token" in minted ? String(minted.token) : ""
    },
    /** The number of open sockets, according to the server. */
    countSockets: async (): Promise<number> =>
      JSON.stringify(await admin("GET", "/sessions")).split("\"connected\":true").length - 1,
    setFaults: (...rules: ReadonlyArray<unknown>) => admin("PUT", "/faults", { rules }),
    /** Renders a hook in a component under a provider, and records its results. */
    render: <A>(useHook: () => A, options: SignalWireOptions = {}): Rendered<A> => {
      const results: Array<A> = []
      const Component = () => {
        results.push(useHook())
        return null
      }
      const root = createRoot(document.createElement("div"))
      const rerender = (more: SignalWireOptions = {}) => {
        const merged = { token: ada.token, urls: { http: info.http, ws: info.ws }, ...fastOptions, ...options, ...more }
        root.render(
          createElement(
            StrictMode,
            null,
            createElement(SignalWireProvider, { options: merged }, createElement(Component))
          )
        )
      }
      rerender()
      const unmount = () => root.unmount()
      roots.push(unmount)
      const current = (): A => {
        const result = results.at(-1)
        if (result === undefined) throw new Error("nothing is rendered yet")
        return result
      }
      return { results, current, rerender, unmount }
    },
    [Symbol.asyncDispose]: end
  }
}

/** Client options with short waits. */
const fastOptions: SignalWireOptions = {
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "200 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" } }
}

export interface Rendered<A> {
  readonly results: ReadonlyArray<A>
  /** The latest result of the hook. */
  readonly current: () => A
  /** Renders again with other options. */
  readonly rerender: (options?: SignalWireOptions) => void
  readonly unmount: () => void
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 5, timeout: 60_000 })

export const numbered = (count: number, from = 0): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `message ${index + from}`)

export const texts = ({ messages }: Pick<Timeline, "messages">): ReadonlyArray<string | null> =>
  messages.map(({ text }) => text)

/** The messages whose text is `text`. */
export const withText = ({ messages }: Pick<Timeline, "messages">, text: string): ReadonlyArray<TimelineMessage> =>
  messages.filter((message) => message.text === text)
