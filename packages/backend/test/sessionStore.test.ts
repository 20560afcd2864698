/** Sessions with and without a socket: how long they are kept, and which are removed first. */
import { SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import { MemoryBudget } from "../src/internal/memoryBudget.ts"
import { Secrets } from "../src/internal/secrets.ts"
import type { Connection, Session } from "../src/internal/session.ts"
import { SessionStore } from "../src/internal/sessionStore.ts"

const ada = SubscriberId.make("00000000-0000-4000-8000-000000000001")
const grace = SubscriberId.make("00000000-0000-4000-8000-000000000002")

interface TestConnection extends Connection {
  readonly sent: Array<string>
  readonly codes: Array<number | null>
}

const makeConnection = (): TestConnection => {
  const sent: Array<string> = []
  const codes: Array<number | null> = []
  return {
    sent,
    codes,
    send: ({ text }) => void sent.push(text),
    close: (code) => void codes.push(code),
    disconnect: () => {},
    queuedBytes: () => 0
  }
}

/** A store that keeps sessions without a socket for five seconds, with at most three events. */
const makeStore = (secrets = new Secrets()) => new SessionStore({ retention: 5000, maxUnacked: 3 }, secrets)

const budget = new MemoryBudget(Infinity, () => 0)

const makeSession = (protocol: string, more: Partial<Session> = {}): Session => ({
  protocol,
  subscriberId: ada,
  acks: true,
  jti: "",
  token: { token: "", kind: "SAT", jti: "", subscriberId: ada, expiresAt: 0 },
  reportedExpiredToken: undefined,
  state: `state of ${protocol}`,
  previousState: undefined,
  connection: undefined,
  detachedAt: 0,
  unacked: new Map(),
  unackedBytes: 0,
  reservedBytes: 0,
  reservation: budget.open(() => {}),
  eventsSinceAck: 0,
  ...more
})

const event = (id: string, bytes = 10) => () => ({
  id,
  frame: { text: id, bytes, addedBytes: bytes / 2, method: "signalwire.event", eventType: undefined }
})

const protocols = (sessions: ReadonlyArray<Session>) => sessions.map(({ protocol }) => protocol)

describe("a session store", () => {
  it("finds a session by its protocol together with its current or its previous state", () => {
    const store = makeStore()
    const session = makeSession("a", { previousState: "previous" })
    store.open(session, 0)
    assert.strictEqual(store.find("a", "state of a", 0), session)
    assert.strictEqual(store.find("a", "previous", 0), session)
    assert.isUndefined(store.find("a", "other", 0))
    assert.isUndefined(store.find("b", "state of a", 0))
  })

  it("does not find a session without a socket from the end of its retention on", () => {
    const store = makeStore()
    const [left, connected] = [makeSession("left"), makeSession("connected", { connection: makeConnection() })]
    for (const session of [left, connected]) store.open(session, 0)
    assert.strictEqual(store.find("left", left.state, 4999), left)
    assert.isUndefined(store.find("left", left.state, 5000))
    assert.strictEqual(store.find("connected", connected.state, 5000), connected)
  })

  it("lists all sessions but those that have expired, even if it was swept a moment before", () => {
    const store = makeStore()
    store.open(makeSession("early", { detachedAt: 0 }), 0)
    store.open(makeSession("late", { detachedAt: 1 }), 1)
    assert.deepStrictEqual(protocols(store.all(4999)), ["early", "late"])
    assert.deepStrictEqual(protocols(store.all(5000)), ["late"])
    assert.deepStrictEqual(protocols(store.all(5001)), [])
  })

  it("counts the sessions of subscribers, and those with a socket", () => {
    const store = makeStore()
    store.open(makeSession("a"), 0)
    store.open(makeSession("b", { connection: makeConnection() }), 0)
    store.open(makeSession("c", { connection: makeConnection(), subscriberId: grace }), 0)
    assert.deepStrictEqual([store.countOf([ada]), store.countOf([grace]), store.countOf([ada, grace])], [2, 1, 3])
    assert.deepStrictEqual([store.connectedOf(ada), store.connectedOf(grace)], [1, 1])
    assert.strictEqual(store.countOf([]), 0)
  })

  it("forgets everything about a removed session", () => {
    const secrets = new Secrets()
    const store = makeStore(secrets)
    const [state, previousState] = ["current-state-0123456789", "previous-state-0123456789"]
    for (const secret of [state, previousState]) secrets.add(secret)
    const sizes: Array<number> = []
    const session = makeSession("a", {
      state,
      previousState,
      reservation: { set: (bytes) => void sizes.push(bytes), close: () => void sizes.push(-1) }
    })
    store.open(session, 0)
    store.publish(ada, event("1"))
    assert.deepStrictEqual([session.unackedBytes, session.reservedBytes, sizes], [10, 5, [5]])
    store.remove(session)
    assert.deepStrictEqual([session.unacked.size, session.unackedBytes, session.reservedBytes, sizes], [0, 0, 0, [
      5,
      -1
    ]])
    assert.isUndefined(store.find("a", state, 0))
    assert.deepStrictEqual([store.countOf([ada]), store.connectedOf(ada), store.all(0)], [0, 0, []])
    assert.strictEqual(secrets.redact(`${state} ${previousState}`), `${state} ${previousState}`)
    store.remove(session)
    assert.deepStrictEqual(sizes, [5, -1])
  })

  it("removes a session of a subscriber without its other sessions", () => {
    const store = makeStore()
    const [first, second] = [makeSession("first"), makeSession("second", { connection: makeConnection() })]
    for (const session of [first, second]) store.open(session, 0)
    store.remove(first)
    assert.deepStrictEqual(protocols(store.all(0)), ["second"])
    assert.deepStrictEqual([store.countOf([ada]), store.connectedOf(ada)], [1, 1])
  })

  it("keeps the sessions of a socket that was replaced by another one", () => {
    const store = makeStore()
    const [former, current] = [makeConnection(), makeConnection()]
    const session = makeSession("a", { connection: current })
    store.open(session, 0)
    store.detach(session, former, 100)
    assert.deepStrictEqual([session.connection, session.detachedAt], [current, 0])
    store.detach(session, current, 200)
    assert.deepStrictEqual([session.connection, session.detachedAt], [undefined, 200])
  })

  it("does not list a removed session again when its socket is closed", () => {
    const store = makeStore()
    const connection = makeConnection()
    const [session, other] = [makeSession("a", { connection }), makeSession("b", { connection })]
    for (const each of [session, other]) store.open(each, 0)
    store.remove(session)
    store.detach(session, connection, 1)
    assert.deepStrictEqual(protocols(store.all(1)), ["b"])
    assert.strictEqual(store.countOf([ada]), 1)
  })

  it("keeps at most a hundred sessions without a socket per subscriber, those that were left last", () => {
    const store = makeStore()
    const connection = makeConnection()
    const connected = makeSession("connected", { connection: makeConnection() })
    const other = makeSession("other", { subscriberId: grace })
    const sessions = Array.from({ length: 102 }, (_, n) => makeSession(`${n}`, { connection }))
    for (const session of [connected, other, ...sessions]) store.open(session, 0)
    // the last one to be opened is the first one to be left
    const left = sessions.toReversed()
    for (const session of left) store.detach(session, connection, 0)
    const kept = protocols(store.all(0))
    assert.sameMembers(kept, ["connected", "other", ...protocols(left.slice(2))])
    assert.strictEqual(store.countOf([ada]), 101)
  })

  it("keeps at most ten thousand sessions without a socket, those that were left last", () => {
    const store = makeStore()
    const connection = makeConnection()
    const open = (n: number) => {
      const session = makeSession(`${n}`, {
        connection,
        subscriberId: SubscriberId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)
      })
      store.open(session, 0)
      return session
    }
    const sessions = Array.from({ length: 10_002 }, (_, n) => open(n))
    const connected = open(-1)
    for (const session of sessions.toReversed()) store.detach(session, connection, 0)
    const kept = store.all(0)
    assert.strictEqual(kept.length, 10_001)
    assert.isTrue(kept.includes(connected))
    assert.deepStrictEqual(sessions.slice(-3).map((session) => kept.includes(session)), [true, false, false])
  })

  it("is swept at most once per second", () => {
    const store = makeStore()
    const expired = makeSession("expired")
    store.open(expired, 0)
    store.open(makeSession("b"), 4500)
    store.open(makeSession("c"), 5499)
    assert.strictEqual(store.countOf([ada]), 3)
    store.open(makeSession("d"), 5500)
    assert.strictEqual(store.countOf([ada]), 1)
  })
})

