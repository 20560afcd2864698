/** What happened in a run, in numbers: they show that the run has covered the cases that matter. */

/** Each total with its label. */
const labels = {
  messages: "messages",
  outboxMessages: "messages of outboxes",
  withClientId: "sends with a client id",
  delivered: "messages delivered",
  drops: "broken connections",
  faults: "faults of the server",
  restarts: "restarts of the server",
  processes: "processes",
  coldStarts: "processes started in an outage",
  recoveries: "recoveries",
  fromHistory: "messages found only in history",
  polled: "messages found by polling without a session",
  duplicates: "sends stored twice",
  clockAdjustments: "clock adjustments",
  exceptions: "exceptions of platforms",
  tokens: "replaced tokens",
  reportedSeconds: "seconds in which a client reported that it could not deliver",
  dials: "dials",
  refreshes: "token refreshes"
} as const

export type TotalName = keyof typeof labels

export type Totals = Record<TotalName, number>

const isName = (name: string): name is TotalName => name in labels

export const totalNames: ReadonlyArray<TotalName> = Object.keys(labels).filter(isName)

export const noTotals = (): Totals => ({
  messages: 0,
  outboxMessages: 0,
  withClientId: 0,
  delivered: 0,
  drops: 0,
  faults: 0,
  restarts: 0,
  processes: 0,
  coldStarts: 0,
  recoveries: 0,
  fromHistory: 0,
  polled: 0,
  duplicates: 0,
  clockAdjustments: 0,
  exceptions: 0,
  tokens: 0,
  reportedSeconds: 0,
  dials: 0,
  refreshes: 0
})

export const describe = (totals: Totals): string =>
  totalNames.map((name) => `${totals[name]} ${labels[name]}`).join(", ")
