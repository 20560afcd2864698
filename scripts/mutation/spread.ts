/** The order of mutants: one of each file in turn, so that a run that ends early has tested a sample of all files. */
import { createHash } from "node:crypto"

export interface Position {
  readonly file: string
  /** Tells the items of a file apart. */
  readonly key: string
}

/** Takes one item of each file in turn. The items of a file are in an order that looks random, and is always the same. */
export const spread = <A>(items: ReadonlyArray<A>, positionOf: (item: A) => Position): ReadonlyArray<A> => {
  const counts = new Map<string, number>()
  return items.map((item) => {
    const { file, key } = positionOf(item)
    return { item, file, hash: createHash("sha1").update(`${file} ${key}`).digest("hex") }
  }).toSorted((a, b) => a.hash < b.hash ? -1 : 1).map(({ item, file }) => {
    const round = counts.get(file) ?? 0
    counts.set(file, round + 1)
    return { item, round }
  }).toSorted((a, b) => a.round - b.round).map(({ item }) => item)
}
