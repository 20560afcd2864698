/** The results of a run as lines of text. */
import { isKilled, isNotTested, isSurvivor, type Mutation, percentKilled } from "./results.ts"

const shorten = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim()
  return line.length > 70 ? `${line.slice(0, 67)}...` : line
}

/** The survivors under the names of their files: line, mutator, what was replaced and by what. */
export const survivorLines = (mutations: ReadonlyArray<Mutation>): ReadonlyArray<string> => {
  const survivors = mutations.filter(isSurvivor)
  const files = [...new Set(survivors.map(({ file }) => file))].toSorted()
  return files.flatMap((file) => {
    const ofFile = survivors.filter((mutation) => mutation.file === file).toSorted((a, b) =>
      a.lines.start - b.lines.start
    )
    const rows = ofFile.map(({ lines, mutator, original, outcome, replacement }) => {
      const change = `${shorten(original)} → ${shorten(replacement) || "(nothing)"}`
      const range = lines.end > lines.start ? `${lines.start}-${lines.end}` : String(lines.start)
      return `${range.padStart(9)}  ${mutator.padEnd(21)}  ${change}${
        outcome === "uncovered" ? "  (no test runs it)" : ""
      }`
    })
    return [file, ...rows]
  })
}

export interface Summary {
  readonly name: string
  readonly counted: ReadonlyArray<Mutation>
  readonly equivalent: number
  readonly seconds: number
}

export const summaryLine = ({ name, counted, equivalent, seconds }: Summary): string => {
  const killed = counted.filter(isKilled).length
  const survived = counted.filter(isSurvivor).length
  const parts = [
    `${killed} killed, ${survived} survived`,
    ...equivalent > 0 ? [`${equivalent} equivalent`] : [],
    ...counted.some(isNotTested) ? [`${counted.filter(isNotTested).length} not tested`] : []
  ]
  const percent = percentKilled(counted)
  const result = percent === undefined ? "nothing was tested" : `${percent.toFixed(1)} %`
  return `${name}: ${result} (${parts.join(", ")}; ${Math.round(seconds)} s)`
}

/** How many mutants of each file were not tested. */
export const notTestedLines = (mutations: ReadonlyArray<Mutation>): ReadonlyArray<string> => {
  const files = mutations.filter(isNotTested).map(({ file }) => file)
  return [...new Set(files)].toSorted().map((file) =>
    `${file}: ${files.filter((one) => one === file).length} mutants were not tested`
  )
}
