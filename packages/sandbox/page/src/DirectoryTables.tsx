import { memo, type ReactNode, useState } from "react"
import { type Directory, namesById, type Session } from "./admin/models.ts"
import { CopyButton } from "./CopyButton.tsx"

/** The end of a long id, with the complete id as tooltip. */
const Id = ({ id }: { readonly id: string }) => <code title={id}>{`…${id.slice(-8)}`}</code>

/** The name of a row, with the complete name as tooltip. */
const Name = ({ name }: { readonly name: string }) => <th scope="row" title={name}>{name}</th>

const size = (bytes: number): string => bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`

/** An address, with a button that copies it. */
const AddressCell = ({ addressId, name, onCopied }: {
  readonly addressId: string
  readonly name: string
  readonly onCopied: (message: string) => void
}) => (
  <td>
    <Id id={addressId} /> <CopyButton text={addressId} what={`the address of ${name}`} onCopied={onCopied} />
  </td>
)

/** The text of a column's header, and its tooltip. */
type Column = readonly [text: string, tooltip?: string]

/** A table that scrolls horizontally if it is too wide, also by keyboard. */
const Table = ({ children, columns, id, note, title }: {
  readonly id: string
  readonly title: string
  readonly columns: ReadonlyArray<Column>
  /** Content above the table. */
  readonly note?: ReactNode
  /** The rows. */
  readonly children: ReactNode
}) => (
  <section className="table" aria-labelledby={id}>
    <h2 id={id}>{title}</h2>
    {note}
    <div className="scroll" role="group" aria-label={`Table of ${id}`} tabIndex={0}>
      <table>
        <thead>
          <tr>{columns.map(([text, tooltip]) => <th key={text} scope="col" title={tooltip}>{text}</th>)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  </section>
)

export interface DirectoryTablesProps {
  readonly directory: Directory
  readonly sessions: ReadonlyArray<Session>
  /** The titles of the panes, in order. */
  readonly panes: ReadonlyArray<string>
  readonly onActAs: (pane: number, subscriber: string) => void
  readonly onCopied: (message: string) => void
}

/** The subscribers, rooms and sessions of the sandbox. */
export const DirectoryTables = memo(({ directory, onActAs, onCopied, panes, sessions }: DirectoryTablesProps) => {
  const { rooms, subscribers } = directory
  const names = namesById(subscribers)
  const [text, setText] = useState("")
  return (
    <>
      <Table
        id="subscribers"
        title="Subscribers"
        columns={[["Name"], ["Address"], ["Token"], ["Act as"]]}
        note={
          <input
            type="search"
            aria-label="Name of a subscriber"
            placeholder="Name"
            value={text}
            onChange={({ target: { value } }) => setText(value)}
          />
        }
      >
        {subscribers.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase())).map((
          { addressId, id, name, token }
        ) => (
          <tr key={id}>
            <Name name={name} />
            <AddressCell addressId={addressId} name={name} onCopied={onCopied} />
            <td>
              <CopyButton text={token} what={`the token of ${name}`} onCopied={onCopied} />
            </td>
            <td>
              {panes.map((title, index) => (
                <button key={title} type="button" onClick={() => onActAs(index, name)}>
                  <span className="hidden">{`Act as ${name} in the pane on the `}</span>
                  {title}
                </button>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      <Table id="rooms" title="Rooms" columns={[["Name"], ["Address"]]}>
        {rooms.map(({ addressId, name }) => (
          <tr key={addressId}>
            <Name name={name} />
            <AddressCell addressId={addressId} name={name} onCopied={onCopied} />
          </tr>
        ))}
      </Table>
      <Table
        id="sessions"
        title="Sessions"
        columns={[
          ["Subscriber"],
          ["Session"],
          ["Socket"],
          ["Unacked", "Events that the client has not acknowledged"],
          ["Held", "Memory held for the client"]
        ]}
        note={sessions.some(({ connected }) => !connected) && (
          <p>A session without a socket is kept for a while, so that its client can resume it.</p>
        )}
      >
        {sessions.map(({ bytes, connected, protocol, subscriberId, unacked }) => (
          <tr key={protocol}>
            <Name name={names.get(subscriberId) ?? "–"} />
            <td>
              <Id id={protocol} />
            </td>
            <td data-connected={connected}>{connected ? "open" : "none"}</td>
            <td>{unacked}</td>
            <td>{size(bytes)}</td>
          </tr>
        ))}
      </Table>
    </>
  )
})
