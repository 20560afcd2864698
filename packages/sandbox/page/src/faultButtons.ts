/** The faults that the page has buttons for, in words and as what the admin API is asked for. */
import type { AdminApi } from "./admin/api.ts"
import type { NewRule } from "./admin/models.ts"
import { plural, shortName } from "./words.ts"

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
  /** What it does, and what a client makes of it; see {@link inWords}. */
  readonly sentence: string
  /** Carries it out. */
  readonly run: (admin: AdminApi, target: Target) => Promise<FaultResult>
}

/** A text in which `{all}`, `{the}` or another such word becomes whose it is, where a fault is for one subscriber. */
export const inWords = (text: string, name: string | null): string =>
  text.replace(/\{(\w+)\}/g, (_, word: string) => name === null ? word : `${shortName(name)}'s`)

/** How long the faults that end by themselves are active, in milliseconds. */
const short = 5000
const long = 10_000

/** How long a response or event is delayed, in milliseconds. */
const delay = 2000

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
    sentence: "Breaks {all} open sockets without a close frame, as a pulled cable does. Clients reconnect, resume " +
      "their session and receive what was sent meanwhile.",
    run: async (admin, { subscriberId }) => {
      const cutSockets = await admin.dropSockets(subscriberId)
      return { message: `Cut ${plural(cutSockets, "socket")}.`, cutSockets }
    }
  },
  {
    id: "away",
    title: "Down for five seconds",
    sentence: "Breaks {all} sockets, old and new, and refuses {all} API requests. What you write " +
      "meanwhile waits, and arrives once, a few seconds after that.",
    run: async (admin, target) => {
      const { subscriberId } = target
      await admin.addRules([
        { match: { on: "http", path: "/api/*", ...only(target) }, action: { type: "refuse" }, forMillis: short },
        // whose a new socket is shows when the server accepts the token
        subscriberId === undefined
          ? { match: { on: "connect" }, action: { type: "refuse" }, forMillis: short }
          : { match: { on: "frame", direction: "out", subscriberId }, action: { type: "close" }, forMillis: short }
      ])
      const cutSockets = await admin.dropSockets(subscriberId)
      return {
        message: `Cut ${plural(cutSockets, "socket")}; for five seconds, {all} requests fail.`,
        cutSockets
      }
    }
  },
  {
    id: "lose",
    title: "Lose the next response",
    sentence:
      "Stores {the} next message but never responds. The client waits until it sees the message, and does not " +
      "send it twice.",
    run: adding(
      (target) => [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", ...only(target) },
        // a connection that broke would make Chromium repeat the request by itself
        action: { type: "loseAnswer", never: true },
        times: 1
      }],
      "There will be no response to {the} next message, which is stored."
    )
  },
  {
    id: "repeat",
    title: "Repeat the next message",
    sentence: "Delivers the next message twice to {a} client. It is shown once.",
    run: adding(
      (target) => [{
        match: { on: "frame", direction: "out", eventType: "conversation.message", ...only(target) },
        action: { type: "duplicate" },
        times: 1
      }],
      "A duplicate of the next message will be pushed to {a} client."
    )
  },
  {
    id: "swap",
    title: "Swap two messages",
    sentence: "Delivers the next message to {a} client after the frame that follows it, or after a second. " +
      "Messages are still shown in order.",
    run: adding(
      (target) => [{
        match: { on: "frame", direction: "out", eventType: "conversation.message", ...only(target) },
        action: { type: "reorder" },
        times: 1
      }],
      "The next message to {a} client will arrive after the one that follows it."
    )
  },
  {
    id: "unavailable",
    title: "503 for ten seconds",
    sentence:
      "Returns 503 Service Unavailable for {all} API requests. Clients retry until one succeeds; messages stay " +
      "“sending” until then.",
    run: adding(
      (target) => [{
        match: { on: "http", path: "/api/*", ...only(target) },
        action: { type: "answer", status: 503 },
        forMillis: long
      }],
      "For ten seconds, {all} API requests return 503."
    )
  },
  {
    id: "slow",
    title: "Slow for ten seconds",
    sentence: "Holds {all} API requests and pushed messages back for two seconds each, one after the other. " +
      "Everything arrives, just late.",
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
      "For ten seconds, {all} requests and messages are late."
    )
  },
  {
    id: "silent",
    title: "Silence the sockets",
    sentence:
      "Keeps {all} sockets open, but nothing gets through any more from the next frame on. Clients notice after at " +
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
      return result(`${plural(open, "socket")} will fall silent at the next frame.`)
    }
  },
  {
    id: "expire",
    title: "Expire a token",
    sentence: "Expires {the} tokens of the chat panes. The server refuses them; each pane gets a new one through " +
      "onRefreshToken, and goes on.",
    run: async (admin, { tokens }) => {
      // both panes may act as the same subscriber
      const distinct = new Set(tokens)
      await Promise.all([...distinct].map(admin.expireToken))
      return result(`Expired ${plural(distinct.size, "token")}.`)
    }
  }
]
