import { type ConnectionState, ConversationError } from "@effect-signalwire/promise"
import {
  type OutgoingMessage,
  SignalWireProvider,
  type TimelineMessage,
  useConnection,
  useSendMessage,
  useTimeline
} from "@effect-signalwire/react"
import { memo, useCallback, useEffect, useId, useMemo, useRef, useState } from "react"
import { admin } from "./admin/api.ts"
import type { Directory } from "./admin/models.ts"
import { describeConnection } from "./connectionStatus.ts"
import { type Choice, conversationsOf, namesOf, type Resolved } from "./conversations.ts"
import { plural } from "./formatting.ts"
import type { Shown } from "./tally.ts"
import { timeOf } from "./timeOfDay.ts"
import { useInterruptions } from "./useInterruptions.ts"
import { useJoin } from "./useJoin.ts"
import { useStickToBottom } from "./useStickToBottom.ts"
import { useThrottled } from "./useThrottled.ts"

/** The sandbox that served the page, whatever the host in its tokens is. */
const urlsOf = ({ origin }: Location) => ({ http: origin, ws: origin.replace(/^http/, "ws") })

/** How often the messages are rendered at most, in milliseconds. */
const renderInterval = 100

/** The state that a pane reports. */
export interface Report extends Shown {
  /** Whether the pane is connected and has caught up. */
  readonly isConnected: boolean
}

export const emptyReport: Report = { isConnected: false, stored: new Map(), outgoing: new Map() }

const reportOf = (connection: ConnectionState, messages: ReadonlyArray<TimelineMessage>): Report => {
  const stored = new Map<string, number>()
  const outgoing = new Map<string, "sending" | "failed">()
  for (const message of messages) {
    if (message.status === "stored") stored.set(message.message.id, (stored.get(message.message.id) ?? 0) + 1)
    // a message that was sent will be received
    else if (message.status !== "sent") outgoing.set(message.clientId, message.status)
  }
  return { isConnected: connection._tag === "Connected" && !connection.catchingUp, stored, outgoing }
}

/** Whether sending the same message would fail again. */
const isInvalid = (error: Error | null): boolean =>
  error instanceof ConversationError && error.reason._tag === "Invalid"

/** A failed send, with buttons to retry or discard it. */
const Failed = ({ message, onDiscard }: {
  readonly message: OutgoingMessage
  readonly onDiscard: (message: OutgoingMessage) => void
}) => (
  <span className="failed" role="alert">
    {message.error instanceof ConversationError && message.error.stored === "unknown"
      ? "May not have been sent"
      : "Not sent"}
    {`: ${message.error?.message ?? "unknown reason"} `}
    {!isInvalid(message.error) && <button type="button" onClick={message.retry}>Try again</button>}{" "}
    <button type="button" onClick={() => onDiscard(message)}>Discard</button>
  </span>
)

const Message = memo(({ from, isMine, message, onDiscard }: {
  readonly from: string
  readonly isMine: boolean
  readonly message: TimelineMessage
  readonly onDiscard: (message: OutgoingMessage) => void
}) => (
  <li data-status={message.status} data-mine={isMine}>
    <p>
      <span className="by" title={from}>{from}</span> {message.text}
    </p>
    {message.status === "stored"
      ? <time>{timeOf(message.message.ts * 1000)}</time>
      : message.status === "failed"
      ? <Failed message={message} onDiscard={onDiscard} />
      : <span className="note">sending…</span>}
  </li>
))

interface ChatProps {
  readonly resolved: Resolved
  readonly names: ReadonlyMap<string, string>
  readonly connection: ConnectionState
  readonly onSent: (clientId: string, key: string) => void
  readonly onReport: (report: Report) => void
  /** Called with the client ids of messages that will not be sent any more. */
  readonly onDiscarded: (clientIds: ReadonlyArray<string>) => void
}

/** The messages of a joined conversation, and the input for new ones. */
const Chat = ({ connection, names, onDiscarded, onReport, onSent, resolved }: ChatProps) => {
  const { conversation, key, me } = resolved
  const { hasOlder, isLoadingOlder, loadOlder, messages: latest, reason, status } = useTimeline(conversation.addressId)
  const messages = useThrottled(latest, renderInterval)
  const { send } = useSendMessage(conversation.addressId)
  const { onScroll, ref } = useStickToBottom<HTMLDivElement>(messages)
  const [text, setText] = useState("")
  useEffect(() => onReport(reportOf(connection, messages)), [onReport, connection, messages])
  const submit = () => {
    if (text.trim() === "") return
    onSent(send(text.trim()), key)
    setText("")
  }
  const discard = useCallback(({ clientId, discard }: OutgoingMessage) => {
    discard()
    onDiscarded([clientId])
  }, [onDiscarded])
  const lines = useMemo(() =>
    messages.map((message) => {
      const from = message.status === "stored" ? message.message.from_address_id : me.addressId
      return (
        <Message
          key={message.key}
          message={message}
          onDiscard={discard}
          isMine={from === me.addressId}
          from={names.get(from ?? "") ?? "unknown"}
        />
      )
    }), [messages, me.addressId, names, discard])
  const label = `Message from ${me.name} to ${conversation.label}`
  return (
    <>
      <div
        ref={ref}
        onScroll={onScroll}
        className="messages"
        role="log"
        aria-label={`Messages in ${conversation.label} as ${me.name}`}
        aria-busy={status === "loading" || isLoadingOlder}
        tabIndex={0}
      >
        {hasOlder && status === "live" && (
          <button
            type="button"
            disabled={isLoadingOlder}
            onClick={() => void loadOlder()}
          >
            Older messages
          </button>
        )}
        {status === "loading" && <p>{reason === null ? "Loading…" : `Waiting: ${reason.message}`}</p>}
        {status === "live" && latest.length === 0 && <p>No messages yet.</p>}
        <ol>{lines}</ol>
      </div>
      <form
        className="composer"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-label={label}
          placeholder={label}
          autoComplete="off"
        />
        <button type="submit">Send</button>
      </form>
    </>
  )
}

