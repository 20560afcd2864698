/**
 * One sandbox, one client, and the people of one scenario.
 */
import { createServer } from "node:http"
import { type Person, Server } from "../Server.ts"
import { TabError } from "../Tab.ts"
import type { Contestant, DrivenTab, Outgoing } from "./contestants.ts"

/** A message as some client hands it out. */
export interface Heard {
  readonly text: unknown
  readonly metadata: unknown
  readonly details: unknown
}

/** How a call ended, as its caller saw it. */
export type Outcome =
  | { readonly type: "resolved" }
  | { readonly type: "rejected"; readonly why: string }
  | { readonly type: "pending" }

const toHeard = (message: object): Heard => ({
  text: "text" in message ? message.text : undefined,
  metadata: "metadata" in message ? message.metadata : undefined,
  details: "details" in message ? message.details : undefined
})

export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis)
  })

/** Reads until it holds, but not for ever: answers what was read last. */
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

/** The name of a host that is not the service's. */
export const elsewhereName = "elsewhere.example.test"

/** A host that has nothing to do with the service, and writes down which credentials it is shown. */
const startElsewhere = async () => {
  const shown: Array<string | undefined> = []
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization)
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ data: [], links: {} }))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("it does not listen")
  return { shown, origin: `http://127.0.0.1:${address.port}`, close: () => void server.close() }
}

/** What a scenario is made of. */
export class Stage implements AsyncDisposable {
  readonly server: Server
  readonly tab: DrivenTab
  /** The client's subscriber. */
  readonly ada: Person
  /** Somebody else. */
  readonly grace: Person
  /** A room for both. */
  readonly lab: string
  /** The credentials that another host was shown. */
  readonly shownElsewhere: ReadonlyArray<string | undefined>
  /** How long the client is told that its token is good. */
  life = 3_600_000
  readonly #close: () => void

  private constructor(parts: {
    readonly server: Server
    readonly tab: DrivenTab
    readonly ada: Person
    readonly grace: Person
    readonly lab: string
    readonly elsewhere: Awaited<ReturnType<typeof startElsewhere>>
  }) {
    this.server = parts.server
    this.tab = parts.tab
    this.ada = parts.ada
    this.grace = parts.grace
    this.lab = parts.lab
    this.shownElsewhere = parts.elsewhere.shown
    this.#close = parts.elsewhere.close
  }

  static async open(contestant: Contestant): Promise<Stage> {
    const [server, elsewhere] = await Promise.all([Server.start(), startElsewhere()])
    try {
      const [ada, grace, { addressId: lab }] = await Promise.all([
        server.person("ada"),
        server.person("grace"),
        server.room("lab")
      ])
      const others = { [elsewhereName]: elsewhere.origin }
      const tab = await contestant.open({ http: server.info.http, ws: server.info.ws, others }, ada)
      return new Stage({ server, tab, ada, grace, lab, elsewhere })
    } catch (error) {
      elsewhere.close()
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
    return this.tab.run(({ kept }, life) => kept.driver.connect(life), this.life)
  }

  join(addressId: string): Promise<void> {
    return this.tab.run(({ kept }, addressId) => kept.driver.join(addressId), addressId)
  }

  listen(name: string, addressId: string = this.lab): Promise<void> {
    return this.tab.run(
      ({ kept }, { addressId, name }) => kept.driver.listen(name, addressId),
      { addressId, name }
    )
  }

  listenTo(name: string, addressId: string): Promise<void> {
    return this.tab.run(
      ({ kept }, { addressId, name }) => kept.driver.listenTo(name, addressId),
      { addressId, name }
    )
  }

  async heard(name: string): Promise<ReadonlyArray<Heard>> {
    const all = await this.tab.run(({ kept }, name) => kept.driver.heard(name), name)
    return all.map(toHeard)
  }

  async texts(name: string): Promise<ReadonlyArray<unknown>> {
    return (await this.heard(name)).map(({ text }) => text)
  }

  async history(addressId: string = this.lab): Promise<ReadonlyArray<Heard>> {
    const all = await this.tab.run(({ kept }, addressId) => kept.driver.history(addressId), addressId)
    return all.map(toHeard)
  }

  send(message: Partial<Outgoing> & { readonly text: string }, millis = 60_000): Promise<Outcome> {
    const whole: Outgoing = { addressId: this.lab, metadata: {}, details: {}, ...message }
    return this.outcome(this.tab.run(({ kept }, message) => kept.driver.send(message), whole), millis)
  }

  next(): Promise<Outcome> {
    return this.outcome(this.tab.run(({ kept }) => kept.driver.next()), 15_000)
  }

  replaceToken(token: string): Promise<Outcome> {
    return this.outcome(this.tab.run(({ kept }, token) => kept.driver.replaceToken(token), token), 30_000)
  }

  /** How a call ends, if it does in time. */
  async outcome(call: Promise<unknown>, millis: number): Promise<Outcome> {
    const ended = call.then(
      (): Outcome => ({ type: "resolved" }),
      (error: unknown): Outcome => ({
        type: "rejected",
        why: error instanceof TabError ? error.told.message : String(error)
      })
    )
    return Promise.race([ended, sleep(millis).then((): Outcome => ({ type: "pending" }))])
  }

  /** Something that grace says in the room. */
  async say(...texts: ReadonlyArray<string>): Promise<void> {
    await this.server.seed(...texts.map((text) => ({ from: this.grace.id, addressId: this.lab, text })))
  }

  /** A client that is connected, and whose listeners were shown to work. */
  async attend(...names: ReadonlyArray<string>): Promise<void> {
    await this.connect()
    await this.join(this.lab)
    for (const name of names) {
      await this.listen(name)
    }
    await this.say("ready")
    for (const name of names) {
      if (!(await this.hears(name, "ready", 45_000))) throw new Error(`${name} heard nothing to begin with`)
    }
  }

  async hears(name: string, text: string, millis: number): Promise<boolean> {
    return (await within(millis, () => this.texts(name), (texts) => texts.includes(text))).includes(text)
  }

  async isConnected(): Promise<boolean> {
    return (await this.server.sessions(this.ada)).some(({ connected }) => connected)
  }

  /** Whether the client is connected in time. */
  connected(millis: number): Promise<boolean> {
    return within(millis, () => this.isConnected(), (connected) => connected)
  }

  /** Waits until the client's connection is gone. */
  async gone(): Promise<void> {
    if (await within(45_000, () => this.isConnected(), (connected) => !connected)) {
      throw new Error("the connection does not break")
    }
  }

  /** Frames so far, parsed, with the socket and direction of each. */
  async frames(): Promise<ReadonlyArray<Frame>> {
    const { frames } = await this.tab.seen()
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
