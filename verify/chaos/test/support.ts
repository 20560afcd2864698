/** A sandbox for each test, with two subscribers and two rooms, and helpers that wait for conditions. */
import {
  ConversationError,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions
} from "@effect-signalwire/promise"
import { type Info, start } from "@effect-signalwire/sandbox/Sandbox"
import type { AdminClient } from "@effect-signalwire/testing/AdminClient"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { assert, vi } from "vitest"
import * as SandboxProcess from "../src/sandbox.ts"

/** Short timeouts and pauses. */
const quickOptions: SignalWireOptions = {
  logger: { warn: () => {}, error: () => {} },
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "300 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" }, connectTimeout: "2 seconds" }
}

const contents = { subscribers: ["ada", "grace"], rooms: ["office", "lab"] }

/** Starts a sandbox with the subscribers `ada` and `grace` in this process. Disposing of it disconnects all clients. */
export const open = async () => {
  const sandbox = await start(contents)
  return makeFixture(sandbox, SandboxProcess.callAdmin(sandbox), sandbox.stop)
}

/** The same with a sandbox in a process of its own, which can be killed and restarted. */
export const openProcess = async () => {
  const process = await SandboxProcess.start(contents)
  return { ...makeFixture(process.info, process.admin, () => process[Symbol.asyncDispose]()), process }
}

const makeFixture = (info: Info, admin: SandboxProcess.CallAdmin, stop: () => PromiseLike<void>) => {
  const [ada, grace] = info.subscribers
  const [office, lab] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined || lab === undefined) {
    throw new Error("the sandbox is empty")
  }
  const urls = { http: info.http, ws: info.ws }
  const clients: Array<SignalWireClient> = []
  const client = async (options: SignalWireOptions): Promise<SignalWireClient> => {
    const made = await SignalWire({ ...quickOptions, urls, ...options })
    clients.push(made)
    return made
  }
  const setFaults = (...rules: Parameters<AdminClient["setFaults"]>[0]) => admin((admin) => admin.setFaults(rules))
  return {
    ada,
    grace,
    urls,
    client,
    setFaults,
    office: office.addressId,
    lab: lab.addressId,
    admin,
    /** A client of `ada`, who has joined both rooms. */
    asAda: async (options: SignalWireOptions = {}) => {
      const made = await client({ token: ada.token, ...options })
      for (const { addressId } of info.rooms) {
        await made.conversation.join({ addressId })
      }
      return made
    },
    /** Stores messages of `grace`. */
    seed: (addressId: string, messages: ReadonlyArray<string>, push = true) =>
      admin((admin) => admin.seed(messages.map((text) => ({ from: grace.id, addressId, text, push })))),
    storedTexts: async (addressId: string) => (await admin((admin) => admin.stored(addressId))).map(({ text }) => text),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.disconnect()))
      await stop()
    }
  }
}

/** Records the text of each message that a callback receives. */
export const recordMessages = () => {
  const messages: Array<string | null> = []
  return {
    messages,
    onMessage: ({ text }: { readonly text: string | null }): void => void messages.push(text),
    until: (text: string) => eventually(() => assert.include(messages, text))
  }
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 10, timeout: 60_000 })

/** The error with which a call fails. */
export const failure = async (call: Promise<unknown>): Promise<ConversationError> => {
  const error = await call.then(() => undefined, (error: unknown) => error)
  assert.instanceOf(error, ConversationError)
  return error
}

/** A server whose responses come from the test. */
export const serve = async (respond: (request: IncomingMessage, response: ServerResponse) => void) => {
  const requests: Array<string> = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    respond(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const client = await SignalWire({
    ...quickOptions,
    token: "token",
    urls: { http: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` },
    dialect: "address"
  })
  return {
    client,
    port,
    requests,
    [Symbol.asyncDispose]: async () => {
      await client.disconnect()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
