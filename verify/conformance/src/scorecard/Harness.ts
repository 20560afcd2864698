/** The test harness of one scenario: a sandbox, a client in a tab, and two subscribers. */
import { createServer } from "node:http"
import { Server, type TestSubscriber } from "../Server.ts"
import { TabError } from "../TabThread.ts"
import type { DriverTab, Implementation, SendOptions } from "./implementations/Implementation.ts"

/** A message as a client delivers it. */
export interface ReceivedMessage {
  readonly text: unknown
  readonly metadata: unknown
  readonly details: unknown
}

/** How a call has ended. */
export type Outcome =
  | { readonly type: "resolved" }
  | { readonly type: "rejected"; readonly message: string }
  | { readonly type: "pending" }

const toReceivedMessage = (message: object): ReceivedMessage => ({
  text: "text" in message ? message.text : undefined,
  metadata: "metadata" in message ? message.metadata : undefined,
  details: "details" in message ? message.details : undefined
})

export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis)
  })

/** Reads a value until a condition holds for it, or the time is over. Returns the last value. */
export const within = async <A>(
  millis: number,
  read: () => Promise<A>,
  holds: (value: A) => boolean
): Promise<A> => {
  const deadline = Date.now() + millis
  for (;;) {
    const value = await read()
    if (holds(value) || Date.now() > deadline) return value
    await sleep(50)
  }
}

/** The name of a host that does not belong to the service. */
export const foreignHostName = "elsewhere.example.test"

/** Starts a server that does not belong to the service, and records the credentials it receives. */
const startForeignHost = async () => {
  const credentials: Array<string | undefined> = []
  const server = createServer((request, response) => {
    credentials.push(request.headers.authorization)
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ data: [], links: {} }))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the server has no port")
  return { credentials, origin: `http://127.0.0.1:${address.port}`, close: () => void server.close() }
}

export class Harness implements AsyncDisposable {
  readonly server: Server
  readonly tab: DriverTab
  /** The client's subscriber. */
  readonly ada: TestSubscriber
  /** Another subscriber. */
  readonly grace: TestSubscriber
  /** The address of a room. */
  readonly lab: string
  /** The credentials that the other host has received. */
  readonly foreignCredentials: ReadonlyArray<string | undefined>
  /** The lifetime that the client assumes for its token, milliseconds. */
  tokenLifetime = 3_600_000
  readonly #close: () => void

  private constructor(parts: {
    readonly server: Server
    readonly tab: DriverTab
    readonly ada: TestSubscriber
    readonly grace: TestSubscriber
    readonly lab: string
    readonly foreignHost: Awaited<ReturnType<typeof startForeignHost>>
  }) {
    this.server = parts.server
    this.tab = parts.tab
    this.ada = parts.ada
    this.grace = parts.grace
    this.lab = parts.lab
    this.foreignCredentials = parts.foreignHost.credentials
    this.#close = parts.foreignHost.close
  }

