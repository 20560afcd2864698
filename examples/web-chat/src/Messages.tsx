import { ConversationError } from "@effect-signalwire/promise"
import type { OutgoingMessage, Timeline, TimelineMessage } from "@effect-signalwire/react"
import { Fragment } from "react"
import { Avatar } from "./Avatar.tsx"
import type { Person } from "./directory.ts"
import { group } from "./grouping.ts"
import { clock } from "./times.ts"
import type { Names } from "./useNames.ts"
import { useScrolling } from "./useScrolling.ts"

/** Whether a failed message may have been stored. */
const mayBeStored = ({ error }: OutgoingMessage): boolean =>
  error instanceof ConversationError && error.stored === "unknown"

/** The status of a failed message, and its actions. Sending it again is safe: it is stored once. */
const Failed = ({ message }: { readonly message: OutgoingMessage }) => (
  <span className="failed" role="alert">
    {mayBeStored(message) ? "May not have been sent." : "Not sent."}
    <button type="button" onClick={message.retry}>Try again</button>
    <button type="button" onClick={message.discard}>Discard</button>
  </span>
)

const Bubble = ({ message }: { readonly message: TimelineMessage }) => (
  <li className="bubble" data-status={message.status}>
    <span className="text">{message.text}</span>
    {(message.status === "sending" || message.status === "sent") && <span className="note">Sending…</span>}
    {message.status === "failed" && <Failed message={message} />}
  </li>
)

export interface MessagesProps {
  readonly timeline: Timeline
  readonly me: Person
  readonly names: Names
  readonly name: string
}

/** The messages of a conversation, oldest first. */
export const Messages = ({ me, name, names, timeline }: MessagesProps) => {
  const {
    error,
    gaps,
    hasNewer,
    hasOlder,
    isLoadingOlder,
    loadOlder,
    messages,
    olderError,
    reason,
    retry,
    showLatest,
    status
  } = timeline
  const { hasNewBelow, log, onScroll, scrollToEnd } = useScrolling(messages[0]?.key, messages.at(-1)?.key, () => {
    if (olderError === null) void loadOlder()
  })
  return (
    <div className="history">
      <div
        ref={log}
        role="log"
        className="log"
        aria-label={`Messages in ${name}`}
        // keeps screen readers from announcing older messages
        aria-busy={isLoadingOlder || status === "loading"}
        tabIndex={0}
        onScroll={onScroll}
      >
        <div>
          <p className="start">
            {status === "loading" &&
              (reason === null ? "Loading…" : "Messages will appear when the connection is restored.")}
            {status === "live" && isLoadingOlder && "Loading older messages…"}
            {status === "live" && !hasOlder &&
              (messages.length === 0 ? "No messages yet." : "This is the beginning of the conversation.")}
          </p>
          {olderError !== null && (
            <p role="alert" className="failure">
              {olderError.message} <button type="button" onClick={() => void loadOlder()}>Try again</button>
            </p>
          )}
          {error !== null && (
            <p role="alert" className="failure">
              {error.message} <button type="button" onClick={retry}>Try again</button>
            </p>
          )}
          {group(messages, me.addressId).map((group) => {
            const isMine = group.from === me.addressId
            const who = isMine ? "You" : names.get(group.from ?? "") ?? "Unknown sender"
            return (
              <Fragment key={group.key}>
                {group.day !== null && <h3 className="day">{group.day}</h3>}
                <section className="group" data-mine={isMine} aria-label={`${who}, ${clock(group.ts)}`}>
                  {!isMine && <Avatar name={who} />}
                  <div>
                    <p className="by">
                      {!isMine && <strong>{who}</strong>} <time>{clock(group.ts)}</time>
                    </p>
                    <ol>{group.messages.map((message) => <Bubble key={message.key} message={message} />)}</ol>
                  </div>
                </section>
              </Fragment>
            )
          })}
          {gaps.length > 0 && <p className="failure">Some messages could not be recovered.</p>}
        </div>
      </div>
      {(hasNewBelow || hasNewer) && (
        <button
          type="button"
          className="latest"
          onClick={() => {
            if (hasNewer) showLatest()
            scrollToEnd()
          }}
        >
          New messages <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  )
}
