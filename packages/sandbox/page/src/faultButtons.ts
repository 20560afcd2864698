/** The faults that the page has buttons for, with their descriptions and requests to the admin API. */
import type { AdminApi } from "./admin/api.ts"
import type { NewRule } from "./admin/models.ts"
import { plural, shortName } from "./formatting.ts"

/** The subscribers that a fault affects. */
export interface Target {
  /** The id of the subscriber; `undefined` for all subscribers. */
  readonly subscriberId: string | undefined
  /** The tokens that their panes use. */
  readonly tokens: ReadonlyArray<string>
}

/** The result of a fault. */
export interface FaultResult {
  readonly message: string
  /** How many sockets were dropped. */
  readonly droppedSockets: number
}

export interface Fault {
  readonly id: string
  readonly title: string
  /** Describes the fault and how clients handle it; formatted by {@link formatFor}. */
  readonly description: string
  /** Carries out the fault. */
  readonly run: (admin: AdminApi, target: Target) => Promise<FaultResult>
}

/** Formats a string for all subscribers or for one: `{all}`, `{the}` and `{a}` are replaced by the name of the subscriber, in the possessive. */
export const formatFor = (text: string, name: string | null): string =>
  text.replace(/\{(\w+)\}/g, (_, word: string) => name === null ? word : `${shortName(name)}'s`)

/** The durations of faults that end by themselves, in milliseconds. */
const short = 5000
const long = 10_000

/** The delay of a response or event, in milliseconds. */
const delay = 2000

const result = (message: string): FaultResult => ({ message, droppedSockets: 0 })

const adding = (
  rules: (target: Target) => ReadonlyArray<NewRule>,
  message: string
): Fault["run"] =>
async (admin, target) => {
  await admin.addRules(rules(target))
  return result(message)
}

/** The `subscriberId` of a match; none for all subscribers. */
const only = ({ subscriberId }: Target) => subscriberId === undefined ? undefined : { subscriberId }

export const faults: ReadonlyArray<Fault> = [
  {
    id: "drop",
    title: "Drop the sockets",
    description:
      "Closes {all} open sockets without a close frame, as a network failure does. Clients reconnect, resume " +
      "their session and receive the messages that they missed.",
    run: async (admin, { subscriberId }) => {
      const droppedSockets = await admin.dropSockets(subscriberId)
      return { message: `Dropped ${plural(droppedSockets, "socket")}.`, droppedSockets }
    }
  },
  {
    id: "down",
    title: "Down for five seconds",
    description: "Breaks {all} sockets, existing and new, and refuses {all} API requests. Messages that you write " +
      "meanwhile arrive once, a few seconds after that.",
    run: async (admin, target) => {
      const { subscriberId } = target
      await admin.addRules([
        { match: { on: "http", path: "/api/*", ...only(target) }, action: { type: "refuse" }, forMillis: short },
        // the subscriber of a new socket is known when the server accepts the token
        subscriberId === undefined
          ? { match: { on: "connect" }, action: { type: "refuse" }, forMillis: short }
          : { match: { on: "frame", direction: "out", subscriberId }, action: { type: "close" }, forMillis: short }
      ])
      const droppedSockets = await admin.dropSockets(subscriberId)
      return {
        message: `Dropped ${plural(droppedSockets, "socket")}; for five seconds, {all} requests fail.`,
        droppedSockets
      }
    }
  },
  {
    id: "lose",
    title: "Lose the next response",
    description:
      "Stores {the} next message but never responds. The client waits until it receives the message, and does not " +
      "send it twice.",
    run: adding(
      (target) => [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", ...only(target) },
        // if the connection broke, Chromium would repeat the request by itself
        action: { type: "loseAnswer", never: true },
        times: 1
      }],
      "There will be no response to {the} next message, which is stored."
    )
  },
  {
    id: "duplicate",
    title: "Duplicate the next message",
    description: "Pushes the next message twice to {a} client. It is shown once.",
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
    id: "reorder",
    title: "Reorder two messages",
    description: "Pushes the next message to {a} client after the frame that follows it, or after a second. " +
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
    description:
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
    description: "Delays {all} API requests and pushed messages by two seconds each, one after the other. " +
      "All messages arrive, but late.",
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
      "For ten seconds, {all} requests and messages are delayed."
    )
  },
  {
    id: "silent",
    title: "Silence the sockets",
    description: "Keeps {all} sockets open, but ignores all frames from the next one on. Clients notice after at " +
      "most 20 seconds, reconnect and catch up.",
    run: async (admin, target) => {
      // each open socket is silenced once, and later ones are not
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
      return result(`${plural(open, "socket")} will be silent from the next frame on.`)
    }
  },
  {
    id: "expire",
    title: "Expire the tokens",
    description: "Expires {the} tokens of the chat panes. The server refuses them; each pane gets a new one through " +
      "onRefreshToken, and continues.",
    run: async (admin, { tokens }) => {
      // both panes may act as the same subscriber
      const distinct = new Set(tokens)
      await Promise.all([...distinct].map(admin.expireToken))
      return result(`Expired ${plural(distinct.size, "token")}.`)
    }
  }
]
