import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { admin } from "./admin/api.ts"
import type { Directory, StoredMessage } from "./admin/models.ts"
import { type Choice, resolve, type Resolved } from "./conversations.ts"
import { DirectoryTables } from "./DirectoryTables.tsx"
import { type Fault, formatFor } from "./faultButtons.ts"
import { Faults } from "./Faults.tsx"
import { plural } from "./formatting.ts"
import { Guide } from "./Guide.tsx"
import { emptyReport, Pane, type Report } from "./Pane.tsx"
import { Status, useAnnouncement } from "./Status.tsx"
import { count, countUnseen, observe, type Sent, type Tally } from "./tally.ts"
import { TallyLine } from "./TallyLine.tsx"
import { useSandbox } from "./useSandbox.ts"
import { WireLog } from "./WireLog.tsx"

const titles = ["left", "right"] as const
/** How long a notice is shown, in milliseconds. */
const noticeDuration = 10_000

/** The notice after the faults were cleared. */
const cleared = "All rules removed."

const noChoice: Choice = { subscriber: "", conversation: "" }

/** The maximum number of messages that are counted; the newest ones. */
const maxSent = 1000

interface SentFrom extends Sent {
  /** The conversation it was sent to. */
  readonly key: string
}

const idsByClientId = (stored: ReadonlyArray<StoredMessage>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const ids = new Map<string, ReadonlyArray<string>>()
  for (const { clientId, id } of stored) if (clientId !== null) ids.set(clientId, [...ids.get(clientId) ?? [], id])
  return ids
}

/** Since when a condition has been true, in milliseconds of the monotonic clock; `null` while it is false. */
const useSince = (condition: boolean): number | null => {
  const [since, setSince] = useState<number | null>(null)
  useEffect(() => setSince(condition ? performance.now() : null), [condition])
  return since
}

/** The two panes: their choices, their reports and their tokens. */
const usePanes = (directory: Directory | null) => {
  const [choices, setChoices] = useState<ReadonlyArray<Choice>>([noChoice, noChoice])
  const [reports, setReports] = useState<ReadonlyArray<Report>>([emptyReport, emptyReport])
  const [tokens, setTokens] = useState<ReadonlyArray<string>>(["", ""])
  const panes = useMemo(() =>
    titles.map((title, index) => {
      const choice = choices[index] ?? noChoice
      return { title, choice, resolved: directory === null ? null : resolve(directory, choice, index) }
    }), [choices, directory])
  const choose = useCallback(
    (index: number, choice: Choice) => setChoices((choices) => choices.with(index, choice)),
    []
  )
  const actAs = useCallback(
    (index: number, subscriber: string) =>
      choose(index, { subscriber, conversation: panes[index]?.resolved?.conversation.name ?? "" }),
    [choose, panes]
  )
  // stable functions, because the panes report again when they change
  const [handlers] = useState(() =>
    titles.map((_, index) => ({
      onChoose: (choice: Choice) => choose(index, choice),
      onReport: (report: Report) => setReports((reports) => reports.with(index, report)),
      onToken: (token: string) => setTokens((tokens) => tokens.with(index, token))
    }))
  )
  return { panes, handlers, reports, tokens, actAs }
}

/** The conversation that all panes show; `null` if they show different ones. */
const sharedOf = (resolved: ReadonlyArray<Resolved | null>): Resolved | null => {
  const [first = null, ...others] = resolved
  return first !== null && others.every((other) => other?.key === first.key) ? first : null
}

/** Counts the messages that were sent from this page in the common conversation. */
const useTally = (
  shared: Resolved | null,
  reports: ReadonlyArray<Report>,
  { poller, snapshot }: ReturnType<typeof useSandbox>
) => {
  const [sent, setSent] = useState<ReadonlyArray<SentFrom>>([])
  /** How many messages were lost because the server was restarted without its data; `null` if it was not, since the last message. */
  const [notStored, setNotStored] = useState<number | null>(null)
  const onSent = useCallback((clientId: string, key: string) => {
    setSent((sent) => [...sent, { clientId, key, at: performance.now(), shown: [] }].slice(-maxSent))
    setNotStored(null)
    poller.refresh()
  }, [poller])
  const onDiscarded = useCallback((clientIds: ReadonlyArray<string>) => {
    setSent((sent) => sent.filter(({ clientId }) => !clientIds.includes(clientId)))
  }, [])
  const connectedSince = useSince(reports.every(({ isConnected }) => isConnected))
  const sentHere = shared === null ? [] : sent.filter(({ key }) => key === shared.key)
  const addressId = sentHere.length === 0 || shared === null ? null : shared.conversation.addressId
  // the stored messages may be those of the previous conversation
  const messages = snapshot.stored?.addressId === addressId ? snapshot.stored?.messages : undefined
  const stored = useMemo(() => messages === undefined ? null : idsByClientId(messages), [messages])
  useEffect(() => setSent((sent) => observe(sent, stored, reports)), [stored, reports])
  const tallyOf = (sent: ReadonlyArray<Sent>): Tally =>
    count({ sent, stored, panes: reports, connectedSince, now: performance.now() })
  const tally = tallyOf(sentHere)

  const needed = tally.pending > 0 ? addressId : null
  useEffect(() => poller.watch(needed), [poller, needed])

  const projectId = snapshot.directory?.projectId
  const project = useRef(projectId)
  useEffect(() => {
    if (project.current !== undefined && project.current !== projectId) {
      // counted before the panes of the previous server discard their unsent messages
      setNotStored(countUnseen(sent, stored))
      setSent([])
    }
    project.current = projectId
  }, [projectId, sent, stored])
  return {
    tally: shared === null ? null : tally,
    /** Counts only the messages that were sent after a time. */
    since: (at: number) => tallyOf(sentHere.filter((message) => message.at > at)),
    notStored,
    onSent,
    onDiscarded
  }
}

