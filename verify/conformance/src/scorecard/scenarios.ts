/**
 * What can go wrong, made on purpose, and what a client did then. A verdict is read off what was observed.
 */
import type { Contestant } from "./contestants.ts"
import { elsewhereName, sleep, type Stage, within } from "./Stage.ts"

export interface Verdict {
  /** Whether the user got what was due; `none` when the client has no way to ask for it. */
  readonly mark: "kept" | "broken" | "none"
  /** What the client did, in a few words. */
  readonly did: string
}

export interface Scenario {
  readonly id: string
  readonly title: string
  /** How it is made, and when it counts as kept. */
  readonly how: string
  readonly run: (stage: Stage, contestant: Contestant) => Promise<Verdict>
}

const verdict = (kept: boolean, did: string): Verdict => ({ mark: kept ? "kept" : "broken", did })

/** Long enough for what is already on its way. */
const settle = () => sleep(2000)
/** How long something may take that should come at once. */
const prompt = 10_000
/** How long a client may take to come back. */
const patience = 60_000

const order = (got: ReadonlyArray<unknown>, due: ReadonlyArray<string>): string => {
  if (got.length === 0) return `lost ${due.length} of ${due.length}`
  const distinct = new Set(got).size
  if (distinct < due.length) return `lost ${due.length - distinct} of ${due.length}`
  if (got.length > distinct) return `${due.length} of ${due.length}, some more than once`
  const inOrder = got.every((text, index) => text === due[index])
  return `${due.length} of ${due.length}, ${inOrder ? "in order" : "out of order"}`
}

const throwing: Scenario = {
  id: "throwing-listener",
  title: "One of two listeners throws",
  how: "Two listeners; the first throws at the first of two messages. Kept when both hear both.",
  run: async (stage) => {
    await stage.attend("failing", "other")
    await stage.say("boom")
    await stage.hears("other", "boom", prompt)
    await stage.say("after")
    await stage.hears("other", "after", prompt)
    await stage.hears("failing", "after", 2000)
    const count = async (name: string) =>
      (await stage.texts(name)).filter((text) => text === "boom" || text === "after").length
    const [failing, other] = [await count("failing"), await count("other")]
    return verdict(
      failing === 2 && other === 2,
      failing === 2 && other === 2
        ? "both heard both"
        : `the other heard ${other} of 2, the one that threw ${failing} of 2`
    )
  }
}

const outage = (remembered: boolean): Scenario => ({
  id: remembered ? "outage" : "outage-forgotten",
  title: remembered
    ? "3 messages during an outage, the server keeps the session"
    : "3 messages during an outage, the server loses the session",
  how: `The socket ${
    remembered
      ? "breaks"
      : "is ended with `signalwire.disconnect` and `restart: true`, so the server forgets the session"
  }; new ones are refused with 503 until three messages are stored. Kept when the listener hears the three, once and in order, after the reconnect.`,
  run: async (stage) => {
    await stage.attend("ear")
    await stage.server.faults({ match: { on: "connect" }, action: { type: "answer", status: 503 } })
    if (remembered) await stage.server.drop(stage.ada)
    else await stage.server.admin("POST", "/sessions/disconnect", { subscriberId: stage.ada.id, restart: true })
    await stage.gone()
    const due = ["missed 1", "missed 2", "missed 3"]
    await stage.say(...due)
    await stage.server.faults()
    if (!(await stage.connected(patience))) return verdict(false, "did not come back in 60 s")
    const missed = async () => (await stage.texts("ear")).filter((text) => String(text).startsWith("missed"))
    await within(prompt, missed, (texts) => texts.length >= due.length)
    await settle()
    const did = order(await missed(), due)
    return verdict(did === "3 of 3, in order", did)
  }
})

