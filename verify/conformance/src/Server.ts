/**
 * A sandbox as a process of its own, and what a test asks of it behind the client's back.
 */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"

/** A subscriber that was made for a test. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly addressId: string
  readonly token: string
  readonly refreshToken: string
  readonly expiresAt: number
}

/** A message to be stored as if somebody had sent it. */
export interface Seeded {
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

let names = 0
/** A name that no other test uses. */
const freshName = (name: string): string => `${name}-${process.pid}-${++names}`

/** A running sandbox. */
export class Server implements AsyncDisposable {
  readonly #process: SandboxProcess.SandboxProcess
  readonly info: Info

  private constructor(process: SandboxProcess.SandboxProcess) {
    this.#process = process
    this.info = process.info
  }

  static async start(): Promise<Server> {
    return new Server(await SandboxProcess.start())
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

  /** A management endpoint, with the project's credential. */
  async manage<A>(path: string, body: object): Promise<A> {
    const { apiToken, http, projectId } = this.info
    const response = await fetch(http + path, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${projectId}:${apiToken}`)}` },
      body: JSON.stringify(body)
    })
    return response.json()
  }

  /** A subscriber of its own for every test, so that tests can run side by side. */
  async person(name: string): Promise<Person> {
    const unique = freshName(name)
    return this.admin("POST", "/subscribers", { name: unique, displayName: `${name} of ${unique}` })
  }

  async room(name: string): Promise<{ readonly name: string; readonly addressId: string }> {
    return this.admin("POST", "/rooms", { name: freshName(name) })
  }

  async seed(...messages: ReadonlyArray<Seeded>): Promise<void> {
    await this.admin("POST", "/messages", { messages })
  }

  /** Texts that are stored, of one address, oldest first. */
  async stored(addressId: string): Promise<ReadonlyArray<{ readonly text: string | null; readonly metadata: object }>> {
    const { messages } = await this.admin<{ messages: Array<{ text: string | null; metadata: object }> }>(
      "GET",
      `/messages?addressId=${addressId}`
    )
    return messages
  }

  /** Breaks the sockets of a subscriber: without a close frame when there is no code. */
  async drop({ id }: Person, code?: number): Promise<number> {
    const { dropped } = await this.admin<{ dropped: number }>("POST", "/sessions/drop", {
      subscriberId: id,
      ...(code === undefined ? undefined : { code })
    })
    return dropped
  }

  async sessions({ id }: Person): Promise<ReadonlyArray<{ protocol: string; connected: boolean; unacked: number }>> {
    const { sessions } = await this.admin<
      { sessions: Array<{ protocol: string; subscriberId: string; connected: boolean; unacked: number }> }
    >("GET", "/sessions")
    return sessions.filter(({ subscriberId }) => subscriberId === id)
  }

  /** What goes wrong from now on. Only for a server that no other test uses. */
  async faults(...rules: ReadonlyArray<object>): Promise<void> {
    await this.admin("PUT", "/faults", { rules })
  }
}
