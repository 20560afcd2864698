import { plural } from "./formatting.ts"
import type { Tally } from "./tally.ts"

export interface GuideProps {
  readonly hasSent: boolean
  readonly hasDropped: boolean
  /** Whether a message that was sent after the sockets were dropped is shown in both panes. */
  readonly hasArrived: boolean
  readonly tally: Tally | null
}

/** Three steps that show what the sandbox is for; each is checked off when it is done. */
export const Guide = ({ hasArrived, hasDropped, hasSent, tally }: GuideProps) => {
  const steps = [
    { text: "Write a message in a pane.", isDone: hasSent },
    { text: "Drop the sockets.", isDone: hasDropped },
    { text: "Write another message.", isDone: hasArrived }
  ]
  const pending = hasArrived ? tally?.pending ?? 0 : 0
  const isComplete = hasArrived && tally !== null && tally.sent > 0 && tally.shown === tally.sent &&
    tally.duplicates === 0
  return (
    <section className="guide" aria-labelledby="guide">
      <h2 id="guide">See that no message is lost</h2>
      <ol>
        {steps.map(({ isDone, text }) => (
          <li key={text} data-done={isDone}>
            {text}
            {isDone && <span className="hidden">(done)</span>}
          </li>
        ))}
      </ol>
      <p role="status" data-tone={isComplete ? "good" : "busy"}>
        {isComplete
          ? "No message was lost or duplicated."
          : pending > 0 && `Waiting for ${plural(pending, "message")}.`}
      </p>
    </section>
  )
}