const resent: Scenario = {
  id: "re-sent",
  title: "A message that the server sends again",
  how:
    "The client's acknowledgements get lost, the socket breaks, and on resume the server sends the event again. Kept when the listener hears it once.",
  run: async (stage) => {
    await stage.attend("ear")
    await stage.server.faults({
      match: { on: "frame", direction: "in", method: "signalwire.event" },
      action: { type: "drop" }
    })
    await stage.say("again")
    if (!(await stage.hears("ear", "again", 45_000))) return verdict(false, "never heard it")
    await stage.server.drop(stage.ada)
    const arrivals = async () =>
      (await stage.frames()).filter(({ direction, text }) => direction === "in" && text.includes("\"again\"")).length
    const arrived = await within(patience, arrivals, (count) => count > 1)
    if (arrived < 2) throw new Error("it was not sent again")
    await settle()
    const count = (await stage.texts("ear")).filter((text) => text === "again").length
    return verdict(count === 1, count === 1 ? "heard once" : `heard ${count} times`)
  }
}

const lostAnswer: Scenario = {
  id: "lost-answer",
  title: "The answer to a send is lost",
  how:
    "Each `POST` of a message is carried out and its connection then broken. Kept when one copy is stored and the caller learns that it is.",
  run: async (stage) => {
    await stage.attend()
    await stage.server.faults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "loseAnswer" }
    })
    const outcome = await stage.send({ text: "precious" })
    const copies = (await stage.server.stored(stage.lab)).filter(({ text }) => text === "precious").length
    const told = outcome.type === "resolved"
      ? "caller told it is sent"
      : outcome.type === "rejected"
      ? `caller told "${outcome.why}"`
      : "caller told nothing in 60 s"
    return verdict(
      copies === 1 && outcome.type === "resolved",
      `${copies} ${copies === 1 ? "copy" : "copies"}, ${told}`
    )
  }
}

const isLinked = (value: unknown): value is { readonly links: { readonly next: string } } =>
  typeof value === "object" && value !== null && "links" in value && typeof value.links === "object" &&
  value.links !== null && "next" in value.links && typeof value.links.next === "string"

const foreignLink: Scenario = {
  id: "foreign-link",
  title: "A `links.next` that names another host",
  how:
    "The first page of a history has an absolute link to another host, where a second server writes down the credentials it is shown. Kept when the token does not get there.",
  run: async (stage) => {
    await stage.connect()
    // one of them her own, which makes her a member
    await stage.server.seed({ from: stage.ada.id, addressId: stage.lab, text: "0" })
    await stage.say("1", "2", "3", "4")
    const path = `/api/fabric/conversations/${stage.lab}/messages`
    const response = await fetch(`${stage.server.info.http}${path}?page_size=2`, {
      headers: { authorization: `Bearer ${stage.ada.token}` }
    })
    const page: unknown = await response.json()
    if (!isLinked(page)) throw new Error("the history has no second page")
    const next = new URL(page.links.next, `https://${elsewhereName}/`)
    const foreign = `https://${elsewhereName}${next.pathname}${next.search}`
    await stage.server.faults({
      match: { on: "http", method: "GET", path: "/api/fabric/conversations/*/messages" },
      action: { type: "answer", status: 200, body: { ...page, links: { ...page.links, next: foreign } } },
      times: 1
    })
    await stage.history()
    const before = (await stage.tab.seen()).exchanges.length
    const outcome = await stage.next()
    const asked = (await stage.tab.seen()).exchanges.slice(before)
    if (stage.shownElsewhere.some((shown) => shown?.includes(stage.ada.token))) {
      return verdict(false, "token sent to the other host")
    }
    if (stage.shownElsewhere.length > 0) return verdict(true, "asked the other host, without the token")
    if (asked.length > 0) return verdict(true, "asked its own host for that page")
    return verdict(true, outcome.type === "rejected" ? `refused: "${outcome.why}"` : "asked nobody")
  }
}

