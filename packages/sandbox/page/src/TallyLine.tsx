import type { Tally } from "./tally.ts"

/** The counts of the messages that the panes have sent in their common conversation. */
export const TallyLine = ({ tally }: { readonly tally: Tally | null }) => {
  if (tally === null) {
    return <p className="tally">To count messages, choose the same conversation in both panes.</p>
  }
  const numbers = [
    { label: "sent", value: tally.sent },
    { label: "stored", value: tally.stored },
    { label: "shown in both panes", value: tally.shown },
    ...(tally.pending === 0 ? [] : [{ label: "pending", value: tally.pending }]),
    ...(tally.failed === 0 ? [] : [{ label: "failed", value: tally.failed, isBad: true }]),
    { label: "lost", value: tally.lost, isBad: tally.lost > 0 },
    { label: "duplicates", value: tally.duplicates, isBad: tally.duplicates > 0 }
  ]
  return (
    <dl className="tally" aria-label="Messages sent from this page">
      {numbers.map(({ label, value, ...rest }) => (
        <div key={label} data-bad={"isBad" in rest && rest.isBad}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
