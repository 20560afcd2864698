/** The faults that the page has buttons for, in words and as what the admin API is asked for. */
import type { AdminApi } from "./admin/api.ts"
import type { NewRule } from "./admin/models.ts"

/** What a fault is carried out on. */
export interface Target {
  /** The subscriber it is for; `undefined` for everybody. */
  readonly subscriberId: string | undefined
  /** The tokens that the panes of theirs use. */
  readonly tokens: ReadonlyArray<string>
}

/** What a fault did. */
export interface FaultResult {
  readonly message: string
  /** How many sockets were cut. */
  readonly cutSockets: number
}

export interface Fault {
  readonly id: string
  readonly title: string
  /** What it does, and what a client makes of it. */
  readonly sentence: string
  /** Carries it out. */
  readonly run: (admin: AdminApi, target: Target) => Promise<FaultResult>
}

/** How long the faults that end by themselves are active, in milliseconds. */
const short = 5000
const long = 10_000

/** How long a response or event is delayed, in milliseconds. */
const delay = 2000

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

const result = (message: string): FaultResult => ({ message, cutSockets: 0 })

const adding = (
  rules: (target: Target) => ReadonlyArray<NewRule>,
  message: string
): Fault["run"] =>
async (admin, target) => {
  await admin.addRules(rules(target))
  return result(message)
}

/** Without a subscriber, a rule is for all. */
const only = ({ subscriberId }: Target) => subscriberId === undefined ? undefined : { subscriberId }

export const faults: ReadonlyArray<Fault> = [
  {
    id: "cut",
    title: "Cut the sockets",
    sentence: "Breaks every open socket without a close frame, as a pulled cable does. Clients reconnect, resume " +
      "their session and receive what was sent meanwhile.",
    run: async (admin, { subscriberId }) => {
      const cutSockets = await admin.dropSockets(subscriberId)
      return { message: `Cut ${plural(cutSockets, "socket", "sockets")}.`, cutSockets }
    }
  },
  {
    id: "away",
    title: "Down for five seconds",
    sentence: "Breaks every socket, and refuses new sockets and all API requests. Clients keep trying; what is sent " +
      "meanwhile waits, and arrives once.",
    run: async (admin) => {
      await admin.addRules([
        { match: { on: "http", path: "/api/*" }, action: { type: "refuse" }, forMillis: short },
        { match: { on: "connect" }, action: { type: "refuse" }, forMillis: short }
      ])
      const cutSockets = await admin.dropSockets(undefined)
      return {
        message: `Cut ${plural(cutSockets, "socket", "sockets")}; nothing gets through for five seconds.`,
        cutSockets
      }
    }
  },
  {
    id: "lose",
    title: "Lose the next response",
    sentence:
      "Stores the next message that is sent, and never responds. The client can't tell a lost response from a " +
      "lost message, so it looks for the message instead of sending it again.",
    run: adding(
      (target) => [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", ...only(target) },
        // a connection that broke would make Chromium repeat the request by itself
        action: { type: "loseAnswer", never: true },
        times: 1
      }],
      "The next message will be stored, and its response lost."
    )
  },
  {
    id: "repeat",
    title: "Repeat the next message",
    sentence: "Pushes a duplicate of the next message to a client. The client shows it once.",
    run: adding(
      (target) => [{
        match: { on: "frame", direction: "out", eventType: "conversation.message", ...only(target) },
        action: { type: "duplicate" },
        times: 1
      }],
      "A duplicate of the next message will be pushed."
    )
  },
  {
    id: "swap",
    title: "Swap two messages",
    sentence: "Holds the next pushed message back until another frame has overtaken it, for a second at most. The " +
      "client shows messages in order.",
    run: adding(
      (target) => [{
        match: { on: "frame", direction: "out", eventType: "conversation.message", ...only(target) },
        action: { type: "reorder" },
        times: 1
      }],
      "The next message will be overtaken."
    )
  },
  {
    id: "unavailable",
    title: "503 for ten seconds",
    sentence: "Returns 503 Service Unavailable for every API request. Clients retry until it succeeds; messages stay " +
      "“sending” until then.",
    run: adding(
      (target) => [{
        match: { on: "http", path: "/api/*", ...only(target) },
        action: { type: "answer", status: 503 },
        forMillis: long
      }],
      "Every API request returns 503 for ten seconds."
    )
  },
  {
    id: "slow",
    title: "Slow for ten seconds",
    sentence: "Delays every API response and every pushed message by two seconds. Everything arrives, later.",
    run: adding(
      (target) => [
        {
          match: { on: "http", path: "/api/*", ...only(target) },
          action: { type: "delay", millis: delay },
          forMillis: long
        },
        {
          match: { on: "frame", direction: "out", eventType: "conversation.message", ...only(target) },
          action: { type: "delay", millis: delay },
          forMillis: long
        }
      ],
      "Responses and messages take two seconds longer, for ten seconds."
    )
  },
  {
    id: "silent",
    title: "Silence the sockets",
    sentence: "Sockets stay open, but neither send nor receive from their next frame on. Clients notice after at " +
      "most 20 seconds, reconnect and catch up.",
    run: async (admin, target) => {
      // each socket is silenced once, and those that are opened in their place are not
      const open =
        (await admin.sessions()).filter(({ connected, subscriberId }) =>
          connected && (target.subscriberId ?? subscriberId) === subscriberId
        ).length
      if (open === 0) return result("There is no open socket to silence.")
      await admin.addRules([{
        match: { on: "frame", direction: "out", ...only(target) },
        action: { type: "silent" },
        times: open
      }])
      return result(`${plural(open, "socket falls", "sockets fall")} silent at the next frame.`)
    }
  },
  {
    id: "expire",
    title: "Expire a token",
    sentence: "The tokens of the chat panes expire now. The server refuses them; each pane mints another one in its " +
      "refresh callback, and goes on.",
    run: async (admin, { tokens }) => {
      await Promise.all(tokens.map(admin.expireToken))
      return result(`Expired ${plural(tokens.length, "token", "tokens")}.`)
    }
  }
]