/** The state of the connection, and the conversation once it is joined. */
const Connected = (props: Omit<ChatProps, "connection">) => {
  const { onReport, resolved: { conversation } } = props
  const connection = useConnection()
  const interruptions = useInterruptions(connection)
  const outcome = useJoin(conversation.addressId)
  const isJoined = outcome === "joined"
  const { text, tone } = describeConnection(connection, interruptions.lastMillis)
  useEffect(() => {
    if (!isJoined) onReport(emptyReport)
  }, [onReport, isJoined])
  return (
    <>
      <p className="connection" data-tone={tone}>
        <span role="status">{text}</span>
        {interruptions.count > 0 && (
          <span className="interruptions">
            {plural(interruptions.count, "interruption")}
          </span>
        )}
      </p>
      {isJoined
        ? <Chat key={conversation.addressId} connection={connection} {...props} />
        : (
          <p className="messages">
            {outcome === null ? "Loading…" : `Waiting: ${outcome.message}`}
          </p>
        )}
    </>
  )
}

export interface PaneProps {
  readonly title: string
  readonly directory: Directory
  readonly resolved: Resolved
  readonly onChoose: (choice: Choice) => void
  /** Called with each token that the pane starts to use. */
  readonly onToken: (token: string) => void
  readonly onSent: (clientId: string, key: string) => void
  readonly onReport: (report: Report) => void
  readonly onDiscarded: (clientIds: ReadonlyArray<string>) => void
}

/** Provides a separate client, with the current token of its subscriber. */
const Client = ({ onToken, ...props }: Omit<ChatProps, "connection"> & Pick<PaneProps, "onToken">) => {
  const { id, token } = props.resolved.me
  // fixed, because the directory lists another token once this one has expired; `onRefreshToken` gets a new one
  const [options] = useState(() => ({
    token,
    urls: urlsOf(location),
    // a user who drops the sockets repeatedly should not have to wait for the dial limit
    subscription: { dialsPerMinute: 60 },
    onRefreshToken: async () => {
      const token = await admin.mintToken(id)
      onToken(token)
      return token
    }
  }))
  useEffect(() => onToken(options.token), [onToken, options])
  // the messages that are not sent yet, by conversation: a client that is closed never sends them
  const unsent = useRef(new Map<string, ReadonlyArray<string>>())
  const { onDiscarded, onReport, resolved: { key } } = props
  const report = useCallback((report: Report) => {
    unsent.current.set(key, [...report.outgoing.keys()])
    onReport(report)
  }, [key, onReport])
  useEffect(() => {
    const { current } = unsent
    return () => onDiscarded([...current.values()].flat())
  }, [onDiscarded])
  return (
    <SignalWireProvider options={options}>
      <Connected {...props} onReport={report} />
    </SignalWireProvider>
  )
}

/** A conversation as one subscriber sees it, built with the hooks of `@effect-signalwire/react`. */
export const Pane = ({ directory, onChoose, resolved, title, ...rest }: PaneProps) => {
  const { conversation, me } = resolved
  const id = useId()
  const names = useMemo(() => namesOf(directory), [directory])
  return (
    <section className="pane" aria-labelledby={id}>
      <header>
        <h3 id={id} className="hidden">{`${title}: ${me.name} in ${conversation.label}`}</h3>
        <label>
          Act as{" "}
          <select
            value={me.name}
            onChange={(event) => onChoose({ subscriber: event.target.value, conversation: conversation.name })}
          >
            {directory.subscribers.map(({ id, name }) => <option key={id} value={name}>{name}</option>)}
          </select>
        </label>
        <label>
          Conversation{" "}
          <select
            value={conversation.name}
            onChange={(event) => onChoose({ subscriber: me.name, conversation: event.target.value })}
          >
            {conversationsOf(directory, me.name).map(({ label, name }) => (
              <option key={name} value={name}>{label}</option>
            ))}
          </select>
        </label>
      </header>
      <Client
        key={`${directory.projectId} ${me.id}`}
        resolved={resolved}
        names={names}
        {...rest}
      />
    </section>
  )
}
