import type { Tally } from "./tally.ts"
import { plural } from "./words.ts"

export interface GuideProps {
  readonly hasWritten: boolean
  readonly hasCut: boolean
  /** Whether something that was written after the cut is in both panes. */
  readonly hasArrived: boolean
  readonly tally: Tally | null
}

/** Three steps to see what the sandbox is for; each is ticked off when it has happened. */
export const Guide = ({ hasArrived, hasCut, hasWritten, tally }: GuideProps) => {
  const steps = [
    { text: "Write something in a pane.", isDone: hasWritten },
    { text: "Cut the sockets.", isDone: hasCut },
    { text: "Write again.", isDone: hasArrived }
  ]
  const pending = hasArrived ? tally?.pending ?? 0 : 0
  const isKept = hasArrived && tally !== null && tally.sent > 0 && tally.shown === tally.sent && tally.duplicates === 0
  return (
    <section className="guide" aria-labelledby="guide">
      <h2 id="guide">See that nothing is lost</h2>
      <ol>
        {steps.map(({ isDone, text }) => (
          <li key={text} data-done={isDone}>
            {text}
            {isDone && <span className="hidden">(done)</span>}
          </li>
        ))}
      </ol>
      <p role="status" data-tone={isKept ? "good" : "busy"}>
        {isKept
          ? "No message was lost or duplicated."
          : pending > 0 && `Waiting for ${plural(pending, "message")}.`}
      </p>
    </section>
  )
}
