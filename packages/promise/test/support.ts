/**
 * A sandbox for each test, clients of its subscribers, and helpers that wait for something.
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

/** Client options with short waits. */
export const fastOptions: SignalWireOptions = {
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "300 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" }, connectTimeout: "2 seconds" }
}

type PromiseReturning<F> = F extends (...args: infer Args) => Effect.Effect<infer A> ? (...args: Args) => Promise<A>
  : never

/** The admin API, as Promises. */
const makeAdmin = (origin: string) => {
  const use = <A>(call: (admin: AdminClient.AdminClient) => Effect.Effect<A>): Promise<A> =>
    Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(origin), call), FetchHttpClient.layer))
  const mintToken: PromiseReturning<AdminClient.AdminClient["mintToken"]> = (options) =>
    use((admin) => admin.mintToken(options))
  const expireToken: PromiseReturning<AdminClient.AdminClient["expireToken"]> = (token) =>
    use((admin) => admin.expireToken(token))
  const seed: PromiseReturning<AdminClient.AdminClient["seed"]> = (messages) => use((admin) => admin.seed(messages))
  const stored: PromiseReturning<AdminClient.AdminClient["stored"]> = (addressId) =>
    use((admin) => admin.stored(addressId))
  const drop: PromiseReturning<AdminClient.AdminClient["drop"]> = (options) => use((admin) => admin.drop(options))
  const setFaults: PromiseReturning<AdminClient.AdminClient["setFaults"]> = (rules) =>
    use((admin) => admin.setFaults(rules))
  const createRoom: PromiseReturning<AdminClient.AdminClient["createRoom"]> = (room) =>
    use((admin) => admin.createRoom(room))
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

/** Opens a sandbox with two subscribers and a room. Disposing it disconnects the clients that `client` created. */
export const openSandbox = async (dialect: Dialect = "all", options: Sandbox.Options = {}) => {
  const info = await Sandbox.start({ ...options, dialect })
  const [ada, grace] = info.subscribers
  const [office] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined) {
    throw new Error("the sandbox has no subscribers")
  }
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

/** Creates two clients, and joins the room with both. */
export const joinBoth = async (sandbox: TestSandbox, options: SignalWireOptions = {}) => {
  const { addressId } = sandbox
  const [ada, grace] = await Promise.all([
    sandbox.client({ ...options, token: sandbox.ada.token }),
    sandbox.client({ token: sandbox.grace.token })
  ])
  await ada.conversation.join({ addressId })
  await grace.conversation.join({ addressId })
  return { ada, grace, addressId }
}

/** Records the arguments of a callback, and waits for more of them. */
export class Recorder<A> {
  readonly items: Array<A> = []
  readonly #waiting = new Set<() => void>()

  readonly push = (item: A): void => {
    this.items.push(item)
    for (const check of this.#waiting) check()
  }

  waitFor(predicate: (items: ReadonlyArray<A>) => boolean): Promise<ReadonlyArray<A>> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!predicate(this.items)) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve([...this.items])
      }
      const timer = setTimeout(() => reject(new Error(`received only ${Util.inspect(this.items)}`)), 8000)
      this.#waiting.add(check)
      check()
    })
  }
}

/** Records messages. */
export class MessageRecorder extends Recorder<{ readonly text: string | null }> {
  async waitForText(text: string): Promise<ReadonlyArray<string | null>> {
    return texts(await this.waitFor((items) => items.some((item) => item.text === text)))
  }
}

export const texts = (messages: ReadonlyArray<{ readonly text?: string | null }>) =>
  messages.map(({ text }) => text ?? null)

/** Collects all items of an async iterable. */
export const collect = async <A>(items: AsyncIterable<A>): Promise<Array<A>> => {
  const all: Array<A> = []
  for await (const item of items) all.push(item)
  return all
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 5, timeout: 60_000 })

/** Resolves after a number of turns of the event loop. */
export const eventLoopTurns = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Rejects when a Promise is still pending after some time. */
export const withTimeout = async <A>(millis: number, promise: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still pending after ${millis} ms`)), millis)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Returns the error that a Promise rejects with, and fails if it does not reject soon. */
export const rejection = async (promise: Promise<unknown>, millis = 5000): Promise<unknown> => {
  let value: unknown
  try {
    value = await withTimeout(millis, promise)
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, but it resolved with ${Util.inspect(value)}`)
}

/** Returns the `ConversationError` that a call fails with, and checks what all of them have in common. */
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

/** The parameters that an `Invalid` error names; for another error, its reason. */
export const invalidFields = (error: ConversationError): ReadonlyArray<string | null> =>
  error.reason._tag === "Invalid" ? error.reason.errors.map(({ attribute }) => attribute) : [error.reason._tag]

/** Every way in which a value may be rendered in a log. */
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

/** A logger that records its entries. */
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

/** An HTTP server whose responses the test decides, and which records its requests. */
export const serve = async (respond: (response: Http.ServerResponse, request: Http.IncomingMessage) => void) => {
  const requests: Array<{ readonly url: string; readonly authorization: string | undefined }> = []
  const server = Http.createServer((request, response) => {
    requests.push({ url: request.url ?? "", authorization: request.headers.authorization })
    respond(response, request)
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

/** Returns a port on which nothing listens. */
export const closedPort = async (): Promise<number> => {
  const server = await serve(() => {})
  await server.close()
  return server.port
}

/** Calls a method with arguments of any type, as untyped JavaScript may. */
export const callUntyped = async (method: (...args: Array<never>) => unknown, ...args: ReadonlyArray<unknown>) =>
  await Reflect.apply(method, undefined, args)
