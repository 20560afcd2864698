/**
 * Reads the state of the sandbox again and again, in one loop: half a second after the last reading while the document
 * is visible, later and later while it can't be read, and not at all while nobody sees the page.
 */
import { type AdminApi, UnreachableError } from "./api.ts"
import * as Choices from "./choices.ts"
import * as Log from "./log.ts"
import type { ActiveRule, Directory, Entry, Session, StoredMessage } from "./models.ts"

/** The state of the sandbox as it was last read. What has not changed is the same object as before. */
export interface Snapshot {
  /** Why the last reading failed, or `null` if it did not; the rest is what was read before. */
  readonly problem: string | null
  /** `null` until it was read. */
  readonly directory: Directory | null
  readonly sessions: ReadonlyArray<Session>
  readonly rules: ReadonlyArray<ActiveRule>
  readonly isLogEnabled: boolean
  /** The newest entries of the wire log, oldest first. */
  readonly entries: ReadonlyArray<Entry>
  /** What is stored in the conversations with the address that was watched last; `null` until it was read. */
  readonly stored: { readonly addressId: string; readonly messages: ReadonlyArray<StoredMessage> } | null
}

export interface Poller {
  readonly subscribe: (listener: () => void) => () => void
  readonly get: () => Snapshot
  /** Reads at once, as after something was changed. */
  readonly refresh: () => void
  /** Turns the server's wire log on or off; a server that is started again has the same. */
  readonly enableLog: (enabled: boolean) => Promise<void>
  /** Reads what is stored in the conversations with an address along with the rest; `null` ends that. */
  readonly watch: (addressId: string | null) => void
  /** Runs the loop, until the function that it returns is called. */
  readonly start: () => () => void
}

/** Pauses between two readings, in milliseconds. */
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

/** The earlier one of two equal values: what depends on it need not be computed again. */
const keep = <A>(before: A, now: A): A => JSON.stringify(before) === JSON.stringify(now) ? before : now

export const make = (admin: AdminApi): Poller => {
  let snapshot = initial
  /** Whether the log is to be on; it is, from when the page is opened, unless it was turned off before a reload. */
  let wantsLog = !Choices.isLogOff()
  /** The greatest `seq` of the server's log: cleared or not, it only gets greater until the server starts again. */
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
    const whole = await admin.log(0, signal)
    return { isLogEnabled: whole.enabled, entries: Log.newest(whole.entries) }
  }

  const readStored = async (signal: AbortSignal): Promise<Snapshot["stored"]> => {
    const addressId = watched
    return addressId === null ? snapshot.stored : { addressId, messages: await admin.stored(addressId, signal) }
  }

  /** Whether the server is another one than at the last reading, or the same one, started again. */
  const isNewServer = ({ projectId }: Directory, newest: Entry | undefined): boolean => {
    if (projectId !== snapshot.directory?.projectId) return true
    // an empty log says nothing: somebody may have cleared it, unless nobody could
    return newest === undefined ? wasUnreachable && lastSeq > 0 : newest.seq < lastSeq
  }

  const read = async (signal: AbortSignal) => {
    const [directory, sessions, rules, log, stored] = await Promise.all([
      admin.directory(signal),
      admin.sessions(signal),
      admin.rules(signal),
      readLog(signal),
      // long where much is stored: the rest can be shown without it
      readStored(signal).catch(() => snapshot.stored)
    ])
    const newest = log.entries.at(-1)
    const isNew = isNewServer(directory, newest)
    // before the panes learn of another server, and open their sockets
    if (isNew && wantsLog) await admin.enableLog(true, signal)
    lastSeq = isNew ? newest?.seq ?? 0 : Math.max(lastSeq, newest?.seq ?? 0)
    wasUnreachable = false
    set({
      problem: null,
      directory: keep(snapshot.directory, directory),
      sessions: keep(snapshot.sessions, sessions),
      rules: keep(snapshot.rules, rules),
      isLogEnabled: log.isLogEnabled || (isNew && wantsLog),
      entries: log.entries,
      stored: keep(snapshot.stored, stored)
    })
  }

  /** Waits until the pause is over and somebody sees the page, or until it is woken. */
  const rest = (pause: number, signal: AbortSignal) =>
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
      if (!isWoken || snapshot.problem !== null) await rest(pause, signal)
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
      Choices.keepLogOff(!enabled)
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
