import type { ReactNode } from "react"
import type { Directory, Session } from "./admin/models.ts"
import { CopyButton } from "./CopyButton.tsx"

/** A long id: its beginning, which tells it from others, and the whole of it under the pointer. */
const Id = ({ id, length }: { readonly id: string; readonly length: number }) => (
  <code title={id}>{id.length > length ? `${id.slice(0, length)}…` : id}</code>
)

const addressLength = 8
const protocolLength = 20

const size = (bytes: number): string => bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`

/** A table that can be scrolled sideways where it is too wide, by keyboard, too. */
const Table = ({ children, id, title }: {
  readonly id: string
  readonly title: string
  readonly children: ReactNode
}) => (
  <section className="table" aria-labelledby={id}>
    <h2 id={id}>{title}</h2>
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

/** Who and what is in the sandbox. */
export const DirectoryTables = ({ directory, onActAs, onCopied, panes, sessions }: DirectoryTablesProps) => {
  const names = new Map(directory.subscribers.map(({ id, name }) => [id, name]))
  return (
    <>
      <Table id="subscribers" title="Subscribers">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Address</th>
            <th scope="col">Token</th>
            <th scope="col">Act as</th>
          </tr>
        </thead>
        <tbody>
          {directory.subscribers.map(({ addressId, id, name, token }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td>
                <Id id={addressId} length={addressLength} />{" "}
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
          {directory.rooms.map(({ addressId, name }) => (
            <tr key={addressId}>
              <th scope="row">{name}</th>
              <td>
                <Id id={addressId} length={addressLength} />{" "}
                <CopyButton text={addressId} what={`the address of ${name}`} onCopied={onCopied} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <Table id="sessions" title="Sessions">
        <thead>
          <tr>
            <th scope="col">Subscriber</th>
            <th scope="col">Session</th>
            <th scope="col">Socket</th>
            <th scope="col" title="Events that the client has not acknowledged">Unacked</th>
            <th scope="col" title="What is held for the client">Held</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map(({ bytes, connected, protocol, subscriberId, unacked }) => (
            <tr key={protocol}>
              <th scope="row">{names.get(subscriberId) ?? "–"}</th>
              <td>
                <Id id={protocol} length={protocolLength} />
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
}
