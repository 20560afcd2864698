/**
 * A socket and requests over the network, driven by hand.
 */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Test code reads frames and answers by hand. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export interface Frame {
  readonly id: string
  readonly method?: string
  readonly params?: Loose
  readonly result?: Loose
  readonly error?: { readonly code: number; readonly message: string }
}

/** Requests to a sandbox; rejects when the connection breaks. */
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
  const body: Loose = text === "" ? undefined : JSON.parse(text)
  return { status: response.status, headers: response.headers, body }
}

/** A socket; frames are taken one by one. */
export class Client {
  readonly #socket: WebSocket
  readonly #texts: Array<string> = []
  #wake: (() => void) | undefined
  readonly closed: Promise<number>

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.#socket.addEventListener("message", ({ data }) => {
      this.#texts.push(String(data))
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
      client.#socket.addEventListener("error", () => reject(new Error("not opened")))
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

  /** The next frame, as it came. */
  async nextText(): Promise<string> {
    await this.peek()
    return this.#texts.shift() ?? ""
  }

  async next(): Promise<Frame> {
    return JSON.parse(await this.nextText())
  }

  /** Waits for a frame, and leaves it. */
  async peek(): Promise<void> {
    while (this.#texts.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#socket.close()
  }

  /** Opens a session and acknowledges its state. */
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

/** A folder that is gone with the test. */
export const temporary = () => {
  const path = mkdtempSync(join(tmpdir(), "sandbox-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
