/** A sandbox with the users, rooms and messages of the application. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as Schema from "effect/Schema"
import { assert, vi } from "vitest"
import { seed } from "../server/people.ts"

const decodeReady = Schema.decodeUnknownSync(Schema.Struct({
  subscribers: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String, addressId: Schema.String })),
  rooms: Schema.Array(Schema.Struct({ name: Schema.String, addressId: Schema.String }))
}))

const decodeSessions = Schema.decodeUnknownSync(Schema.Struct({
  sessions: Schema.Array(Schema.Struct({ subscriberId: Schema.String, connected: Schema.Boolean }))
}))

/** Starts a sandbox. Subscribers and rooms are named as in the sandbox: `ada.lovelace`, `office`. */
export const startSandbox = async () => {
  const sandbox = await Sandbox.start({ subscribers: [], rooms: [] })
  const directory = await seed(sandbox)
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${sandbox.admin}${path}`, {
      method,
      ...(body === undefined
        ? undefined
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    })
    assert.isTrue(response.ok)
    return response.json()
  }
  const { rooms, subscribers } = decodeReady(await admin("GET", ""))
  const subscriberId = (name: string) => subscribers.find((one) => one.name === name)?.id
  return {
    admin,
    directory,
    token: (name: string): string => directory.people.find((person) => person.name === name)?.token ?? "",
    setFaults: (...rules: ReadonlyArray<unknown>) => admin("PUT", "/faults", { rules }),
    connectedSessions: async () =>
      decodeSessions(await admin("GET", "/sessions")).sessions.filter(({ connected }) => connected),
    /** Drops the sockets of a subscriber, or of all. */
    dropSockets: (name?: string) =>
      admin("POST", "/sessions/drop", name === undefined ? {} : { subscriberId: subscriberId(name) }),
    /** Stores a message to a room or a subscriber. */
    send: (from: string, to: string, text: string) => {
      const { addressId } = [...rooms, ...subscribers].find(({ name }) => name === to) ?? {}
      return admin("POST", "/messages", { messages: [{ from: subscriberId(from), addressId, text }] })
    },
    [Symbol.asyncDispose]: () => sandbox.stop()
  }
}
export type StartedSandbox = Awaited<ReturnType<typeof startSandbox>>

/** A rule that refuses the next send. */
export const refuseNextSend = {
  match: { on: "http", method: "POST", path: "/api/fabric/messages" },
  action: { type: "answer", status: 422 },
  times: 1
}

/** Repeats an assertion until it passes. */
export const eventually = (assertion: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(assertion, { interval: 50, timeout: 60_000 })
