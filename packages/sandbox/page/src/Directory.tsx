import type { Directory, Session } from "./admin/models.ts"
import { CopyButton } from "./CopyButton.tsx"

/** How much of a session's protocol is shown; it is unique long before its end. */
const shortLength = 24

const size = (bytes: number): string => bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`

export interface DirectoryProps {
  readonly directory: Directory
  readonly sessions: ReadonlyArray<Session>
  /** The titles of the panes, in order. */
  readonly panes: ReadonlyArray<string>
  readonly onActAs: (pane: number, subscriber: string) => void
  readonly onCopied: (words: string) => void
}

/** Who and what is in the sandbox. */
export const DirectoryTables = ({ directory, onActAs, onCopied, panes, sessions }: DirectoryProps) => {
  const names = new Map(directory.subscribers.map(({ id, name }) => [id, name]))
  return (
    <>
      <section className="table" aria-labelledby="subscribers">
        <h2 id="subscribers">Subscribers</h2>
        <div className="scroll" role="region" aria-labelledby="subscribers" tabIndex={0}>
          <table>
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
                    <code>{addressId}</code>
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
          </table>
        </div>
      </section>
      <section className="table" aria-labelledby="rooms">
        <h2 id="rooms">Rooms</h2>
        <div className="scroll" role="region" aria-labelledby="rooms" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Address</th>
                <th scope="col">
                  <span className="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {directory.rooms.map(({ addressId, name }) => (
                <tr key={addressId}>
                  <th scope="row">{name}</th>
                  <td>
                    <code>{addressId}</code>
                  </td>
                  <td>
                    <CopyButton text={addressId} what={`the address of ${name}`} onCopied={onCopied} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="table" aria-labelledby="sessions">
        <h2 id="sessions">Sessions</h2>
        <div className="scroll" role="region" aria-labelledby="sessions" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Subscriber</th>
                <th scope="col">Session</th>
                <th scope="col">Socket</th>
                <th scope="col">Unacknowledged</th>
                <th scope="col">Held</th>
              </tr>
            </thead>
            <tbody>
              {sessions.map(({ bytes, connected, protocol, subscriberId, unacked }) => (
                <tr key={protocol}>
                  <th scope="row">{names.get(subscriberId) ?? "–"}</th>
                  <td>
                    <code title={protocol}>{protocol.slice(0, shortLength)}</code>
                  </td>
                  <td data-connected={connected}>{connected ? "open" : "none"}</td>
                  <td>{unacked}</td>
                  <td>{size(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  )
}
