import { memo, type ReactNode, useState } from "react"
import { type Directory, namesById, type Session } from "./admin/models.ts"
import { CopyButton } from "./CopyButton.tsx"

/** The end of a long id, with the complete id as tooltip. */
const Id = ({ id }: { readonly id: string }) => <code title={id}>{`…${id.slice(-8)}`}</code>

/** The name of a row, with the complete name as tooltip. */
const Name = ({ name }: { readonly name: string }) => <th scope="row" title={name}>{name}</th>

const size = (bytes: number): string => bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`

/** A table that scrolls horizontally if it is too wide, also by keyboard. */
const Table = ({ children, id, note, title }: {
  readonly id: string
  readonly title: string
  /** Content above the table. */
  readonly note?: ReactNode
  readonly children: ReactNode
}) => (
  <section className="table" aria-labelledby={id}>
    <h2 id={id}>{title}</h2>
    {note}
    <div className="scroll" role="group" aria-label={`Table of ${id}`} tabIndex={0}>
      <table>{children}</table>
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
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Address</th>
            <th scope="col">Token</th>
            <th scope="col">Act as</th>
          </tr>
        </thead>
        <tbody>
          {subscribers.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase())).map((
            { addressId, id, name, token }
          ) => (
            <tr key={id}>
              <Name name={name} />
              <td>
                <Id id={addressId} />{" "}
                <CopyButton text={addressId} what={`the address of ${name}`} onCopied={onCopied} />
              </td>
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
        </tbody>
      </Table>
      <Table id="rooms" title="Rooms">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Address</th>
          </tr>
        </thead>
        <tbody>
          {rooms.map(({ addressId, name }) => (
            <tr key={addressId}>
              <Name name={name} />
              <td>
                <Id id={addressId} />{" "}
                <CopyButton text={addressId} what={`the address of ${name}`} onCopied={onCopied} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <Table
        id="sessions"
        title="Sessions"
        note={sessions.some(({ connected }) => !connected) && (
          <p>A session without a socket is kept for a while, so that its client can resume it.</p>
        )}
      >
        <thead>
          <tr>
            <th scope="col">Subscriber</th>
            <th scope="col">Session</th>
            <th scope="col">Socket</th>
            <th scope="col" title="Events that the client has not acknowledged">Unacked</th>
            <th scope="col" title="Memory held for the client">Held</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </Table>
    </>
  )
})