const extras: Scenario = {
  id: "metadata",
  title: "`metadata` and `details` given to a send",
  how: "Both are sent with a message. Kept when both are in the event and in history.",
  run: async (stage, { sendsTextOnly }) => {
    if (sendsTextOnly !== undefined) return { mark: "none", did: sendsTextOnly }
    await stage.attend("ear")
    const [metadata, details] = [{ tone: "casual" }, { ref: "one" }]
    const outcome = await stage.send({ text: "lunch?", metadata, details })
    if (outcome.type !== "resolved") return verdict(false, "could not send")
    await stage.hears("ear", "lunch?", prompt)
    const same = (value: unknown, sent: object) => JSON.stringify(value) === JSON.stringify(sent)
    const arrived = (messages: Awaited<ReturnType<Stage["heard"]>>) => {
      const message = messages.find(({ text }) => text === "lunch?")
      return [
        ...(same(message?.metadata, metadata) ? ["metadata"] : []),
        ...(same(message?.details, details) ? ["details"] : [])
      ].join(" and ") || "neither"
    }
    const [event, history] = [arrived(await stage.heard("ear")), arrived(await stage.history())]
    const both = "metadata and details"
    return verdict(
      event === both && history === both,
      event === history ? `${event} in event and history` : `${event} in the event, ${history} in history`
    )
  }
}

const anotherToken: Scenario = {
  id: "token",
  title: "Another token",
  how:
    "The application has a new token and hands it over in the way there is: `updateToken`, or, in the newest vendor client, the `refresh` of its credential provider, which is due 10 s after the start. Kept when the next message is sent with it, the socket is told of it within 30 s, and the call ends. (Tokens with the scope `sat:refresh`, which that client renews by itself, are another matter: its conformance tests show that REST and socket both get those.)",
  run: async (stage) => {
    stage.life = 15_000
    await stage.attend("ear")
    const { token } = await stage.server.admin<{ readonly token: string }>("POST", "/tokens", {
      subscriberId: stage.ada.id,
      ttlSeconds: 600
    })
    const replaced = stage.replaceToken(token)
    const told = async () =>
      (await stage.frames()).find(({ direction, text }) => direction === "out" && text.includes(token))
    const frame = await within(30_000, told, (frame) => frame !== undefined)
    const outcome = await replaced
    await stage.send({ text: "after" })
    const last = (await stage.tab.seen()).exchanges.findLast(({ method }) => method === "POST")
    if (!last?.body?.includes("after")) throw new Error("it did not send")
    const rest = last.authorization === `Bearer ${token}`
    const parts = [
      `REST ${rest ? "uses the new one" : "stays with the old one"}`,
      frame === undefined ? "socket not told" : `socket told with \`${String(frame.method)}\``,
      ...(outcome.type === "pending" ? ["the call never ends"] : []),
      ...(outcome.type === "rejected" ? [outcome.why] : [])
    ]
    return verdict(rest && frame !== undefined && outcome.type === "resolved", parts.join(", "))
  }
}

const crossTalk: Scenario = {
  id: "cross-talk",
  title: "Two conversations, a listener for each",
  how: "One message in each of two rooms. Kept when each listener hears that of its own room only.",
  run: async (stage) => {
    const { addressId: attic } = await stage.server.room("attic")
    await stage.attend()
    await stage.join(attic)
    await stage.listenTo("lab", stage.lab)
    await stage.listenTo("attic", attic)
    await stage.server.seed(
      { from: stage.grace.id, addressId: stage.lab, text: "for lab" },
      { from: stage.grace.id, addressId: attic, text: "for attic" }
    )
    const own = [await stage.hears("lab", "for lab", prompt), await stage.hears("attic", "for attic", prompt)]
    await settle()
    const leaked = [
      (await stage.texts("lab")).includes("for attic"),
      (await stage.texts("attic")).includes("for lab")
    ].filter(Boolean).length
    if (own.includes(false)) return verdict(false, "a listener did not hear its own room")
    return verdict(leaked === 0, leaked === 0 ? "each heard its own" : `${leaked} of 2 heard the other room too`)
  }
}

/** Whether a client gives up a connection that says nothing, and is back over another. */
const noticed = async (stage: Stage, since: number): Promise<Verdict> => {
  const sockets = async () => (await stage.tab.seen()).sockets.length
  if (await within(patience, sockets, (count) => count > since) <= since) return verdict(false, "not noticed in 60 s")
  const answered = async () =>
    (await stage.frames()).some(({ direction, socket, text }) =>
      direction === "in" && socket > since && text.includes("\"identity\"")
    )
  return await within(patience, answered, (yes) => yes)
    ? verdict(true, "noticed, connected again")
    : verdict(false, "noticed, but not back in 60 s")
}

