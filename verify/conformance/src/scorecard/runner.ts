/**
 * Runs scenarios with contestants, several at a time.
 */
import type { Contestant } from "./contestants.ts"
import type { Scenario, Verdict } from "./scenarios.ts"
import { Stage } from "./Stage.ts"

/** What was seen; `unknown` when the scenario could not be played to its end, which says nothing about the client. */
export interface Cell {
  readonly mark: Verdict["mark"] | "unknown"
  readonly did: string
}

/** One scenario with one client, on a sandbox of their own. */
export const play = async (scenario: Scenario, contestant: Contestant): Promise<Cell> => {
  try {
    await using stage = await Stage.open(contestant)
    return await scenario.run(stage, contestant)
  } catch (error) {
    return { mark: "unknown", did: error instanceof Error ? error.message : String(error) }
  }
}

export interface Row {
  readonly scenario: Scenario
  readonly cells: ReadonlyArray<Cell>
}

/** Every scenario with every client. */
export const playAll = async (
  scenarios: ReadonlyArray<Scenario>,
  contestants: ReadonlyArray<Contestant>,
  atOnce: number,
  onCell: (line: string) => void
): Promise<ReadonlyArray<Row>> => {
  const rows = scenarios.map((scenario) => ({
    scenario,
    cells: contestants.map((): Cell => ({ mark: "unknown", did: "not played" }))
  }))
  // those that wait longest stand last in the list
  const waiting = rows.toReversed().flatMap(({ cells, scenario }) =>
    contestants.map((contestant, index) => async () => {
      const cell = await play(scenario, contestant)
      cells[index] = cell
      onCell(`${scenario.id} · ${contestant.name} ${contestant.version} · ${cell.mark} · ${cell.did}`)
    })
  )
  const work = async () => {
    for (;;) {
      const next = waiting.shift()
      if (next === undefined) return
      await next()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return rows
}
