import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { admin } from "./admin/api.ts"
import type { Directory, StoredMessage } from "./admin/models.ts"
import { type Choice, resolve, type Resolved } from "./conversations.ts"
import { DirectoryTables } from "./DirectoryTables.tsx"
import { type Fault, inWords } from "./faultButtons.ts"
import { Faults } from "./Faults.tsx"
import { Guide } from "./Guide.tsx"
import { nothing, Pane, type Report } from "./Pane.tsx"
import { Status, useAnnouncement } from "./Status.tsx"
import { count, countUnseen, observe, type Sent, type Tally } from "./tally.ts"
import { TallyLine } from "./TallyLine.tsx"
import { useSandbox } from "./useSandbox.ts"
import { WireLog } from "./WireLog.tsx"
import { plural } from "./words.ts"

const titles = ["left", "right"] as const
/** How long a notice is shown, in milliseconds. */
const noticeFor = 10_000

/** What is said when the faults were cleared. */
const cleared = "All rules removed."

const none: Choice = { subscriber: "", conversation: "" }

/** How many messages are counted; of more, the newest. */
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

/** Since when something holds, by the monotonic clock, in milliseconds; `null` while it does not. */
const useSince = (holds: boolean): number | null => {
  const [since, setSince] = useState<number | null>(null)
  useEffect(() => setSince(holds ? performance.now() : null), [holds])
  return since
}

/** The two panes: what was chosen in them, what they report, and which tokens they use. */
const usePanes = (directory: Directory | null) => {
  const [choices, setChoices] = useState<ReadonlyArray<Choice>>([none, none])
  const [reports, setReports] = useState<ReadonlyArray<Report>>([nothing, nothing])
  const [tokens, setTokens] = useState<ReadonlyArray<string>>(["", ""])
  const panes = useMemo(() =>
    titles.map((title, index) => {
      const choice = choices[index] ?? none
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
  // the same functions each time: the panes report again when theirs change
  const [handlers] = useState(() =>
    titles.map((_, index) => ({
      onChoose: (choice: Choice) => choose(index, choice),
      onReport: (report: Report) => setReports((reports) => reports.with(index, report)),
      onToken: (token: string) => setTokens((tokens) => tokens.with(index, token))
    }))
  )
  return { panes, handlers, reports, tokens, actAs }
}

/** The conversation that all panes show; `null` when they show different ones. */
const sharedOf = (resolved: ReadonlyArray<Resolved | null>): Resolved | null => {
  const [first = null, ...others] = resolved
  return first !== null && others.every((other) => other?.key === first.key) ? first : null
}

/** What became of the messages that were sent from this page in the conversation that is shared. */
const useTally = (
  shared: Resolved | null,
  reports: ReadonlyArray<Report>,
  { poller, snapshot }: ReturnType<typeof useSandbox>
) => {
  const [sent, setSent] = useState<ReadonlyArray<SentFrom>>([])
  /** How many messages a server took with it that was started anew; `null` when none was since the last message. */
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
  // what was read may be of the conversation that was shared before
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
      // as they were before the panes of the server that is gone gave up what they had not sent
      setNotStored(countUnseen(sent, stored))
      setSent([])
    }
    project.current = projectId
  }, [projectId, sent, stored])
  return {
    tally: shared === null ? null : tally,
    /** The same for messages that were sent after a time. */
    since: (at: number) => tallyOf(sentHere.filter((message) => message.at > at)),
    notStored,
    onSent,
    onDiscarded
  }
}

/** What has been done of the guide's three steps. */
const useGuide = ({ since, tally }: Pick<ReturnType<typeof useTally>, "since" | "tally">) => {
  const [hasWritten, setWritten] = useState(false)
  const [cutAt, setCutAt] = useState<number | null>(null)
  const [hasArrived, setArrived] = useState(false)
  const isStored = tally !== null && tally.stored > 0
  const isThere = cutAt !== null && since(cutAt).shown > 0
  useEffect(() => {
    if (isStored) setWritten(true)
    if (isThere) setArrived(true)
  }, [isStored, isThere])
  const onCut = () => setCutAt((at) => at ?? performance.now())
  return { steps: { hasWritten, hasCut: cutAt !== null, hasArrived }, onCut }
}

/** The page: two clients, what can go wrong for them, and what the server sees. */
export const App = () => {
  const sandbox = useSandbox()
  const { poller, snapshot } = sandbox
  const { directory, entries, isLogEnabled, problem, rules, sessions } = snapshot
  const { actAs, handlers, panes, reports, tokens } = usePanes(directory)
  const shared = sharedOf(panes.map(({ resolved }) => resolved))
  const { notStored, onDiscarded, onSent, since, tally } = useTally(shared, reports, sandbox)
  const guide = useGuide({ since, tally })
  const [target, setTarget] = useState<string | null>(null)
  const [result, setResult] = useAnnouncement(noticeFor)
  const [notice, setNotice] = useAnnouncement(noticeFor)
  // a fault for somebody who is not there any more must not become one for everybody behind the user's back
  if (target !== null && directory?.subscribers.every(({ name }) => name !== target)) setTarget(null)

  // what was said of a rule, or of another server, is not true any more
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
      setResult(`That did not work: ${error instanceof Error ? error.message : String(error)}.`)
    }
    poller.refresh()
  }
  const runFault = (fault: Fault) =>
    void change(async () => {
      const subscriberId = directory?.subscribers.find(({ name }) => name === target)?.id
      const { cutSockets, message } = await fault.run(admin, {
        subscriberId,
        tokens: tokens.filter((token, index) =>
          token !== "" && (target === null || panes[index]?.resolved?.me.name === target)
        )
      })
      if (cutSockets > 0) guide.onCut()
      return inWords(message, target)
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
              <p role="status" className="anew">
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
