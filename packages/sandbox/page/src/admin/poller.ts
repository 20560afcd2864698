/**
 * Reads the state of the sandbox again and again, in one loop: half a second after the last reading while the document
 * is visible, later and later while the sandbox does not answer, and not at all while nobody sees the page.
 */
import type { AdminApi } from "./api.ts"
import * as Log from "./log.ts"
import type { ActiveRules, Directory, Entry, Session, StoredMessage } from "./models.ts"

/** The state of the sandbox as it was last read. */
export interface Snapshot {
  /** `down` while it does not answer; the rest is then what it was before. */
  readonly server: "loading" | "up" | "down"
  readonly directory: Directory | null
  readonly sessions: ReadonlyArray<Session>
  readonly rules: ActiveRules
  readonly isLogEnabled: boolean
  /** The newest entries of the wire log, oldest first. */
  readonly entries: ReadonlyArray<Entry>
  /** What is stored in the conversation that is watched; `null` until it was read. */
  readonly stored: ReadonlyArray<StoredMessage> | null
}

export interface Poller {
  readonly subscribe: (listener: () => void) => () => void
  readonly get: () => Snapshot
  /** Reads at once, as after something was changed. */
  readonly refresh: () => void
  /** Turns the server's wire log on or off; the server has it on again after it started again. */
  readonly enableLog: (enabled: boolean) => Promise<void>
  /**
   * Reads what is stored in the conversations with an address along with the rest, as long as `isNeeded`, and now and
   * then otherwise. `null` ends that.
   */
  readonly watch: (watched: Watched | null) => void
  /** Runs the loop, until the function that it returns is called. */
  readonly start: () => () => void
}

export interface Watched {
  readonly addressId: string
  readonly isNeeded: () => boolean
}

/** Pauses between two readings, in milliseconds. */
const interval = 500
const longestPause = 5000

/** Every how many readings what is stored is read though nothing is expected: copies that come late are seen, too. */
const storedEvery = 10

const initial: Snapshot = {
  server: "loading",
  directory: null,
  sessions: [],
  rules: { rules: [], seed: null },
  isLogEnabled: false,
  entries: [],
  stored: null
}

const isVisible = () => document.visibilityState === "visible"

export const make = (admin: AdminApi): Poller => {
  let snapshot = initial
  /** Whether the log is to be on; it is, from when the page is opened. */
  let wantsLog = true
  /** Whether the server may be one that has not been told so. */
  let isNewServer = true
  let watched: Watched | null = null
  let sinceStored = storedEvery
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
    isNewServer = true
    const whole = await admin.log(0, signal)
    return { isLogEnabled: whole.enabled, entries: whole.entries.slice(-Log.capacity) }
  }

  const readStored = async (signal: AbortSignal) => {
    const now = watched
    if (now === null) return { stored: null }
    sinceStored++
    if (snapshot.stored !== null && sinceStored < storedEvery && !now.isNeeded()) return {}
    const stored = await admin.stored(now.addressId, signal)
    sinceStored = 0
    // another conversation may be watched by now
    return watched?.addressId === now.addressId ? { stored } : {}
  }

  const read = async (signal: AbortSignal) => {
    if (isNewServer) {
      if (wantsLog) await admin.enableLog(true, signal)
      isNewServer = false
    }
    const [directory, sessions, rules, log, stored] = await Promise.all([
      admin.directory(signal),
      admin.sessions(signal),
      admin.rules(signal),
      readLog(signal),
      readStored(signal)
    ])
    set({ server: "up", directory, sessions, rules, ...log, ...stored })
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
      } catch {
        if (signal.aborted) return
        isNewServer = true
        set({ server: "down" })
        pause = Math.min(pause * 2, longestPause)
      }
      if (!isWoken || snapshot.server === "down") await rest(pause, signal)
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
      await admin.enableLog(enabled)
      wake()
    },
    watch: (next) => {
      if (next?.addressId !== watched?.addressId) set({ stored: null })
      watched = next
      sinceStored = storedEvery
    },
    start: () => {
      const controller = new AbortController()
      void run(controller.signal)
      return () => controller.abort()
    }
  }
}