/** Which steps of the guide are done. */
const useGuide = ({ since, tally }: Pick<ReturnType<typeof useTally>, "since" | "tally">) => {
  const [hasSent, setSent] = useState(false)
  const [droppedAt, setDroppedAt] = useState<number | null>(null)
  const [hasArrived, setArrived] = useState(false)
  const isStored = tally !== null && tally.stored > 0
  const isShownAgain = droppedAt !== null && since(droppedAt).shown > 0
  useEffect(() => {
    if (isStored) setSent(true)
    if (isShownAgain) setArrived(true)
  }, [isStored, isShownAgain])
  /** `pressedAt` is when the button was pressed: a message that is written before the server responds is a later one. */
  const onDrop = (pressedAt: number) => setDroppedAt((at) => at ?? pressedAt)
  return { steps: { hasSent, hasDropped: droppedAt !== null, hasArrived }, onDrop }
}

/** The page: a guide, two clients, faults, the wire log, and the contents of the sandbox. */
export const App = () => {
  const sandbox = useSandbox()
  const { poller, snapshot } = sandbox
  const { directory, entries, isLogEnabled, problem, rules, sessions } = snapshot
  const { actAs, handlers, panes, reports, tokens } = usePanes(directory)
  const shared = sharedOf(panes.map(({ resolved }) => resolved))
  const { notStored, onDiscarded, onSent, since, tally } = useTally(shared, reports, sandbox)
  const guide = useGuide({ since, tally })
  const [target, setTarget] = useState<string | null>(null)
  const [result, setResult] = useAnnouncement(noticeDuration)
  const [notice, setNotice] = useAnnouncement(noticeDuration)
  // if the subscriber no longer exists, show that faults now affect all subscribers
  if (target !== null && directory?.subscribers.every(({ name }) => name !== target)) setTarget(null)

  // notices about removed rules and about another server are obsolete
  const { length: active } = rules
  const before = useRef(active)
  useEffect(() => {
    if (active < before.current) setResult((text) => text === cleared ? text : "")
    before.current = active
  }, [active, setResult])
  useEffect(() => {
    setResult("")
    setNotice("")
  }, [directory?.projectId, setResult, setNotice])

  const change = async (act: () => Promise<string>) => {
    try {
      setResult(await act())
    } catch (error) {
      setResult(`Failed: ${error instanceof Error ? error.message : String(error)}.`)
    }
    poller.refresh()
  }
  const runFault = (fault: Fault) =>
    void change(async () => {
      const pressedAt = performance.now()
      const subscriberId = directory?.subscribers.find(({ name }) => name === target)?.id
      const { droppedSockets, message } = await fault.run(admin, {
        subscriberId,
        tokens: tokens.filter((token, index) =>
          token !== "" && (target === null || panes[index]?.resolved?.me.name === target)
        )
      })
      if (droppedSockets > 0) guide.onDrop(pressedAt)
      return formatFor(message, target)
    })
  const clearFaults = () =>
    void change(async () => {
      await admin.clearRules()
      return cleared
    })
  const changeLog = useCallback(
    (act: () => Promise<void>) =>
      void act().catch(() => setNotice("The log could not be changed.")).finally(poller.refresh),
    [poller, setNotice]
  )
  const enableLog = useCallback((enabled: boolean) => changeLog(() => poller.enableLog(enabled)), [changeLog, poller])
  const clearLog = useCallback(() => changeLog(admin.clearLog), [changeLog])

  return (
    <>
      <header className="top">
        <h1>Sandbox</h1>
        <code>{location.origin}</code>
        <Status announcement={notice} className="notice" />
      </header>
      <p role="status" className="down" data-shown={problem !== null}>
        {problem !== null && `${problem}; trying again…`}
      </p>
      <main>
        <Guide {...guide.steps} tally={tally} />
        {directory === null ? <p>{problem === null ? "Loading…" : ""}</p> : (
          <>
            <section className="chat" aria-labelledby="chat">
              <h2 id="chat" className="hidden">Chat</h2>
              <div className="panes">
                {panes.map(({ resolved, title }, index) => {
                  const handler = handlers[index]
                  return resolved === null || handler === undefined
                    ? <p key={title}>There is no subscriber to act as, or no conversation to open.</p>
                    : (
                      <Pane
                        key={title}
                        title={`Pane on the ${title}`}
                        directory={directory}
                        resolved={resolved}
                        onSent={onSent}
                        onDiscarded={onDiscarded}
                        {...handler}
                      />
                    )
                })}
              </div>
              <p role="status" className="restarted">
                {notStored !== null && "The sandbox was restarted without its data" +
                    (notStored === 0
                      ? "."
                      : `; ${plural(notStored, "message was", "messages were")} not stored.`)}
              </p>
              <TallyLine tally={tally} />
            </section>
            <Faults
              subscribers={directory.subscribers}
              rules={rules}
              target={target}
              result={result}
              onTarget={setTarget}
              onRun={runFault}
              onClear={clearFaults}
            />
            <WireLog
              entries={entries}
              isEnabled={isLogEnabled}
              subscribers={directory.subscribers}
              onEnable={enableLog}
              onClear={clearLog}
              onCopied={setNotice}
            />
            <div className="tables">
              <DirectoryTables
                directory={directory}
                sessions={sessions}
                panes={titles}
                onActAs={actAs}
                onCopied={setNotice}
              />
            </div>
          </>
        )}
      </main>
    </>
  )
}