describe("an event", () => {
  it("is sent to each session of its subscriber, and kept by those that acknowledge", () => {
    const store = makeStore()
    const connections = [makeConnection(), makeConnection(), makeConnection()]
    const [acknowledging, other, foreign] = [
      makeSession("a", { connection: connections[0] }),
      makeSession("b", { connection: connections[1], acks: false }),
      makeSession("c", { connection: connections[2], subscriberId: grace })
    ]
    for (const session of [acknowledging, other, foreign]) store.open(session, 0)
    store.publish(ada, event("1"))
    assert.deepStrictEqual(connections.map(({ sent }) => sent), [["1"], ["1"], []])
    assert.deepStrictEqual([[...acknowledging.unacked.keys()], other.unacked.size], [["1"], 0])
    assert.deepStrictEqual([acknowledging.unackedBytes, other.unackedBytes], [10, 0])
    assert.deepStrictEqual([acknowledging.eventsSinceAck, other.eventsSinceAck], [1, 1])
  })

  it("is kept for a session without a socket only if it acknowledges", () => {
    const store = makeStore()
    const [acknowledging, other] = [makeSession("a"), makeSession("b", { acks: false })]
    for (const session of [acknowledging, other]) store.open(session, 0)
    store.publish(ada, event("1"))
    assert.deepStrictEqual([acknowledging.eventsSinceAck, other.eventsSinceAck], [1, 0])
  })

  it("is not kept any longer once it is acknowledged", () => {
    const store = makeStore()
    const sizes: Array<number> = []
    const session = makeSession("a", { reservation: { set: (bytes) => void sizes.push(bytes), close: () => {} } })
    store.open(session, 0)
    for (const id of ["1", "2"]) store.publish(ada, event(id))
    store.acknowledge(session, "1")
    store.acknowledge(session, "1")
    assert.deepStrictEqual([...session.unacked.keys()], ["2"])
    assert.deepStrictEqual([session.unackedBytes, session.reservedBytes, session.eventsSinceAck], [10, 5, 0])
    assert.deepStrictEqual(sizes, [5, 10, 5])
  })

  it("closes a session that has too many unacknowledged ones", () => {
    const store = makeStore()
    const connection = makeConnection()
    const session = makeSession("a", { connection })
    store.open(session, 0)
    for (const id of ["1", "2", "3"]) store.publish(ada, event(id))
    assert.deepStrictEqual([connection.sent, connection.codes], [["1", "2", "3"], []])
    store.publish(ada, event("4"))
    assert.deepStrictEqual([connection.sent, connection.codes], [["1", "2", "3"], [1013]])
    assert.deepStrictEqual(store.all(0), [])
  })

  it("closes a session that does not acknowledge if twice as many were sent without any response", () => {
    const store = makeStore()
    const connection = makeConnection()
    const session = makeSession("a", { acks: false, connection })
    store.open(session, 0)
    const publish = (count: number) => {
      for (let n = 0; n < count; n++) store.publish(ada, event(`${n}`))
    }
    publish(6)
    assert.deepStrictEqual(connection.codes, [])
    store.acknowledge(session, "anything")
    publish(6)
    assert.deepStrictEqual(connection.codes, [])
    publish(1)
    assert.deepStrictEqual([connection.sent.length, connection.codes], [12, [1013]])
  })

  it("closes a session whose unacknowledged ones take more than six mebibytes", () => {
    const store = makeStore()
    const connection = makeConnection()
    store.open(makeSession("a", { connection }), 0)
    store.publish(ada, event("1", 6 * 1024 * 1024))
    assert.deepStrictEqual(connection.codes, [])
    store.publish(ada, event("2", 1))
    assert.deepStrictEqual(connection.codes, [1013])
  })
})
