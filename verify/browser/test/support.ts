/** Subscribers and a room for each test in the shared sandbox, and helpers that wait for conditions. */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import * as AdminClient from "@effect-signalwire/testing/AdminClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { inject, vi } from "vitest"

export const sandbox = inject("sandbox")

export const urls = { http: sandbox.http, ws: sandbox.ws }

/** Calls the admin API, across origins. */
export const admin = <A>(call: (admin: AdminClient.AdminClient) => Effect.Effect<A>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(AdminClient.make(sandbox.http), call), FetchHttpClient.layer))

/** The number of open sockets of a subscriber. */
export const sockets = async (subscriberId: string): Promise<number> =>
  (await admin(({ sessions }) => sessions))
    .filter((session) => session.subscriberId === subscriberId && session.connected).length

/** Creates two subscribers and a room. Disposing of it disconnects the clients that it has created. */
export const open = async () => {
  const unique = crypto.randomUUID()
  const [ada, grace, { addressId }] = await Promise.all([
    admin(({ createSubscriber }) => createSubscriber({ name: `ada-${unique}` })),
    admin(({ createSubscriber }) => createSubscriber({ name: `grace-${unique}` })),
    admin(({ createRoom }) => createRoom({ name: `room-${unique}` }))
  ])
  const clients: Array<SignalWireClient> = []
  /** Creates a client that has joined the room. */
  const client = async (options: SignalWireOptions & { readonly token: string }): Promise<SignalWireClient> => {
    const created = await SignalWire({ urls, ...options })
    clients.push(created)
    await created.conversation.join({ addressId })
    return created
  }
  const end = async () => {
    await Promise.all(clients.map((client) => client.disconnect()))
  }
  return { ada, grace, addressId, client, [Symbol.asyncDispose]: end }
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 20, timeout: 60_000 })

export const texts = (messages: Iterable<{ readonly text?: string | null }>): Array<string | null> =>
  Array.from(messages, ({ text }) => text ?? null)
