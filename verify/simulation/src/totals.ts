/** What happened in a run, as numbers: that it happens at all is part of what a run is to show. */

/** Each with the words that name it. */
const words = {
  messages: "messages",
  outgoing: "through outboxes",
  named: "sends under an id of their own",
  handedOut: "handed out",
  drops: "drops",
  faults: "faults",
  restarts: "restarts of the server",
  processes: "processes",
  coldStarts: "of them begun in an outage",
  recoveries: "recoveries",
  repairs: "messages that only history told",
  polled: "found by polling without a session",
  copies: "sends stored twice",
  jumps: "clocks set",
  exceptions: "exceptions of platforms",
  tokens: "tokens given",
  admitted: "seconds of waiting that were admitted",
  dials: "dials",
  refreshes: "refreshes"
} as const

export type TotalName = keyof typeof words

export type Totals = Record<TotalName, number>

const isName = (name: string): name is TotalName => name in words

export const totalNames: ReadonlyArray<TotalName> = Object.keys(words).filter(isName)

export const noTotals = (): Totals => ({
  messages: 0,
  outgoing: 0,
  named: 0,
  handedOut: 0,
  drops: 0,
  faults: 0,
  restarts: 0,
  processes: 0,
  coldStarts: 0,
  recoveries: 0,
  repairs: 0,
  polled: 0,
  copies: 0,
  jumps: 0,
  exceptions: 0,
  tokens: 0,
  admitted: 0,
  dials: 0,
  refreshes: 0
})

export const describe = (totals: Totals): string =>
  totalNames.map((name) => `${totals[name]} ${words[name]}`).join(", ")
