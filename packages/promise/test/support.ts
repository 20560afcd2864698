/**
 * A sandbox of its own for each test, the people in it, and what tests wait for.
 */
import * as AdminClient from "@effect-signalwire/backend/AdminClient"
import {
  ConversationError,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions
} from "@effect-signalwire/promise"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Http from "node:http"
import * as Util from "node:util"
import { assert, vi } from "vitest"

/** The client's settings in tests: what waits, waits briefly. */
export const fastOptions: SignalWireOptions = {
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "300 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" }, connectTimeout: "2 seconds" }
}

type Unpromised<F> = F extends (...args: infer Args) => Effect.Effect<infer A> ? (...args: Args) => Promise<A> : never

/** The admin API, as Promises. */
const makeAdmin = (origin: string) => {
  const use = <A>(call: (admin: AdminClient.AdminClient) => Effect.Effect<A>): Promise<A> =>
    Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(origin), call), FetchHttpClient.layer))
  const mintToken: Unpromised<AdminClient.AdminClient["mintToken"]> = (options) =>
    use((admin) => admin.mintToken(options))
  const expireToken: Unpromised<AdminClient.AdminClient["expireToken"]> = (token) =>
    use((admin) => admin.expireToken(token))
  const seed: Unpromised<AdminClient.AdminClient["seed"]> = (messages) => use((admin) => admin.seed(messages))
  const stored: Unpromised<AdminClient.AdminClient["stored"]> = (addressId) => use((admin) => admin.stored(addressId))
  const drop: Unpromised<AdminClient.AdminClient["drop"]> = (options) => use((admin) => admin.drop(options))
  const setFaults: Unpromised<AdminClient.AdminClient["setFaults"]> = (rules) => use((admin) => admin.setFaults(rules))
  const createRoom: Unpromised<AdminClient.AdminClient["createRoom"]> = (room) => use((admin) => admin.createRoom(room))
  return {
    mintToken,
    expireToken,
    seed,
    stored,
    drop,
    setFaults,
    createRoom,
    clearFaults: () => use((admin) => admin.clearFaults),
    sessions: () => use((admin) => admin.sessions)
  }
}

export type Dialect = "all" | "address" | "group"

/** A sandbox with two subscribers and a room; clients of {@link TestSandbox.client} end with it. */
export const openSandbox = async (dialect: Dialect = "all", options: Sandbox.Options = {}) => {
  const info = await Sandbox.start({ ...options, dialect })
  const [ada, grace] = info.subscribers
  const [office] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined) throw new Error("nobody is there")
  const clients: Array<SignalWireClient> = []
  const client = async (options: SignalWireOptions): Promise<SignalWireClient> => {
    const made = await SignalWire({
      ...fastOptions,
      urls: { http: info.http, ws: info.ws },
      dialect: dialect === "all" ? "auto" : dialect,
      ...options
    })
    clients.push(made)
    return made
  }
  const end = async () => {
    await Promise.all(clients.map((client) => client.disconnect()))
    await info.stop()
  }
  return {
    info,
    ada,
    grace,
    addressId: office.addressId,
    urls: { http: info.http, ws: info.ws },
    admin: makeAdmin(info.http),
    client,
    [Symbol.asyncDispose]: end
  }
}
export type TestSandbox = Awaited<ReturnType<typeof openSandbox>>

/** Two clients whose subscribers are both in the room. */
export const joinBoth = async (world: TestSandbox, options: SignalWireOptions = {}) => {
  const { addressId } = world
  const [ada, grace] = await Promise.all([
    world.client({ ...options, token: world.ada.token }),
    world.client({ token: world.grace.token })
  ])
  await ada.conversation.join({ addressId })
  await grace.conversation.join({ addressId })
  return { ada, grace, addressId }
}

/** What was called back, and a way to wait for more of it. */
export class Recorder<A> {
  readonly items: Array<A> = []
  readonly #waiting = new Set<() => void>()

  readonly push = (item: A): void => {
    this.items.push(item)
    for (const look of this.#waiting) look()
  }

  waitFor(holds: (items: ReadonlyArray<A>) => boolean): Promise<ReadonlyArray<A>> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds(this.items)) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve([...this.items])
      }
      const timer = setTimeout(() => reject(new Error(`heard only ${Util.inspect(this.items)}`)), 8000)
      this.#waiting.add(look)
      look()
    })
  }
}

