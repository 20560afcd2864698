/** Which versions of Effect the packed packages are checked with. See `check-packages.ts`. */

const compare = (one: string, other: string): number => {
  const [left, right] = [one, other].map((version) => version.split(".").map(Number))
  const index = left?.findIndex((part, at) => part !== right?.[at]) ?? -1
  return index < 0 ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0)
}

/** The one range of Effect that all packages accept. Throws if they differ, or it does not begin at a version. */
export const commonRange = (ranges: ReadonlyArray<string>): string => {
  const [range = "", ...others] = new Set(ranges)
  if (others.length > 0) {
    throw new Error(`the packages accept different versions of effect: ${[range, ...others].join(", ")}`)
  }
  if (!/^\^\d+\.\d+\.\d+$/.test(range)) throw new Error(`the range of effect, ${range}, is not of the form ^1.2.3`)
  return range
}

/**
 * The lowest version of a range such as `^4.1.0`, and the newest; only one if they are the same. `published` is what
 * `npm view effect@RANGE version --json` prints: the versions within the range, or just one as a string.
 */
export const lowestAndNewest = (range: string, published: unknown): ReadonlyArray<string> => {
  const lowest = range.slice(1)
  const versions = [published].flat().filter((version) => typeof version === "string")
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version))
  if (!versions.includes(lowest)) {
    throw new Error(`effect ${lowest}, the lowest version that the packages accept, is not published`)
  }
  return [...new Set([lowest, ...versions.toSorted(compare).slice(-1)])]
}