  static async open(implementation: Implementation): Promise<Harness> {
    const [server, foreignHost] = await Promise.all([Server.start(), startForeignHost()])
    try {
      const [ada, grace, { addressId: lab }] = await Promise.all([
        server.createSubscriber("ada"),
        server.createSubscriber("grace"),
        server.createRoom("lab")
      ])
      const others = { [foreignHostName]: foreignHost.origin }
      const tab = await implementation.open({ http: server.info.http, ws: server.info.ws, others }, ada)
      return new Harness({ server, tab, ada, grace, lab, foreignHost })
    } catch (error) {
      foreignHost.close()
      await server.stop()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tab.close()
    this.#close()
    await this.server.stop()
  }

  connect(): Promise<void> {
    return this.tab.run(({ state }, life) => state.driver.connect(life), this.tokenLifetime)
  }

  join(addressId: string): Promise<void> {
    return this.tab.run(({ state }, addressId) => state.driver.join(addressId), addressId)
  }

  listen(name: string, addressId: string = this.lab): Promise<void> {
    return this.tab.run(
      ({ state }, { addressId, name }) => state.driver.listen(name, addressId),
      { addressId, name }
    )
  }

  listenTo(name: string, addressId: string): Promise<void> {
    return this.tab.run(
      ({ state }, { addressId, name }) => state.driver.listenTo(name, addressId),
      { addressId, name }
    )
  }

  async received(name: string): Promise<ReadonlyArray<ReceivedMessage>> {
    const all = await this.tab.run(({ state }, name) => state.driver.received(name), name)
    return all.map(toReceivedMessage)
  }

  async receivedTexts(name: string): Promise<ReadonlyArray<unknown>> {
    return (await this.received(name)).map(({ text }) => text)
  }

  async history(addressId: string = this.lab): Promise<ReadonlyArray<ReceivedMessage>> {
    const all = await this.tab.run(({ state }, addressId) => state.driver.history(addressId), addressId)
    return all.map(toReceivedMessage)
  }

  send(message: Partial<SendOptions> & { readonly text: string }, millis = 60_000): Promise<Outcome> {
    const whole: SendOptions = { addressId: this.lab, metadata: {}, details: {}, ...message }
    return this.outcome(this.tab.run(({ state }, message) => state.driver.send(message), whole), millis)
  }

  nextPage(): Promise<Outcome> {
    return this.outcome(this.tab.run(({ state }) => state.driver.nextPage()), 15_000)
  }

  replaceToken(token: string): Promise<Outcome> {
    return this.outcome(this.tab.run(({ state }, token) => state.driver.replaceToken(token), token), 30_000)
  }

  /** How a call ends; `pending` when it does not end in this time. */
  async outcome(call: Promise<unknown>, millis: number): Promise<Outcome> {
    const ended = call.then(
      (): Outcome => ({ type: "resolved" }),
      (error: unknown): Outcome => ({
        type: "rejected",
        message: error instanceof TabError ? error.error.message : String(error)
      })
    )
    return Promise.race([ended, sleep(millis).then((): Outcome => ({ type: "pending" }))])
  }

  /** Stores messages of `grace` in the room. */
  async sendFromGrace(...texts: ReadonlyArray<string>): Promise<void> {
    await this.server.seed(...texts.map((text) => ({ from: this.grace.id, addressId: this.lab, text })))
  }

  /** Connects the client, joins the room, and waits until each of these listeners receives messages. */
  async connectAndListen(...names: ReadonlyArray<string>): Promise<void> {
    await this.connect()
    await this.join(this.lab)
    for (const name of names) {
      await this.listen(name)
    }
    await this.sendFromGrace("ready")
    for (const name of names) {
      if (!(await this.receives(name, "ready", 45_000))) throw new Error(`${name} does not receive messages`)
    }
  }

  async receives(name: string, text: string, millis: number): Promise<boolean> {
    return (await within(millis, () => this.receivedTexts(name), (texts) => texts.includes(text))).includes(text)
  }

  async isConnected(): Promise<boolean> {
    return (await this.server.sessions(this.ada)).some(({ connected }) => connected)
  }

  /** Whether the client is connected within this time. */
  connected(millis: number): Promise<boolean> {
    return within(millis, () => this.isConnected(), (connected) => connected)
  }

  /** Waits until the client is disconnected. */
  async waitForDisconnect(): Promise<void> {
    if (await within(45_000, () => this.isConnected(), (connected) => !connected)) {
      throw new Error("the client was not disconnected")
    }
  }

  /** The frames so far, parsed. */
  async frames(): Promise<ReadonlyArray<Frame>> {
    const { frames } = await this.tab.traffic()
    return frames.map(({ direction, socket, text }) => {
      const parsed: unknown = JSON.parse(text)
      const record = typeof parsed === "object" && parsed !== null ? parsed : {}
      return {
        direction,
        socket,
        text,
        id: "id" in record ? record.id : undefined,
        method: "method" in record ? record.method : undefined,
        params: "params" in record && typeof record.params === "object" && record.params !== null ? record.params : {}
      }
    })
  }
}

interface Frame {
  readonly direction: "in" | "out"
  readonly socket: number
  readonly text: string
  readonly id: unknown
  readonly method: unknown
  readonly params: object
}
