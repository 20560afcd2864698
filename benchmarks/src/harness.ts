/**
 * Measuring. Machines are noisy, so a figure is a ratio where possible: the measured code and its baseline run in
 * alternating blocks in one process, each round gives one ratio, and the figure is the median of all rounds.
 */
import { performance } from "node:perf_hooks"

/** The distribution of repeated measurements. */
export interface Spread {
  readonly median: number
  /** The lower quartile. */
  readonly low: number
  /** The upper quartile. */
  readonly high: number
  readonly rounds: number
}

/** The goal of a figure. */
export interface Goal {
  readonly is: "at most" | "at least"
  readonly value: number
  /**
   * The share by which a figure may miss the goal before `--check` and the tests fail, such as `0.2`; absent when machines
   * differ too much to check it.
   */
  readonly tolerance?: number | undefined
}

/** A row of a benchmark's table. */
export interface Figure {
  /** The number of its goal, such as `1`. */
  readonly row: string
  readonly what: string
  /** Such as `messages/s`, or `x` for multiples of the baseline. */
  readonly unit: string
  readonly spread: Spread
  /** The baseline, with its own figure if it has one: `JSON.parse: 0.61 ms`. */
  readonly baseline?: string | undefined
  readonly goal?: Goal | undefined
}

/** A benchmark. */
export interface Benchmark {
  /** What is measured and how, in a few sentences. */
  readonly about: string
  readonly run: () => Promise<ReadonlyArray<Figure>>
}

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** The distribution of some values. */
export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    rounds: values.length
  }
}

/** The distribution of a single value, such as a size. */
export const single = (value: number): Spread => spreadOf([value])

/** The distribution of the ratios of two variants, round by round. */
export const ratioOf = (times: ReadonlyArray<number>, baseline: ReadonlyArray<number>): Spread =>
  spreadOf(times.map((time, round) => time / (baseline[round] ?? Number.NaN)))

/** Code to measure; runs once per call. */
export type Block = () => unknown

export interface AlternateOptions {
  /** @default 31 */
  readonly rounds?: number | undefined
  /** The length of a block, milliseconds: each variant is repeated for about this time. @default 15 */
  readonly blockMillis?: number | undefined
  /**
   * `cpu` is the CPU time of this process in all its threads. It is suitable for code that never waits, and hardly depends
   * on the load of the machine. @default "cpu"
   */
  readonly clock?: "cpu" | "wall" | undefined
}

/** Clocks that return milliseconds; `cpu` is the CPU time of this process in all its threads. */
export const clocks = {
  cpu: () => {
    const { system, user } = process.cpuUsage()
    return (user + system) / 1000
  },
  wall: () => performance.now()
}

/** The milliseconds that `count` runs take. A run that returns a Promise is awaited. */
const time = async (block: Block, count: number, now: () => number): Promise<number> => {
  const began = now()
  for (let run = 0; run < count; run++) {
    const outcome = block()
    if (outcome instanceof Promise) await outcome
  }
  return now() - began
}

/** The number of runs for a block of this length, after a warm-up. */
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
 * Runs the variants in alternating blocks. Returns the milliseconds that one run of each took, round by round: rounds with
 * the same index ran next to each other.
 */
export const alternate = async <Name extends string>(
  variants: { readonly [K in Name]: Block },
  { blockMillis = 15, clock = "cpu", rounds = 31 }: AlternateOptions = {}
): Promise<{ readonly [K in Name]: ReadonlyArray<number> }> => {
  const now = clocks[clock]
  const plan: Array<{ readonly block: Block; readonly count: number; readonly times: Array<number> }> = []
  const times: Partial<Record<Name, Array<number>>> = {}
  for (const name in variants) {
    const block = variants[name]
    plan.push({ block, count: await calibrate(block, blockMillis, now), times: times[name] = [] })
  }
  for (let round = 0; round < rounds; round++) {
    // alternates the order, so that no variant always collects the garbage of the same other
    for (const { block, count, times } of round % 2 === 0 ? plan : plan.toReversed()) {
      times.push(await time(block, count, now) / count)
    }
  }
  const isComplete = (all: typeof times): all is Record<Name, Array<number>> => Object.keys(all).length === plan.length
  if (!isComplete(times)) throw new Error("two variants have the same name")
  return times
}

/** How far a figure is from its goal, as a share of the goal; negative when the goal is met. */
export const excess = ({ median }: Spread, { is, value }: Goal): number =>
  is === "at most" ? median / value - 1 : 1 - median / value

/** Whether a figure misses its goal by more than the tolerance. */
export const isMissed = ({ goal, spread }: Figure): boolean =>
  goal?.tolerance !== undefined && !(excess(spread, goal) <= goal.tolerance)

/** Formats a number with about three significant digits. */
export const format = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)

/** The text of a baseline: its name and its median. */
export const baseline = (name: string, values: ReadonlyArray<number>, unit = "ms"): string =>
  `${name}: ${format(spreadOf(values).median)} ${unit}`
