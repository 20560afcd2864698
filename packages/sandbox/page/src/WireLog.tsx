import { type KeyboardEvent, memo, useEffect, useMemo, useRef, useState } from "react"
import { type Entry, namesById, type Subscriber } from "./admin/models.ts"
import { CopyButton } from "./CopyButton.tsx"
import { plural } from "./formatting.ts"
import { Json } from "./Json.tsx"
import { defaultFilter, type Filter, filterRows, type Row, toRows } from "./logRows.ts"
import { exactTimeOf } from "./timeOfDay.ts"
import { useStickToBottom } from "./useStickToBottom.ts"

/** How many rows are shown initially, and how many more each time. */
const step = 200
/** How many rows Page Up and Page Down move by. */
const page = 10

export interface WireLogProps {
  readonly entries: ReadonlyArray<Entry>
  readonly isEnabled: boolean
  readonly subscribers: ReadonlyArray<Subscriber>
  readonly onEnable: (enabled: boolean) => void
  readonly onClear: () => void
  readonly onCopied: (message: string) => void
}

const arrows = { in: { sign: "→", words: "from the client" }, out: { sign: "←", words: "to the client" } }

const idOf = (seq: number): string => `entry-${seq}`

const Line = memo(({ isChosen, name, onChoose, row }: {
  readonly row: Row
  readonly name: string
  readonly isChosen: boolean
  readonly onChoose: (row: Row) => void
}) => {
  const arrow = row.direction === null ? null : arrows[row.direction]
  return (
    <li
      id={idOf(row.seq)}
      role="option"
      aria-selected={isChosen}
      data-kind={row.kind}
      data-direction={row.direction}
      onClick={() => onChoose(row)}
    >
      <time>{exactTimeOf(row.time)}</time>
      <span className="arrow">
        <span aria-hidden="true">{arrow?.sign ?? "•"}</span>
        <span className="hidden">{arrow?.words}</span>
      </span>
      <span className="who">{name}</span>
      <span className="summary">{row.summary}</span>
      {row.fault !== null && <span className="fault">{`fault: ${row.fault}`}</span>}
    </li>
  )
})

const Filters = ({ filter, onChange, subscribers }: {
  readonly filter: Filter
  readonly subscribers: ReadonlyArray<Subscriber>
  readonly onChange: (filter: Filter) => void
}) => (
  <search className="filters">
    <select
      aria-label="Kind of entry"
      value={filter.kind}
      onChange={({ target: { value } }) =>
        onChange({ ...filter, kind: value === "http" || value === "frame" || value === "socket" ? value : "all" })}
    >
      <option value="all">all kinds</option>
      <option value="http">HTTP</option>
      <option value="frame">frames</option>
      <option value="socket">sockets</option>
    </select>
    <select
      aria-label="Direction"
      value={filter.direction}
      onChange={({ target: { value } }) =>
        onChange({ ...filter, direction: value === "in" || value === "out" ? value : "all" })}
    >
      <option value="all">both directions</option>
      <option value="in">→ from clients</option>
      <option value="out">← to clients</option>
    </select>
    <select
      aria-label="Subscriber"
      value={filter.subscriberId ?? ""}
      onChange={({ target: { value } }) => onChange({ ...filter, subscriberId: value || null })}
    >
      <option value="">all subscribers</option>
      {subscribers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
    </select>
    <input
      type="search"
      aria-label="Search text"
      placeholder="Text"
      value={filter.text}
      onChange={({ target: { value } }) => onChange({ ...filter, text: value })}
    />
    <label>
      <input
        type="checkbox"
        checked={filter.pings}
        onChange={({ target: { checked } }) => onChange({ ...filter, pings: checked })}
      />{" "}
      Pings
    </label>
  </search>
)

/** The wire log of the server, with the JSON of the selected entry. */
export const WireLog = memo(({ entries, isEnabled, onClear, onCopied, onEnable, subscribers }: WireLogProps) => {
  const [filter, setFilter] = useState(defaultFilter)
  const [limit, setLimit] = useState(step)
  const [chosen, setChosen] = useState<Row | null>(null)
  const rows = useMemo(() => toRows(entries), [entries])
  const selected = useMemo(() => filterRows(rows, filter), [rows, filter])
  const shown = useMemo(() => selected.slice(-limit), [selected, limit])
  const names = useMemo(() => namesById(subscribers), [subscribers])
  const { onScroll, ref } = useStickToBottom<HTMLUListElement>(shown)
  const isByKey = useRef(false)

  useEffect(() => {
    if (!isByKey.current || chosen === null) return
    isByKey.current = false
    document.getElementById(idOf(chosen.seq))?.scrollIntoView({ block: "nearest" })
  }, [chosen])

  const onEscape = ({ key }: KeyboardEvent) => {
    if (key !== "Escape" || chosen === null) return
    setChosen(null)
    ref.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const at = shown.findIndex(({ seq }) => seq === chosen?.seq)
    const last = shown.length - 1
    const to = {
      ArrowUp: at < 0 ? last : Math.max(0, at - 1),
      ArrowDown: at < 0 ? last : Math.min(last, at + 1),
      PageUp: at < 0 ? last : Math.max(0, at - page),
      PageDown: at < 0 ? last : Math.min(last, at + page),
      Home: 0,
      End: last
    }[event.key]
    const row = to === undefined ? undefined : shown[to]
    if (row === undefined) return
    event.preventDefault()
    isByKey.current = true
    setChosen(row)
  }
  const isChosenShown = chosen !== null && shown.some(({ seq }) => seq === chosen.seq)

  return (
    <section className="wirelog" aria-labelledby="wirelog" onKeyDown={onEscape}>
      <header>
        <h2 id="wirelog">Wire log</h2>
        <label>
          <input
            type="checkbox"
            role="switch"
            checked={isEnabled}
            onChange={({ target: { checked } }) => onEnable(checked)}
          />{" "}
          Record
        </label>
        <p>
          {isEnabled
            ? "Secrets are redacted."
            : "Recording is off, including --log."}
        </p>
        <button type="button" onClick={onClear}>Clear log</button>
      </header>
      <Filters filter={filter} subscribers={subscribers} onChange={setFilter} />
      <p className="counts">
        {selected.length > 0 || entries.length === 0
          ? `${selected.length} of ${plural(entries.length, "entry", "entries")} match`
          : "No entries match."}
        {shown.length < selected.length && (
          <button type="button" onClick={() => setLimit(limit + step)}>{`Show ${step} more`}</button>
        )}
      </p>
      <ul
        ref={ref}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        className="entries"
        role="listbox"
        aria-label="Entries, newest last"
        aria-activedescendant={isChosenShown ? idOf(chosen.seq) : undefined}
        tabIndex={0}
      >
        {shown.map((row) => (
          <Line
            key={row.seq}
            row={row}
            name={names.get(row.subscriberId ?? "") ?? "–"}
            isChosen={row.seq === chosen?.seq}
            onChoose={setChosen}
          />
        ))}
      </ul>
      <div className="detail">
        {chosen === null
          ? <p>Click an entry, or use the arrow keys, to see its JSON.</p>
          : (
            <>
              <header>
                <h3>{chosen.summary}</h3>
                <CopyButton
                  text={JSON.stringify(chosen.entry.raw, null, 2)}
                  what="the entry as JSON"
                  onCopied={onCopied}
                />
              </header>
              <Json label="The entry as JSON" value={chosen.entry.raw} />
            </>
          )}
      </div>
    </section>
  )
})