const silentStart: Scenario = {
  id: "silent-start",
  title: "A server that is silent from the start",
  how:
    "The first socket opens, and nothing is ever said on it. Kept when the client connects over another within 60 s.",
  run: async (stage) => {
    await stage.server.faults({ match: { on: "connect" }, action: { type: "silent" }, times: 1 })
    const begun = stage.outcome(stage.connect().then(() => stage.listen("ear")), 2 * patience)
    await within(45_000, () => stage.tab.seen(), ({ sockets }) => sockets.length > 0)
    const result = await noticed(stage, 1)
    // its end is the scenario's, not the client's
    void begun
    return result
  }
}

const halfOpen = (pings: 0 | 1): Scenario => ({
  id: pings === 0 ? "half-open" : "half-open-armed",
  title: pings === 0 ? "A server that falls silent before its first ping" : "A server that falls silent after a ping",
  how: `A session is up; instead of sending its ${
    pings === 0 ? "first" : "second"
  } ping the server goes deaf and dumb, and the socket stays open. Kept when the client connects over another within 60 s.`,
  run: async (stage) => {
    await stage.server.faults({
      match: { on: "frame", direction: "out", method: "signalwire.ping" },
      action: { type: "silent" },
      skip: pings,
      times: 1
    })
    await stage.attend()
    await stage.listen("ear")
    return noticed(stage, 1)
  }
})

const restart: Scenario = {
  id: "restart",
  title: "`signalwire.disconnect` with `restart: true`",
  how:
    "The server says that it restarts, and forgets the session. Kept when the client is back, hears the next message, and did not ask for the session that is gone.",
  run: async (stage) => {
    await stage.attend("ear")
    await stage.server.admin("POST", "/sessions/disconnect", { subscriberId: stage.ada.id, restart: true })
    const second = async () =>
      (await stage.frames()).find(({ method, socket }) => method === "signalwire.connect" && socket === 2)
    const connect = await within(patience, second, (frame) => frame !== undefined)
    if (connect === undefined || !(await stage.connected(patience))) return verdict(false, "did not come back in 60 s")
    await stage.say("next")
    const heard = await stage.hears("ear", "next", prompt)
    const resumed = "protocol" in connect.params && connect.params.protocol !== undefined
    const frames = await stage.frames()
    const request = frames.find(({ method }) => method === "signalwire.disconnect")
    const replied = frames.some(({ direction, id }) => direction === "out" && id === request?.id)
    return verdict(
      heard && !resumed,
      [
        heard ? "back" : "back, but hears nothing",
        resumed ? "asked for the old session" : "began a new session",
        replied ? "answered" : "did not answer"
      ].join(", ")
    )
  }
}

const transient: Scenario = {
  id: "transient",
  title: "One error -32603 while reconnecting",
  how:
    "The socket breaks, and the first `signalwire.connect` after that is answered with -32603. Kept when the client is connected within 20 s and hears the next message.",
  run: async (stage) => {
    await stage.attend("ear")
    await stage.server.faults({
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32603, message: "Internal error" },
      times: 1
    })
    await stage.server.drop(stage.ada)
    const failed = async () =>
      (await stage.frames()).some(({ direction, text }) => direction === "in" && text.includes("-32603"))
    if (!(await within(patience, failed, (yes) => yes))) return verdict(false, "did not try to reconnect")
    if (!(await stage.connected(20_000))) return verdict(false, "not back in 20 s")
    await stage.say("next")
    const heard = await stage.hears("ear", "next", prompt)
    return verdict(heard, heard ? "back" : "back, but hears nothing")
  }
}

export const scenarios: ReadonlyArray<Scenario> = [
  throwing,
  outage(true),
  outage(false),
  resent,
  lostAnswer,
  foreignLink,
  extras,
  anotherToken,
  crossTalk,
  silentStart,
  halfOpen(0),
  halfOpen(1),
  restart,
  transient
]
