import { useId } from "react"
import { type ActiveRule, namesById, type Subscriber } from "./admin/models.ts"
import { type Fault, faults, formatFor } from "./faultButtons.ts"
import { describeRule, remaining } from "./rules.ts"
import { type Announcement, Status } from "./Status.tsx"

export interface FaultsProps {
  readonly subscribers: ReadonlyArray<Subscriber>
  readonly rules: ReadonlyArray<ActiveRule>
  /** The name of the subscriber that faults affect; `null` for all subscribers. */
  readonly target: string | null
  /** The result of the last fault. */
  readonly result: Announcement
  readonly onTarget: (name: string | null) => void
  readonly onRun: (fault: Fault) => void
  readonly onClear: () => void
}

const Card = ({ fault, onRun, target }: Pick<FaultsProps, "onRun" | "target"> & { readonly fault: Fault }) => {
  const id = useId()
  return (
    <li>
      <button type="button" aria-describedby={id} onClick={() => onRun(fault)}>{fault.title}</button>
      <p id={id}>{formatFor(fault.description, target)}</p>
    </li>
  )
}

/** The buttons for faults, and the active fault rules. */
export const Faults = ({ onClear, onRun, onTarget, result, rules, subscribers, target }: FaultsProps) => {
  const names = namesById(subscribers)
  return (
    <section className="faults" aria-labelledby="faults">
      <header>
        <h2 id="faults">Faults</h2>
        <label>
          For{" "}
          <select
            value={target ?? ""}
            onChange={(event) => onTarget(event.target.value || null)}
          >
            <option value="">all</option>
            {subscribers.map(({ id, name }) => <option key={id} value={name}>{name}</option>)}
          </select>
        </label>
        <Status announcement={result} />
      </header>
      <ul className="cards">
        {faults.map((fault) => <Card key={fault.id} fault={fault} target={target} onRun={onRun} />)}
      </ul>
      <div className="active">
        <h3>Active rules</h3>
        {rules.length === 0 ? <p>None.</p> : (
          <ul>
            {rules.map((rule, index) => (
              // rules have no ids
              <li key={`${index} ${describeRule(rule, names)}`}>
                {describeRule(rule, names)} <span className="left">{remaining(rule)}</span>
              </li>
            ))}
          </ul>
        )}
        {/* a disabled button would lose the focus */}
        <button type="button" aria-disabled={rules.length === 0} onClick={rules.length === 0 ? undefined : onClear}>
          Clear faults
        </button>
      </div>
    </section>
  )
}