/** Messages that were called back. */
export class MessageRecorder extends Recorder<{ readonly text: string | null }> {
  async waitForText(text: string): Promise<ReadonlyArray<string | null>> {
    return texts(await this.waitFor((items) => items.some((item) => item.text === text)))
  }
}

export const texts = (messages: ReadonlyArray<{ readonly text?: string | null }>) =>
  messages.map(({ text }) => text ?? null)

/** Everything that is iterated. */
export const collect = async <A>(items: AsyncIterable<A>): Promise<Array<A>> => {
  const all: Array<A> = []
  for await (const item of items) all.push(item)
  return all
}

/** Asks until it is so. */
export const eventually = (ask: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(ask, { interval: 5, timeout: 60_000 })

/** Fails when something takes too long: nothing may hang. */
export const withTimeout = async <A>(millis: number, promise: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still waiting after ${millis} ms`)), millis)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What something rejects with, soon. */
export const rejection = async (promise: Promise<unknown>, millis = 5000): Promise<unknown> => {
  let value: unknown
  try {
    value = await withTimeout(millis, promise)
  } catch (error) {
    return error
  }
  throw new Error(`should have failed, but answered ${Util.inspect(value)}`)
}

/** The failure of a call, with everything that a failure must have. */
export const failure = async (promise: Promise<unknown>): Promise<ConversationError> => {
  const error = await rejection(promise)
  assert.instanceOf(error, Error)
  if (!(error instanceof ConversationError)) throw error
  assert.strictEqual(error._tag, "ConversationError")
  assert.isString(error.reason._tag)
  assert.isBoolean(error.isRetryable)
  assert.strictEqual(error.isRetryable, error.reason.isRetryable)
  assert.isAbove(error.remediation.length, 10)
  assert.isAbove(error.message.length, 10)
  return error
}

/** The parameters that a failure complains about. */
export const invalidFields = (error: ConversationError): ReadonlyArray<string | null> =>
  error.reason._tag === "Invalid" ? error.reason.errors.map(({ attribute }) => attribute) : [error.reason._tag]

/** Every way in which a value may end up in a log. */
export const renderings = (value: unknown): ReadonlyArray<string> => {
  const inner = value instanceof Error && value.cause !== undefined ? renderings(value.cause) : []
  return [
    String(value),
    value instanceof Error ? value.stack ?? "" : "",
    Util.inspect(value, { depth: null, showHidden: true, getters: true }),
    Util.format("%s %o %O %j", value, value, value, value),
    JSON.stringify(value) ?? "",
    ...inner
  ]
}

export const assertRedacted = (value: unknown, ...secrets: ReadonlyArray<string>): void => {
  for (const text of renderings(value)) {
    for (const secret of secrets) assert.notInclude(text, secret)
  }
}

/** A logger that keeps what it is told. */
export const makeLogger = () => {
  const entries: Array<{ readonly level: "warn" | "error"; readonly message: string; readonly details: unknown }> = []
  return {
    entries,
    warn: (message: string, ...details: ReadonlyArray<unknown>) =>
      void entries.push({ level: "warn", message, details }),
    error: (message: string, ...details: ReadonlyArray<unknown>) =>
      void entries.push({ level: "error", message, details })
  }
}

/** A server that is no sandbox: it answers as the test says, and keeps count. */
export const serve = async (answer: (response: Http.ServerResponse, request: Http.IncomingMessage) => void) => {
  const requests: Array<{ readonly url: string; readonly authorization: string | undefined }> = []
  const server = Http.createServer((request, response) => {
    requests.push({ url: request.url ?? "", authorization: request.headers.authorization })
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    port,
    requests,
    urls: { http: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` },
    close,
    [Symbol.asyncDispose]: close
  }
}

/** A port on which nothing listens. */
export const closedPort = async (): Promise<number> => {
  const server = await serve(() => {})
  await server.close()
  return server.port
}

/** Calls as untyped JavaScript may: with any arguments, or none. */
export const callUntyped = async (method: (...args: Array<never>) => unknown, ...args: ReadonlyArray<unknown>) =>
  await Reflect.apply(method, undefined, args)

/** A signal that is never aborted, and how many listen to it. */
export const makeCountingSignal = () => {
  const { signal } = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--
    removeEventListener.apply(signal, args)
  }
  return { signal, listeners: () => listeners }
}
