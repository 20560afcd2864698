/**
 * The globals of a page for a vendor's client, with its fixed `https:` and `wss:` hosts routed to a local sandbox. The
 * client itself is not modified.
 */

/** Where the hosts of the vendor lead to. */
export interface Endpoints {
  readonly http: string
  readonly ws: string
  /** Origins of hosts that do not lead to the sandbox, by host name. */
  readonly others?: Readonly<Record<string, string>> | undefined
  /** Whether the page records its frames; `false` for benchmarks, which would measure it. @default true */
  readonly recordsTraffic?: boolean | undefined
}

/** A REST request of the client, and the status of its response. */
export interface Exchange {
  readonly method: string
  /** The URL that the client requested, before it was routed. */
  readonly url: string
  readonly authorization: string | null
  readonly body: string | null
  readonly status: number
}

/** A frame, with the number of its socket; the first socket is 1. */
export interface WireFrame {
  readonly socket: number
  readonly direction: "in" | "out"
  readonly text: string
}

/** The web storage of a page, which survives a reload. */
export interface PageStorage {
  readonly session: Readonly<Record<string, string>>
  readonly local: Readonly<Record<string, string>>
}

/** A prepared page. */
export interface Page {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly frames: ReadonlyArray<WireFrame>
  /** The URL of each socket that was opened, before it was routed. */
  readonly sockets: ReadonlyArray<string>
  readonly storage: () => PageStorage
  /**
   * Cancels its requests, and closes its sockets with a close frame, as browsers do for a tab that is closed. The page learns
   * of neither, so that it does not try again.
   */
  readonly close: () => void
}

const makeStorage = (initial: Readonly<Record<string, string>>) => {
  const entries = new Map(Object.entries(initial))
  return {
    get length() {
      return entries.size
    },
    key: (index: number) => [...entries.keys()][index] ?? null,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
    clear: () => entries.clear(),
    entries: () => Object.fromEntries(entries)
  }
}

/** The part of IndexedDB that a client needs to store a key pair. */
const makeDatabases = () => {
  const entries = new Map<string, unknown>()
  const later = (handler: () => unknown) => queueMicrotask(() => void handler())
  const request = (result: unknown) => {
    const pending: { result: unknown; onsuccess?: () => void } = { result }
    later(() => pending.onsuccess?.())
    return pending
  }
  const database = {
    objectStoreNames: { contains: () => true },
    close: noop,
    transaction: () => {
      const transaction: { oncomplete?: () => void; objectStore: () => object } = {
        objectStore: () => ({
          get: (key: string) => request(entries.get(key)),
          put: (value: unknown, key: string) => request(void entries.set(key, value)),
          delete: (key: string) => request(entries.delete(key))
        })
      }
      setTimeout(() => transaction.oncomplete?.())
      return transaction
    }
  }
  return { open: () => request(database) }
}

const noop = () => undefined

/** The URL at another origin. */
const routeTo = (origin: string, url: URL) => {
  const routed = new URL(origin)
  routed.pathname = url.pathname
  routed.search = url.search
  return routed
}

/** Defines the globals of a page on a global object. Must be called once, before the client is loaded. */
export const prepare = (
  endpoints: Endpoints,
  stored: PageStorage = { session: {}, local: {} },
  page: object = globalThis
): Page => {
  const define = (name: string, value: unknown) =>
    Object.defineProperty(page, name, { value, configurable: true, writable: true })
  const exchanges: Array<Exchange> = []
  const frames: Array<WireFrame> = []
  const sockets: Array<string> = []
  const session = makeStorage(stored.session)
  const local = makeStorage(stored.local)
  const closing = new AbortController()
  const opened = new Set<WebSocket>()
  /** Settles like `pending`, but never after the page was closed. */
  const whileOpen = <A>(pending: Promise<A>) =>
    new Promise<A>((resolve, reject) => {
      const unlessClosed = <B>(settle: (value: B) => void) => (value: B) => {
        if (!closing.signal.aborted) settle(value)
      }
      pending.then(unlessClosed(resolve), unlessClosed(reject))
    })

  const realFetch = globalThis.fetch
  define("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const body = request.body === null ? null : await request.clone().text()
    const response = await whileOpen(realFetch(routeTo(endpoints.others?.[url.hostname] ?? endpoints.http, url), {
      method: request.method,
      headers: request.headers,
      body,
      signal: AbortSignal.any([request.signal, closing.signal])
    }))
    exchanges.push({
      method: request.method,
      url: request.url,
      authorization: request.headers.get("authorization"),
      body,
      status: response.status
    })
    return response
  })

  const RealWebSocket = globalThis.WebSocket
  define(
    "WebSocket",
    class extends RealWebSocket {
      readonly #number: number

      constructor(url: string | URL) {
        super(routeTo(endpoints.ws, new URL(url)))
        this.#number = sockets.push(String(url))
        opened.add(this)
        this.addEventListener("close", () => opened.delete(this))
        // these listeners come first
        for (const type of ["error", "close"]) {
          this.addEventListener(type, (event) => {
            if (closing.signal.aborted) event.stopImmediatePropagation()
          })
        }
        if (closing.signal.aborted) this.close()
        if (endpoints.recordsTraffic === false) return
        this.addEventListener("message", ({ data }) => {
          frames.push({ socket: this.#number, direction: "in", text: String(data) })
        })
      }

      override send(data: string): void {
        if (endpoints.recordsTraffic !== false) frames.push({ socket: this.#number, direction: "out", text: data })
        super.send(data)
      }
    }
  )

  define("sessionStorage", session)
  define("localStorage", local)
  define("indexedDB", makeDatabases())
  const events = new EventTarget()
  define("window", page)
  define("addEventListener", events.addEventListener.bind(events))
  define("removeEventListener", events.removeEventListener.bind(events))
  define("dispatchEvent", events.dispatchEvent.bind(events))
  define("location", new URL("https://app.example.test/"))
  define(
    "document",
    Object.assign(new EventTarget(), {
      visibilityState: "visible",
      hidden: false,
      createElement: () => ({ style: {}, setAttribute: noop, appendChild: noop }),
      body: { appendChild: noop }
    })
  )
  const mediaDevices = Object.assign(new EventTarget(), {
    enumerateDevices: () => Promise.resolve([]),
    getUserMedia: () => Promise.reject(new Error("there is no camera here"))
  })
  define("navigator", { userAgent: "conformance", onLine: true, mediaDevices, permissions: undefined })
  define("RTCPeerConnection", class extends EventTarget {})
  return {
    exchanges,
    frames,
    sockets,
    storage: () => ({ session: session.entries(), local: local.entries() }),
    close: () => {
      closing.abort()
      for (const socket of opened) socket.close()
    }
  }
}
