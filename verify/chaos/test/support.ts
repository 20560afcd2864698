/**
 * A sandbox of its own for each test, two people and a room in it, and what tests wait for.
 */
import {
  ConversationError,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions
} from "@effect-signalwire/promise"
import type { AdminClient } from "@effect-signalwire/testing/AdminClient"
import type * as Effect from "effect/Effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { assert, vi } from "vitest"
import * as Sandbox from "../src/sandbox.ts"

/** What waits, waits briefly. */
const quick: SignalWireOptions = {
  logger: { warn: () => {}, error: () => {} },
  http: { timeout: "2 seconds", deadline: "4 seconds" },
  settle: "300 millis",
  subscription: { backoff: { base: "10 millis", cap: "50 millis" }, connectTimeout: "2 seconds" }
}

/** A sandbox process with ada and grace; clients of it end with it. */
export const open = async () => {
  const sandbox = await Sandbox.start({ subscribers: ["ada", "grace"], rooms: ["office", "lab"] })
  const { info } = sandbox
  const [ada, grace] = info.subscribers
  const [office, lab] = info.rooms
  if (ada === undefined || grace === undefined || office === undefined || lab === undefined) throw new Error("nobody")
  const urls = { http: info.http, ws: info.ws }
  const clients: Array<SignalWireClient> = []
  const client = async (options: SignalWireOptions): Promise<SignalWireClient> => {
    const made = await SignalWire({ ...quick, urls, ...options })
    clients.push(made)
    return made
  }
  const setFaults = (...rules: Parameters<AdminClient["setFaults"]>[0]) =>
    sandbox.admin((admin) => admin.setFaults(rules))
  return {
    sandbox,
    ada,
    grace,
    urls,
    client,
    setFaults,
    office: office.addressId,
    lab: lab.addressId,
    admin: <A>(use: (admin: AdminClient) => Effect.Effect<A>) => sandbox.admin(use),
    /** Ada, who is in both rooms. */
    asAda: async (options: SignalWireOptions = {}) => {
      const made = await client({ token: ada.token, ...options })
      for (const { addressId } of info.rooms) {
        await made.conversation.join({ addressId })
      }
      return made
    },
    /** Stores messages of grace's. */
    seed: (addressId: string, texts: ReadonlyArray<string>, push = true) =>
      sandbox.admin((admin) => admin.seed(texts.map((text) => ({ from: grace.id, addressId, text, push })))),
    texts: async (addressId: string) =>
      (await sandbox.admin((admin) => admin.stored(addressId))).map(({ text }) => text),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.disconnect()))
      await sandbox[Symbol.asyncDispose]()
    }
  }
}

/** Texts as they are called back. */
export const listen = () => {
  const texts: Array<string | null> = []
  return {
    texts,
    hear: ({ text }: { readonly text: string | null }): void => void texts.push(text),
    until: (text: string) => eventually(() => assert.include(texts, text))
  }
}

/** Asks until it is so. */
export const eventually = (ask: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(ask, { interval: 10, timeout: 60_000 })

/** What a call fails with. */
export const failure = async (call: Promise<unknown>): Promise<ConversationError> => {
  const error = await call.then(() => undefined, (error: unknown) => error)
  assert.instanceOf(error, ConversationError)
  return error
}

/** A server that is no sandbox: it answers as the test says. */
export const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const requests: Array<string> = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const client = await SignalWire({
    ...quick,
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
