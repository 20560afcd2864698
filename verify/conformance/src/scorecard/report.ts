/**
 * The scorecard as a page.
 */
import type { Contestant } from "./contestants.ts"
import type { Cell, Row } from "./play.ts"

const marks: Record<Cell["mark"], string> = { kept: "✓", broken: "✗", none: "–", unknown: "?" }

const inTable = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

export const report = (rows: ReadonlyArray<Row>, contestants: ReadonlyArray<Contestant>): string => {
  const names = contestants.map(({ name, version }) => `${name} ${version}`)
  const kept = contestants.map((_, index) => {
    const marks = rows.map(({ cells }) => cells[index]?.mark)
    return `${marks.filter((mark) => mark === "kept").length} of ${marks.filter((mark) => mark !== "none").length}`
  })
  return `# Scorecard

The same failures, met by this project's client and by the three clients that SignalWire has published, each unmodified
and in a page of its own, each scenario on a fresh [sandbox](sandbox.md). Written by

\`\`\`sh
pnpm scorecard
\`\`\`

which plays every scenario and writes down what it saw; nothing here is written by hand. The sandbox is our model of the
service, so this compares clients with each other, and says nothing about SignalWire's servers. The scenarios are those
that this project set out to survive, most of them because some client was known not to: no client's sum is a measure of
how good it is at anything else.

✓ kept, ✗ broken, – the client has no way to ask for it, ? the scenario could not be played to its end.

${line(["Scenario", ...names])}
${line(["---", ...names.map(() => "---")])}
${
    rows.map(({ cells, scenario }) =>
      line([scenario.title, ...cells.map(({ did, mark }) => inTable(`${marks[mark]} ${did}`))])
    ).join("\n")
  }
${line(["**kept**", ...kept])}

## How each is made

${rows.map(({ scenario: { how, title } }) => `- **${title}.** ${how}`).join("\n")}

Every client runs with its default settings; the newest vendor client is also told how long its token is good. What is not
there after 10 s counts as lost. "Listeners" are callbacks of \`conversation.subscribe\`, for two conversations
those of \`chat.subscribe\`; the newest vendor client has neither, so there they are observers of an address's messages.
`
}
