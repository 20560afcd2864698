/**
 * HTTP requests and sockets to a sandbox, and temporary directories.
 */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Tests read frames and responses without decoding them. */
// oxlint-disable-next-line typescript/no-explicit-any
type UntypedJson = any

export interface Frame {
  readonly id: string
  readonly method?: string
  readonly params?: UntypedJson
  readonly result?: UntypedJson
  readonly error?: { readonly code: number; readonly message: string }
}

/** Makes a request to a sandbox. Rejects if the connection is broken. */
export const request = async (
  info: Pick<Info, "http">,
  method: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown } = {}
) => {
  const response = await fetch(info.http + path, {
    method,
    headers: {
      ...(options.token === undefined ? undefined : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? undefined : { "content-type": "application/json" })
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) })
  })
  const text = await response.text()
  const body: UntypedJson = text === "" ? undefined : JSON.parse(text)
  return { status: response.status, headers: response.headers, body }
}

/** The client's end of a socket, from which frames are taken one by one. */
export class Client {
  readonly #socket: WebSocket
  readonly #frames: Array<string> = []
  #wake: (() => void) | undefined
  readonly closed: Promise<number>

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.#socket.addEventListener("message", ({ data }) => {
      this.#frames.push(String(data))
      this.#wake?.()
    })
    this.closed = new Promise((resolve) => {
      this.#socket.addEventListener("close", ({ code }) => resolve(code))
    })
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(url)
    await new Promise((resolve, reject) => {
      client.#socket.addEventListener("open", resolve)
      client.#socket.addEventListener("error", () => reject(new Error("The socket was not opened")))
    })
    return client
  }

  send(frame: object): void {
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", ...frame }))
  }

  sendRaw(text: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(text)
  }

  acknowledge(frame: Frame): void {
    this.send({ id: frame.id, result: {} })
  }

  /** Waits for the next frame, and returns it without parsing it. */
  async nextRaw(): Promise<string> {
    await this.peek()
    return this.#frames.shift() ?? ""
  }

  async next(): Promise<Frame> {
    return JSON.parse(await this.nextRaw())
  }

  /** Waits for a frame without taking it. */
  async peek(): Promise<void> {
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#socket.close()
  }

  /** Opens a session, and acknowledges its authorization state. */
  async connect(token: string, more: object = {}) {
    this.send({
      id: "c",
      method: "signalwire.connect",
      params: {
        version: { major: 4, minor: 0, revision: 0 },
        event_acks: true,
        authentication: { jwt_token: token },
        ...more
      }
    })
    const { result } = await this.next()
    const state = await this.next()
    this.acknowledge(state)
    return { result, protocol: result.protocol, authorization_state: state.params.params.authorization_state }
  }
}

/** Whether a promise is pending. Wait first for something that happens later than what must not settle it. */
export const isPending = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = {}
  return await Promise.race([promise, Promise.resolve(pending)]) === pending
}

/** The first two subscribers of a sandbox, and its first room. */
export const fixtures = ({ rooms: [office], subscribers: [ada, grace] }: Info) => {
  if (ada === undefined || grace === undefined || office === undefined) throw new Error("The sandbox is empty")
  return { ada, grace, office }
}

/** A directory that is removed after the test. */
export const temporary = () => {
  const path = mkdtempSync(join(tmpdir(), "sandbox-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
