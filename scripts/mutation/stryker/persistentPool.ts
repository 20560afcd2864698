/**
 * A pool of Vitest whose one thread outlives a run of tests. Vitest starts a thread for every run, which then loads Effect
 * and all sources again, and that takes longer than most tests do. Here a run evaluates only the test files again; which
 * mutant is active is decided while the code runs.
 */
import type { SerializedConfig } from "vitest"
import { type PoolOptions, type PoolWorker, ThreadsPoolWorker, type WorkerRequest } from "vitest/node"
import { getTestRun, setAbandoned } from "./environment.ts"

type Listener = Parameters<PoolWorker["on"]>[1]

interface Thread {
  readonly worker: PoolWorker
  isSetUp: boolean
}

/** A worker stays the same for Vitest only during a run; the thread is passed on to the next one. */
class PersistentWorker implements PoolWorker {
  static thread: Thread | undefined

  readonly name = "persistent"
  private readonly options: PoolOptions
  private readonly listeners = new Set<readonly [event: string, listener: Listener]>()
  private config: SerializedConfig | undefined
  private silence: ReturnType<typeof setTimeout> | undefined

  constructor(options: PoolOptions) {
    this.options = options
  }

  async start(): Promise<void> {
    if (getTestRun().isFresh) await this.stopThread()
    if (PersistentWorker.thread !== undefined) return
    const worker = new ThreadsPoolWorker(this.options)
    PersistentWorker.thread = { worker, isSetUp: false }
    await worker.start()
  }

  on(event: string, listener: Listener): void {
    this.listeners.add([event, listener])
    PersistentWorker.thread?.worker.on(event, listener)
  }

  off(event: string, listener: Listener): void {
    for (const added of this.listeners) {
      if (added[0] === event && added[1] === listener) this.listeners.delete(added)
    }
    PersistentWorker.thread?.worker.off(event, listener)
  }

  send(message: WorkerRequest): void {
    const { thread } = PersistentWorker
    if (thread === undefined) return
    switch (message.type) {
      case "start": {
        this.config = message.context.config
        if (thread.isSetUp) return this.respond("started")
        thread.isSetUp = true
        return thread.worker.send(message)
      }
      case "run": {
        // the names of the tests to run are part of the configuration, which a thread otherwise receives once
        const { hookTimeout, retries, silenceTimeout, testTimeout } = getTestRun()
        const config = { ...this.config, retry: retries, testTimeout, hookTimeout }
        const context = { ...message.context, config }
        this.silence = setTimeout(() => void this.abandon(), silenceTimeout)
        this.on("message", () => this.silence?.refresh())
        return thread.worker.send({ ...message, context })
      }
      case "stop":
        return this.respond("stopped")
      default:
        return thread.worker.send(message)
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.silence)
    for (const [event, listener] of this.listeners) PersistentWorker.thread?.worker.off(event, listener)
    this.listeners.clear()
  }

  deserialize(data: unknown): unknown {
    return data
  }

  /** A loop that does not end is only stopped with its thread. */
  private async abandon(): Promise<void> {
    const listeners = [...this.listeners]
    setAbandoned()
    await this.stopThread()
    for (const [event, listener] of listeners) {
      if (event === "error") listener(new Error("the tests do not end"))
    }
  }

  private async stopThread(): Promise<void> {
    const { thread } = PersistentWorker
    if (thread === undefined) return
    PersistentWorker.thread = undefined
    for (const [event, listener] of this.listeners) thread.worker.off(event, listener)
    await thread.worker.stop()
  }

  private respond(type: "started" | "stopped"): void {
    const listeners = [...this.listeners]
    queueMicrotask(() => {
      for (const [event, listener] of listeners) {
        if (event === "message") listener({ type, __vitest_worker_response__: true })
      }
    })
  }
}

export const persistentPool = {
  name: "persistent",
  createPoolWorker: (options: PoolOptions): PoolWorker => new PersistentWorker(options)
}
