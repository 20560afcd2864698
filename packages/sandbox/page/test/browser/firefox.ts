/** Controls the installed Firefox over WebDriver BiDi: Playwright only supports its own build. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** The timeout of commands and of the start, in milliseconds. */
const deadline = 60_000

export interface Firefox extends AsyncDisposable {
  readonly goto: (url: string) => Promise<void>
  /** Evaluates an expression in the page, and returns its awaited value as a string. */
  readonly evaluate: (expression: string) => Promise<string>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** Returns the value at a path of keys and indexes. */
const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => isRecord(inner) ? inner[key] : undefined, value)

/** Waits for the WebDriver address that Firefox writes to standard error. */
const addressOf = async ({ stderr }: ChildProcess): Promise<string> => {
  if (stderr === null) throw new Error("There is no standard error")
  for await (const line of createInterface(stderr)) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    stderr.resume()
    return address
  }
  throw new Error("Firefox exited before it was ready")
}

const within = <A>(promise: Promise<A>, what: string): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${deadline} ms`)), deadline)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

/** Starts Firefox in headless mode, with a temporary profile. */
export const launch = async (executable: string): Promise<Firefox> => {
  const profile = mkdtempSync(join(tmpdir(), "firefox-"))
  const child = spawn(
    executable,
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"] }
  )
  const exited = once(child, "exit")
  const end = async () => {
    child.kill("SIGKILL")
    await exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const socket = new WebSocket(`${await within(addressOf(child), "the start of Firefox")}/session`)
    await within(once(socket, "open"), "the connection to Firefox")
    let id = 0
    const pending = new Map<number, (response: Record<string, unknown>) => void>()
    socket.addEventListener("message", ({ data }) => {
      const response: unknown = JSON.parse(String(data))
      if (isRecord(response) && typeof response["id"] === "number") pending.get(response["id"])?.(response)
    })
    const command = async (method: string, params: unknown): Promise<unknown> => {
      const response = await within(
        new Promise<Record<string, unknown>>((resolve) => {
          pending.set(++id, resolve)
          socket.send(JSON.stringify({ id, method, params }))
        }),
        method
      )
      if (response["type"] !== "success") throw new Error(`${method}: ${JSON.stringify(response)}`)
      return response["result"]
    }
    await command("session.new", { capabilities: {} })
    const context = at(await command("browsingContext.getTree", {}), "contexts", "0", "context")
    return {
      goto: async (url) => {
        await command("browsingContext.navigate", { context, url, wait: "complete" })
      },
      evaluate: async (expression) => {
        const result = await command("script.evaluate", {
          expression: `Promise.resolve(${expression}).then(String)`,
          awaitPromise: true,
          target: { context }
        })
        return String(at(result, "result", "value"))
      },
      [Symbol.asyncDispose]: async () => {
        socket.close()
        await end()
      }
    }
  } catch (error) {
    await end()
    throw error
  }
}
