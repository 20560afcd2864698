/**
 * A browser tab with one of the vendor's clients in it. Each is a thread of its own, so that two tabs share nothing but
 * the server. Functions of a test run inside it, in the way a browser is driven: they are passed as text, so they see
 * nothing but their parameters.
 */
import { Worker } from "node:worker_threads"
import type { Exchange, Kept, Place, WireFrame } from "./environment.ts"
import type { Generation, Reply, TabData, Told } from "./messages.ts"

/** What a function sees inside a tab. */
export interface Inside<Vendor, Keep> {
  /** The vendor's module. */
  readonly vendor: Vendor
  /** Survives from one call to the next. */
  readonly kept: Keep
  /** Waits until something holds. */
  readonly until: <A>(what: string, condition: () => A, millis?: number) => Promise<NonNullable<A>>
  readonly page: { readonly sockets: ReadonlyArray<string> }
}

/** What a tab did on the wire so far. */
export interface Seen {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly frames: ReadonlyArray<WireFrame>
  readonly sockets: ReadonlyArray<string>
  readonly kept: Kept
}

/** An error that was thrown inside a tab. */
export class TabError extends Error {
  readonly told: Told

  constructor(told: Told) {
    super(`${told.name}: ${told.message}`)
    this.told = told
  }
}

/** One tab. `Vendor` is the client's module, `Keep` what a test keeps beside it. */
export class Tab<Vendor, Keep> implements AsyncDisposable {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  #next = 1

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on("message", (reply: Reply | "ready") => {
      if (reply === "ready") return
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (reply.ok) waiting?.resolve(reply.value)
      else waiting?.reject(new TabError(reply.error))
    })
    const end = (error: unknown) => {
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    }
    worker.on("error", end)
    worker.on("exit", () => end(new Error("the tab was closed")))
  }

  static async open<Vendor, Keep>(generation: Generation, place: Place, kept?: Kept): Promise<Tab<Vendor, Keep>> {
    const data: TabData = { generation, place: { http: place.http, ws: place.ws, others: place.others }, kept }
    const worker = new Worker(new URL("./thread.ts", import.meta.url), {
      workerData: data,
      // what a client prints is not the test's output
      stdout: true,
      stderr: true
    })
    await new Promise((resolve, reject) => {
      worker.once("message", resolve)
      worker.once("error", reject)
    })
    return new Tab(worker)
  }

  /** Runs a function inside. It is passed as text; what it takes and returns is copied. */
  run<A, B = undefined>(
    body: (inside: Inside<Vendor, Keep>, argument: B) => A,
    ...[argument]: B extends undefined ? [] : [argument: B]
  ): Promise<Awaited<A>> {
    // what comes over the thread's port has no type: it is the answer of `body`, copied
    return this.#ask({ type: "run", source: String(body), argument }) as Promise<Awaited<A>>
  }

  /** What went over the wire so far. */
  seen(): Promise<Seen> {
    // as above: the thread answers `page` with what it has seen
    return this.#ask({ type: "page" }) as Promise<Seen>
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #ask(command: object): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      // a worker thread, not a window: its messages have no origin
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      this.#worker.postMessage({ ...command, id })
    })
  }
}
