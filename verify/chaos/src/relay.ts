/**
 * A TCP relay on loopback, between clients and a server, that breaks connections on command. Of HTTP it reads only the head
 * of a request, to distinguish WebSockets from requests, and requests that send messages from those that read.
 */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** How a connection ends: with a TCP reset, or gracefully. */
export type Ending = "reset" | "end"

/** Which way bytes flow: `up` to the server, `down` to the client. */
export type Direction = "up" | "down"

/** What happens to a connection whose response is lost: it breaks, or stays open without a response. */
export type LostResponse = "cut" | "silent"

/** What a connection carries; `unknown` until the head of its first request was received. */
type Kind = "unknown" | "http" | "socket"

interface Link {
  readonly client: Socket
  readonly server: Socket
  kind: Kind
  /** What happens to the pending response, when it is to be lost. */
  lostResponse: LostResponse | undefined
}

export interface Counts {
  readonly connections: number
  readonly refused: number
  /** Connections that carried a WebSocket and were broken by the relay. */
  readonly disconnects: number
  readonly posts: number
  readonly lostResponses: number
}

export interface Relay extends AsyncDisposable {
  readonly port: number
  readonly counts: () => Counts
  /** Open connections that carry a WebSocket. */
  readonly sockets: () => number
  /** Breaks the WebSocket at `index` modulo their number; returns whether there was one. */
  readonly cutSocket: (index: number, ending: Ending) => boolean
  /** Breaks all connections; returns how many of them carried a WebSocket. */
  readonly cutAll: (ending: Ending) => number
  /** Breaks all connections that carry no WebSocket. */
  readonly cutRequests: (ending: Ending) => void
  /** Stops forwarding in these directions; connections stay open, and new ones are accepted. */
  readonly freeze: (...directions: ReadonlyArray<Direction>) => void
  /** Forwards again, beginning with what was held back. */
  readonly unfreeze: () => void
  /** Resets new connections, or accepts them again. */
  readonly refuse: (refusing: boolean) => void
  /** Loses the response to the next POST whose path ends with `path`. Several calls apply to several requests. */
  readonly loseResponse: (path: string, how: LostResponse) => void
  /** Delays all data on connections that are opened from now on. */
  readonly delay: (millis: number) => void
}

/** Writes with backpressure: pauses the source until the destination has drained. */
const write = (from: Socket, to: Socket, bytes: Buffer): void => {
  if (to.destroyed || to.write(bytes)) return
  from.pause()
  to.once("drain", () => from.resume())
}

/** A socket whose end was already written cannot be reset: Node would never close it, and would not exit. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded || socket.connecting) socket.destroy()
  else socket.resetAndDestroy()
}

export const start = async (target: { readonly port: number }): Promise<Relay> => {
  const links = new Set<Link>()
  const frozen = new Set<Direction>()
  const pendingLosses: Array<{ readonly path: string; readonly how: LostResponse }> = []
  /** What is held back while frozen, in order over all connections. */
  let held: Array<() => void> = []
  let refusing = false
  let delayMillis = 0
  const counts = { connections: 0, refused: 0, disconnects: 0, posts: 0, lostResponses: 0 }

  const forward = (direction: Direction, go: () => void): void => {
    if (frozen.has(direction)) held.push(go)
    else go()
  }

  const cut = (link: Link, ending: Ending): void => {
    if (!links.delete(link)) return
    if (link.kind === "socket") counts.disconnects++
    for (const socket of [link.client, link.server]) {
      if (ending === "reset") reset(socket)
      else if (socket.writableEnded) socket.destroy()
      else socket.end(() => socket.destroy())
    }
  }

  /** Reads the head of a request. Pipelined requests are not supported. */
  const readHead = (link: Link, bytes: Buffer): void => {
    if (link.kind === "socket") return
    const head = bytes.subarray(0, 4096).toString("latin1")
    const [, method, path] = /^([A-Z]+) ([^ ?]*)[^\r\n]* HTTP\/1\.1\r\n/.exec(head) ?? []
    if (method === undefined || path === undefined) return
    link.kind = /\r\nupgrade: websocket\r\n/i.test(head) ? "socket" : "http"
    if (method !== "POST") return
    counts.posts++
    const index = pendingLosses.findIndex((loss) => path.endsWith(loss.path))
    const [found] = index < 0 ? [] : pendingLosses.splice(index, 1)
    link.lostResponse = found?.how
  }

  const accept = (client: Socket): void => {
    if (refusing) {
      counts.refused++
      reset(client)
      return
    }
    counts.connections++
    const server = connect({ port: target.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
    const delay = delayMillis
    const link: Link = { client, server, kind: "unknown", lostResponse: undefined }
    links.add(link)
    const flow = (direction: Direction, from: Socket, to: Socket, isForwarded: (bytes: Buffer) => boolean): void => {
      const send = (go: () => void): void => {
        if (delay === 0) forward(direction, go)
        else setTimeout(() => forward(direction, go), delay)
      }
      from.on("data", (bytes) => {
        if (isForwarded(bytes)) send(() => write(from, to, bytes))
      })
      from.on("end", () => send(() => to.end()))
      // a close event follows
      from.on("error", () => {})
      from.on("close", () =>
        send(() => {
          links.delete(link)
          to.destroySoon()
        }))
    }
    flow("up", client, server, (bytes) => {
      readHead(link, bytes)
      return true
    })
    flow("down", server, client, () => {
      if (link.lostResponse === undefined) return true
      counts.lostResponses++
      if (link.lostResponse === "cut") cut(link, "reset")
      return false
    })
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  listener.listen(0, "127.0.0.1")
  await once(listener, "listening")
  const address = listener.address()
  if (address === null || typeof address === "string") throw new Error("the relay has no port")

  const sockets = (): ReadonlyArray<Link> => [...links].filter(({ kind }) => kind === "socket")
  const cutMany = (which: Iterable<Link>, ending: Ending): void => {
    for (const link of which) cut(link, ending)
  }

  return {
    port: address.port,
    counts: () => ({ ...counts }),
    sockets: () => sockets().length,
    cutSocket: (index, ending) => {
      const open = sockets()
      const link = open[index % Math.max(1, open.length)]
      if (link !== undefined) cut(link, ending)
      return link !== undefined
    },
    cutAll: (ending) => {
      const open = sockets().length
      cutMany(links, ending)
      return open
    },
    cutRequests: (ending) => cutMany([...links].filter(({ kind }) => kind !== "socket"), ending),
    freeze: (...directions) => {
      for (const direction of directions) frozen.add(direction)
    },
    unfreeze: () => {
      frozen.clear()
      const due = held
      held = []
      for (const go of due) go()
    },
    refuse: (isRefusing) => {
      refusing = isRefusing
    },
    loseResponse: (path, how) => {
      pendingLosses.push({ path, how })
    },
    delay: (millis) => {
      delayMillis = millis
    },
    [Symbol.asyncDispose]: async () => {
      cutMany(links, "reset")
      held = []
      const closed = once(listener, "close")
      listener.close()
      await closed
    }
  }
}
