/**
 * The thread that hosts tabs. It is apart from that of the tests, so that an uncaught error in a page does not end them, and
 * so that a busy page does not delay them.
 */
import { Worker } from "node:worker_threads"
import type { Action, Command, Reply, SerializedError } from "./messages.ts"

/** An error that was thrown inside of a tab. */
export class TabError extends Error {
  readonly error: SerializedError

  constructor(error: SerializedError) {
    super(`${error.name}: ${error.message}`)
    this.error = error
  }
}

interface Pending {
  readonly tab: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A thread, which starts with its first tab. */
export class TabThread {
  #worker: Worker | undefined
  readonly #pending = new Map<number, Pending>()
  #last = 0

  /** Performs an action in a tab. Rejects with a `TabError` for an error in the tab, and when the tab is closed. */
  request(tab: number, action: Action): Promise<unknown> {
    const id = ++this.#last
    const command: Command = { id, tab, action }
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { tab, resolve, reject })
      this.#worker ??= this.#start()
      this.#worker.ref()
      // a worker thread, not a window: its messages have no origin
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      this.#worker.postMessage(command)
    })
  }

  /** Closes a tab; what it was doing fails. */
  async close(tab: number): Promise<void> {
    this.#rejectAll(new Error("the tab was closed"), tab)
    await this.request(tab, { type: "close" })
  }

  #start(): Worker {
    const worker = new Worker(new URL("./thread.ts", import.meta.url), {
      // keeps the clients' output out of the tests' output
      stdout: true,
      stderr: true
    })
    worker.on("message", (reply: Reply) => {
      const pending = this.#pending.get(reply.id)
      this.#pending.delete(reply.id)
      if (reply.ok) pending?.resolve(reply.value)
      else pending?.reject(new TabError(reply.error))
      // a process whose tabs have nothing to do may exit
      if (this.#pending.size === 0) worker.unref()
    })
    worker.on("error", (error) => this.#rejectAll(error))
    worker.on("exit", () => {
      this.#worker = undefined
      this.#rejectAll(new Error("the thread of the tabs has ended"))
    })
    return worker
  }

  #rejectAll(error: unknown, tab?: number): void {
    for (const [id, pending] of this.#pending) {
      if (tab !== undefined && pending.tab !== tab) continue
      this.#pending.delete(id)
      pending.reject(error)
    }
  }
}
