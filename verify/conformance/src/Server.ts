/** A sandbox process, and what tests do on it without a client. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"

/** A subscriber that was created for a test. */
export interface TestSubscriber {
  readonly id: string
  readonly name: string
  readonly addressId: string
  readonly token: string
  readonly refreshToken: string
  readonly expiresAt: number
}

/** A message to store as if a subscriber had sent it. */
export interface SeedMessage {
  readonly from: string
  readonly addressId: string
  readonly text?: string
  readonly subtype?: string
  readonly kind?: string
  readonly details?: object
  readonly metadata?: object
  readonly ts?: number
  readonly push?: boolean
}

let nameCount = 0
/** A name that no other test uses. */
const uniqueName = (name: string): string => `${name}-${process.pid}-${++nameCount}`

/** A running sandbox. */
export class Server implements AsyncDisposable {
  readonly #process: SandboxProcess.SandboxProcess
  readonly info: Info

  private constructor(process: SandboxProcess.SandboxProcess) {
    this.#process = process
    this.info = process.info
  }

  static async start(): Promise<Server> {
    // two dozen tabs load their clients at the same time, which may take longer than the default on a busy machine
    return new Server(await SandboxProcess.start([], { deadline: 110_000 }))
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async admin<A>(method: string, path: string, body?: object): Promise<A> {
    const response = await fetch(this.info.admin + path, {
      method,
      ...(body === undefined
        ? undefined
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  /** Calls a management endpoint with the credentials of the project. */
  async management<A>(path: string, body: object): Promise<A> {
    const { apiToken, http, projectId } = this.info
    const response = await fetch(http + path, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${projectId}:${apiToken}`)}` },
      body: JSON.stringify(body)
    })
    return response.json()
  }

  /** Creates a subscriber. Every test has its own, so that tests can run at the same time. */
  async createSubscriber(name: string): Promise<TestSubscriber> {
    const unique = uniqueName(name)
    return this.admin("POST", "/subscribers", { name: unique, displayName: `${name} of ${unique}` })
  }

  async createRoom(name: string): Promise<{ readonly name: string; readonly addressId: string }> {
    return this.admin("POST", "/rooms", { name: uniqueName(name) })
  }

  async seed(...messages: ReadonlyArray<SeedMessage>): Promise<void> {
    await this.admin("POST", "/messages", { messages })
  }

  /** The stored messages of an address, oldest first. */
  async stored(addressId: string): Promise<ReadonlyArray<{ readonly text: string | null; readonly metadata: object }>> {
    const { messages } = await this.admin<{ messages: Array<{ text: string | null; metadata: object }> }>(
      "GET",
      `/messages?addressId=${addressId}`
    )
    return messages
  }

  /** Breaks the sockets of a subscriber: with `code` by a close frame, otherwise abruptly. Returns their number. */
  async drop({ id }: TestSubscriber, code?: number): Promise<number> {
    const { dropped } = await this.admin<{ dropped: number }>("POST", "/sessions/drop", {
      subscriberId: id,
      ...(code === undefined ? undefined : { code })
    })
    return dropped
  }

  async sessions(
    { id }: TestSubscriber
  ): Promise<ReadonlyArray<{ protocol: string; connected: boolean; unacked: number }>> {
    const { sessions } = await this.admin<
      { sessions: Array<{ protocol: string; subscriberId: string; connected: boolean; unacked: number }> }
    >("GET", "/sessions")
    return sessions.filter(({ subscriberId }) => subscriberId === id)
  }

  /** Replaces the fault rules. Only for a server that no other test uses. */
  async setFaults(...rules: ReadonlyArray<object>): Promise<void> {
    await this.admin("PUT", "/faults", { rules })
  }
}
