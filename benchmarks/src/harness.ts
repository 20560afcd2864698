/**
 * How things are measured here. Machines are noisy, so a figure is a ratio wherever it can be: what is measured and what
 * it is measured against run in alternating blocks of one process, each round gives one ratio, and the median of the
 * rounds is the figure.
 */
import { performance } from "node:perf_hooks"

/** What repeated measurements of one thing came to. */
export interface Spread {
  readonly median: number
  /** A quarter of the rounds were below this. */
  readonly low: number
  /** A quarter of the rounds were above this. */
  readonly high: number
  readonly rounds: number
}

/** What a figure should be. */
export interface Goal {
  readonly is: "at most" | "at least"
  readonly value: number
  /**
   * By which share a figure may miss it before `--check` and the tests say so, as in `0.2`; absent where machines differ
   * too much for that.
   */
  readonly slack?: number | undefined
}

/** One line of a benchmark's table. */
export interface Figure {
  /** Its row among the goals, such as `1`. */
  readonly row: string
  readonly what: string
  /** Such as `x`, for times the baseline, or `messages/s`. */
  readonly unit: string
  readonly spread: Spread
  /** What it is measured against, with its own figure where it has one: `JSON.parse: 0.61 ms`. */
  readonly baseline?: string | undefined
  readonly goal?: Goal | undefined
}

/** A program that measures. */
export interface Benchmark {
  /** What is measured, and how, in a few sentences. */
  readonly about: string
  readonly run: () => Promise<ReadonlyArray<Figure>>
}

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** The spread of some values. */
export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    rounds: values.length
  }
}

/** The spread of what was measured once: a size, say. */
export const exactly = (value: number): Spread => spreadOf([value])

/** The spread of the ratios of two subjects, round by round. */
export const ratioOf = (times: ReadonlyArray<number>, baseline: ReadonlyArray<number>): Spread =>
  spreadOf(times.map((time, round) => time / (baseline[round] ?? Number.NaN)))

/** Something to be timed, done once. */
export type Block = () => unknown

export interface AlternateOptions {
  /** @default 31 */
  readonly rounds?: number | undefined
  /** How long the blocks are: each subject is repeated until it takes about this long. @default 15 */
  readonly blockMillis?: number | undefined
  /**
   * `cpu` is the time that this process computed, in all its threads: what a busy machine hardly changes, and right for
   * what never waits. @default "cpu"
   */
  readonly clock?: "cpu" | "wall" | undefined
}

/** What time is told by, in milliseconds: `cpu` is what this process computed, in all its threads. */
export const clocks = {
  cpu: () => {
    const { system, user } = process.cpuUsage()
    return (user + system) / 1000
  },
  wall: () => performance.now()
}

/** Milliseconds that `count` runs take. What answers a Promise is waited for, and nothing else is. */
const time = async (block: Block, count: number, now: () => number): Promise<number> => {
  const began = now()
  for (let run = 0; run < count; run++) {
    const outcome = block()
    if (outcome instanceof Promise) await outcome
  }
  return now() - began
}

/** How often to run it for a block of that length, once it is warm. */
const calibrate = async (block: Block, millis: number, now: () => number): Promise<number> => {
  let count = 1
  let took = await time(block, count, now)
  while (took < millis * 4) {
    count *= 2
    took = await time(block, count, now)
  }
  return Math.max(1, Math.round(count * millis / took))
}

/**
 * Runs the subjects in alternating blocks. Answers the milliseconds that one run of each took, round by round: rounds of
 * the same number ran side by side.
 */
export const alternate = async <Name extends string>(
  subjects: { readonly [K in Name]: Block },
  { blockMillis = 15, clock = "cpu", rounds = 31 }: AlternateOptions = {}
): Promise<{ readonly [K in Name]: ReadonlyArray<number> }> => {
  const now = clocks[clock]
  const plan: Array<{ readonly block: Block; readonly count: number; readonly times: Array<number> }> = []
  const times: Partial<Record<Name, Array<number>>> = {}
  for (const name in subjects) {
    const block = subjects[name]
    plan.push({ block, count: await calibrate(block, blockMillis, now), times: times[name] = [] })
  }
  for (let round = 0; round < rounds; round++) {
    // to and fro, so that none always has the garbage of the same other to clear away
    for (const { block, count, times } of round % 2 === 0 ? plan : plan.toReversed()) {
      times.push(await time(block, count, now) / count)
    }
  }
  const isComplete = (all: typeof times): all is Record<Name, Array<number>> => Object.keys(all).length === plan.length
  if (!isComplete(times)) throw new Error("two subjects have one name")
  return times
}

/** How far a figure is beyond its goal, as a share of the goal; negative where it keeps it. */
export const excess = ({ median }: Spread, { is, value }: Goal): number =>
  is === "at most" ? median / value - 1 : 1 - median / value

/** Whether the figure is beyond its goal by more than the goal's slack. */
export const isMissed = ({ goal, spread }: Figure): boolean =>
  goal?.slack !== undefined && !(excess(spread, goal) <= goal.slack)

/** A number with as many digits as it takes to tell it from its neighbours. */
export const format = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)

/** What stands beside a figure as its baseline. */
export const baseline = (name: string, values: ReadonlyArray<number>, unit = "ms"): string =>
  `${name}: ${format(spreadOf(values).median)} ${unit}`
