/** People and a room of their own for each test, in the sandbox that all share, and what tests wait for. */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import * as AdminClient from "@effect-signalwire/testing/AdminClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { inject, vi } from "vitest"

export const sandbox = inject("sandbox")

export const urls = { http: sandbox.http, ws: sandbox.ws }

/** Calls the admin API, over CORS as everything here. */
export const admin = <A>(call: (admin: AdminClient.AdminClient) => Effect.Effect<A>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(sandbox.http), call), FetchHttpClient.layer))

/** How many sockets a subscriber has open. */
export const sockets = async (subscriberId: string): Promise<number> =>
  (await admin(({ sessions }) => sessions))
    .filter((session) => session.subscriberId === subscriberId && session.connected).length

/** Two people and a room that nobody else is in; clients made here end with it. */
export const open = async () => {
  const unique = crypto.randomUUID()
  const [ada, grace, { addressId }] = await Promise.all([
    admin(({ createSubscriber }) => createSubscriber({ name: `ada-${unique}` })),
    admin(({ createSubscriber }) => createSubscriber({ name: `grace-${unique}` })),
    admin(({ createRoom }) => createRoom({ name: `room-${unique}` }))
  ])
  const clients: Array<SignalWireClient> = []
  /** A client that has joined the room. */
  const client = async (options: SignalWireOptions & { readonly token: string }): Promise<SignalWireClient> => {
    const made = await SignalWire({ urls, ...options })
    clients.push(made)
    await made.conversation.join({ addressId })
    return made
  }
  const end = async () => {
    await Promise.all(clients.map((client) => client.disconnect()))
  }
  return { ada, grace, addressId, client, [Symbol.asyncDispose]: end }
}

/** Asks until it is so. */
export const eventually = (ask: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(ask, { interval: 20, timeout: 60_000 })

export const texts = (messages: Iterable<{ readonly text?: string | null }>): Array<string | null> =>
  Array.from(messages, ({ text }) => text ?? null)
