/** Firefox, as the system has installed it, over WebDriver BiDi: Playwright drives a build of its own only. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** How long a command, or the start, may take, in milliseconds. */
const deadline = 60_000

export interface Firefox extends AsyncDisposable {
  readonly goto: (url: string) => Promise<void>
  /** Evaluates an expression in the page; its value, awaited, as a string. */
  readonly evaluate: (expression: string) => Promise<string>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** The value at a path of keys and indexes. */
const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => isRecord(inner) ? inner[key] : undefined, value)

/** The address that it writes to standard error when it can be driven. */
const addressOf = async ({ stderr }: ChildProcess): Promise<string> => {
  if (stderr === null) throw new Error("there is no standard error")
  for await (const line of createInterface(stderr)) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    stderr.resume()
    return address
  }
  throw new Error("Firefox ended before it could be driven")
}

const within = <A>(promise: Promise<A>, what: string): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${deadline} ms`)), deadline)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Starts it without a window, with a profile of its own. */
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
    const waiting = new Map<number, (answer: Record<string, unknown>) => void>()
    socket.addEventListener("message", ({ data }) => {
      const answer: unknown = JSON.parse(String(data))
      if (isRecord(answer) && typeof answer["id"] === "number") waiting.get(answer["id"])?.(answer)
    })
    const command = async (method: string, params: unknown): Promise<unknown> => {
      const answer = await within(
        new Promise<Record<string, unknown>>((resolve) => {
          waiting.set(++id, resolve)
          socket.send(JSON.stringify({ id, method, params }))
        }),
        method
      )
      if (answer["type"] !== "success") throw new Error(`${method}: ${JSON.stringify(answer)}`)
      return answer["result"]
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
