/**
 * Polls the state of the sandbox: half a second after the last response while the page is visible, with increasing pauses after
 * errors, and not at all while the page is hidden.
 */
import { type AdminApi, UnreachableError } from "./api.ts"
import * as Log from "./log.ts"
import type { ActiveRule, Directory, Entry, Session, StoredMessage } from "./models.ts"
import * as Preferences from "./preferences.ts"

/** The latest state of the sandbox. Values that have not changed are the same objects as before. */
export interface Snapshot {
  /** Why the last poll failed; `null` if it succeeded. After a failure the other fields are unchanged. */
  readonly problem: string | null
  /** `null` until it was read. */
  readonly directory: Directory | null
  readonly sessions: ReadonlyArray<Session>
  readonly rules: ReadonlyArray<ActiveRule>
  readonly isLogEnabled: boolean
  /** The newest entries of the wire log, oldest first. */
  readonly entries: ReadonlyArray<Entry>
  /** The stored messages of the conversations with the address that was watched last; `null` until they were read. */
  readonly stored: { readonly addressId: string; readonly messages: ReadonlyArray<StoredMessage> } | null
}

export interface Poller {
  readonly subscribe: (listener: () => void) => () => void
  readonly get: () => Snapshot
  /** Polls immediately, as after a change. */
  readonly refresh: () => void
  /** Turns the wire log on or off, also after the server was restarted. */
  readonly enableLog: (enabled: boolean) => Promise<void>
  /** Polls the stored messages of the conversations with an address, too; `null` stops that. */
  readonly watch: (addressId: string | null) => void
  /** Starts polling; returns a function that stops it. */
  readonly start: () => () => void
}

/** The normal and the longest pause between two polls, in milliseconds. */
const interval = 500
const longestPause = 5000

const initial: Snapshot = {
  problem: null,
  directory: null,
  sessions: [],
  rules: [],
  isLogEnabled: false,
  entries: [],
  stored: null
}

const isVisible = () => document.visibilityState === "visible"

/** Returns the previous value if it is equal, so that dependent values need not be computed again. */
const reuseIfEqual = <A>(before: A, now: A): A => JSON.stringify(before) === JSON.stringify(now) ? before : now

export const make = (admin: AdminApi): Poller => {
  let snapshot = initial
  /** Whether the log should be on: it is turned on when the page is opened, unless it was turned off before a reload. */
  let wantsLog = !Preferences.isLogOff()
  /** The greatest `seq` of the server's log, which only decreases when the server is restarted. */
  let lastSeq = 0
  let wasUnreachable = false
  let watched: string | null = null
  let wake = () => {}
  const listeners = new Set<() => void>()

  const set = (change: Partial<Snapshot>) => {
    snapshot = { ...snapshot, ...change }
    for (const listener of listeners) listener()
  }

  const readLog = async (signal: AbortSignal) => {
    const part = await admin.log(Log.readFrom(snapshot.entries), signal)
    const entries = Log.merge(snapshot.entries, part)
    if (entries !== null) return { isLogEnabled: part.enabled, entries }
    const complete = await admin.log(0, signal)
    return { isLogEnabled: complete.enabled, entries: Log.newest(complete.entries) }
  }

  const readStored = async (signal: AbortSignal): Promise<Snapshot["stored"]> => {
    const addressId = watched
    return addressId === null ? snapshot.stored : { addressId, messages: await admin.stored(addressId, signal) }
  }

  /** Whether the server is a different one, or was restarted, since the last poll. */
  const isNewServer = ({ projectId }: Directory, newest: Entry | undefined): boolean => {
    if (projectId !== snapshot.directory?.projectId) return true
    // an empty log may have been cleared, unless the server was unreachable
    return newest === undefined ? wasUnreachable && lastSeq > 0 : newest.seq < lastSeq
  }

  const read = async (signal: AbortSignal) => {
    const [directory, sessions, rules, log, stored] = await Promise.all([
      admin.directory(signal),
      admin.sessions(signal),
      admin.rules(signal),
      readLog(signal),
      // slow if many messages are stored, and the rest can be shown without them
      readStored(signal).catch(() => snapshot.stored)
    ])
    const newest = log.entries.at(-1)
    const isNew = isNewServer(directory, newest)
    // before the panes receive the new directory and open their sockets
    if (isNew && wantsLog) await admin.enableLog(true, signal)
    lastSeq = isNew ? newest?.seq ?? 0 : Math.max(lastSeq, newest?.seq ?? 0)
    wasUnreachable = false
    set({
      problem: null,
      directory: reuseIfEqual(snapshot.directory, directory),
      sessions: reuseIfEqual(snapshot.sessions, sessions),
      rules: reuseIfEqual(snapshot.rules, rules),
      isLogEnabled: log.isLogEnabled || (isNew && wantsLog),
      entries: log.entries,
      stored: reuseIfEqual(snapshot.stored, stored)
    })
  }

  /** Waits until the pause is over and the page is visible, or until `wake` is called. */
  const sleep = (pause: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        document.removeEventListener("visibilitychange", onVisible)
        signal.removeEventListener("abort", end)
        wake = () => {}
        resolve()
      }
      const onVisible = () => {
        if (isVisible()) end()
      }
      const timer = setTimeout(onVisible, pause)
      document.addEventListener("visibilitychange", onVisible)
      signal.addEventListener("abort", end)
      wake = end
    })

  const run = async (signal: AbortSignal) => {
    let pause = interval
    while (!signal.aborted) {
      let isWoken = false
      wake = () => {
        isWoken = true
      }
      try {
        await read(signal)
        pause = interval
      } catch (error) {
        if (signal.aborted) return
        wasUnreachable ||= error instanceof UnreachableError
        set({ problem: error instanceof Error ? error.message : String(error) })
        pause = Math.min(pause * 2, longestPause)
      }
      if (!isWoken || snapshot.problem !== null) await sleep(pause, signal)
    }
  }

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    get: () => snapshot,
    refresh: () => wake(),
    enableLog: async (enabled) => {
      wantsLog = enabled
      Preferences.setLogOff(!enabled)
      await admin.enableLog(enabled)
      wake()
    },
    watch: (addressId) => {
      watched = addressId
    },
    start: () => {
      const controller = new AbortController()
      void run(controller.signal)
      return () => controller.abort()
    }
  }
}
