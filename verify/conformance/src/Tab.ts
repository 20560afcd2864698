/**
 * A browser tab with one of the vendor's clients. Each tab is a separate thread, so that two tabs share nothing but the
 * server. A test runs functions inside of it, as with a browser driver: they are passed as source text, so they can use
 * nothing but their parameters.
 */
import { Worker } from "node:worker_threads"
import type { Endpoints, Exchange, PageStorage, WireFrame } from "./environment.ts"
import type { Generation, Reply, SerializedError, TabData } from "./messages.ts"

/** The first parameter of a function that runs inside of a tab. */
export interface TabContext<Vendor, State> {
  /** The vendor's module. */
  readonly vendor: Vendor
  /** Kept from one call to the next. */
  readonly state: State
  /** Waits until `condition` returns a truthy value, and returns it. `what` names it in the error. @default 45 seconds */
  readonly until: <A>(what: string, condition: () => A, millis?: number) => Promise<NonNullable<A>>
  readonly page: { readonly sockets: ReadonlyArray<string> }
}

/** The requests, frames and sockets of a tab so far, and its web storage. */
export interface Traffic {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly frames: ReadonlyArray<WireFrame>
  readonly sockets: ReadonlyArray<string>
  readonly storage: PageStorage
}

/** An error that was thrown inside of a tab. */
export class TabError extends Error {
  readonly error: SerializedError

  constructor(error: SerializedError) {
    super(`${error.name}: ${error.message}`)
    this.error = error
  }
}

/** One tab. `Vendor` is the client's module, `State` what functions of the test keep there. */
export class Tab<Vendor, State> implements AsyncDisposable {
  readonly #worker: Worker
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  #next = 1

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on("message", (reply: Reply | "ready") => {
      if (reply === "ready") return
      const pending = this.#pending.get(reply.id)
      this.#pending.delete(reply.id)
      if (reply.ok) pending?.resolve(reply.value)
      else pending?.reject(new TabError(reply.error))
    })
    const end = (error: unknown) => {
      for (const { reject } of this.#pending.values()) reject(error)
      this.#pending.clear()
    }
    worker.on("error", end)
    worker.on("exit", () => end(new Error("the tab was closed")))
  }

  static async open<Vendor, State>(
    generation: Generation,
    endpoints: Endpoints,
    storage?: PageStorage
  ): Promise<Tab<Vendor, State>> {
    const data: TabData = {
      generation,
      endpoints: { http: endpoints.http, ws: endpoints.ws, others: endpoints.others },
      storage
    }
    const worker = new Worker(new URL("./thread.ts", import.meta.url), {
      workerData: data,
      // keeps the client's output out of the test's output
      stdout: true,
      stderr: true
    })
    await new Promise((resolve, reject) => {
      worker.once("message", resolve)
      worker.once("error", reject)
    })
    return new Tab(worker)
  }

  /** Runs a function inside of the tab. It is passed as source text; its argument and its result are copied. */
  run<A, B = undefined>(
    body: (inside: TabContext<Vendor, State>, argument: B) => A,
    ...[argument]: B extends undefined ? [] : [argument: B]
  ): Promise<Awaited<A>> {
    // values from the thread have no type: this is a copy of the result of `body`
    return this.#request({ type: "run", source: String(body), argument }) as Promise<Awaited<A>>
  }

  /** The traffic so far. */
  traffic(): Promise<Traffic> {
    // as above: the thread replies to `page` with its traffic
    return this.#request({ type: "page" }) as Promise<Traffic>
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #request(command: object): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      // a worker thread, not a window: its messages have no origin
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      this.#worker.postMessage({ ...command, id })
    })
  }
}
