/**
 * A relay of bytes on loopback, between clients and a server, that breaks connections on command. It knows nothing of
 * HTTP but how a request begins: enough to tell sockets from requests, and requests that send from those that read.
 */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** How a connection ends: abruptly, or in order. */
export type Ending = "reset" | "end"

/** Which way bytes flow: `up` to the server, `down` to the client. */
export type Direction = "up" | "down"

/** What becomes of the connection whose answer was swallowed: it breaks, or stays and says nothing. */
export type Swallowed = "cut" | "silent"

/** What a connection carries, as far as its first bytes have told. */
type Kind = "unknown" | "http" | "socket"

interface Link {
  readonly client: Socket
  readonly server: Socket
  kind: Kind
  /** What is to become of the answer on its way. */
  swallowing: Swallowed | undefined
}

export interface Counts {
  readonly connections: number
  readonly refused: number
  /** Connections that carried a WebSocket and were broken by the relay. */
  readonly disconnects: number
  readonly posts: number
  readonly swallowed: number
}

export interface Relay extends AsyncDisposable {
  readonly port: number
  readonly counts: () => Counts
  /** Open connections that carry a WebSocket. */
  readonly sockets: () => number
  /** Breaks the `index`-th WebSocket, counted around; answers whether there was one. */
  readonly cutSocket: (index: number, ending: Ending) => boolean
  /** Breaks all connections; answers how many of them carried a WebSocket. */
  readonly cutAll: (ending: Ending) => number
  /** Breaks all connections that carry no WebSocket. */
  readonly cutRequests: (ending: Ending) => void
  /** Forwards nothing any more in these directions; connections stay open, and new ones are accepted. */
  readonly freeze: (...directions: ReadonlyArray<Direction>) => void
  /** Forwards again, what was held back first. */
  readonly thaw: () => void
  /** Breaks connections as they are opened, or accepts them again. */
  readonly refuse: (refusing: boolean) => void
  /** Forwards the next POST to a path with this ending, and swallows its answer. May be called ahead for several. */
  readonly swallowPost: (path: string, swallowed: Swallowed) => void
  /** On connections opened from now on, holds back every piece for so long. */
  readonly delay: (millis: number) => void
}

/** Sockets whose buffers are full are waited for by those that fill them. */
const pour = (from: Socket, to: Socket, bytes: Buffer): void => {
  if (to.destroyed || to.write(bytes)) return
  from.pause()
  to.once("drain", () => from.resume())
}

/** One whose end was already written can't be reset any more: Node would never close it, and with it itself. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded || socket.connecting) socket.destroy()
  else socket.resetAndDestroy()
}

export const start = async (target: { readonly port: number }): Promise<Relay> => {
  const links = new Set<Link>()
  const frozen = new Set<Direction>()
  const awaited: Array<{ readonly path: string; readonly swallowed: Swallowed }> = []
  /** What was held back, in order over all connections. */
  let held: Array<() => void> = []
  let refusing = false
  let delayMillis = 0
  const counts = { connections: 0, refused: 0, disconnects: 0, posts: 0, swallowed: 0 }

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

  /** Looks at how a request begins; only clients that send the next one before the answer would be misread. */
  const look = (link: Link, bytes: Buffer): void => {
    if (link.kind === "socket") return
    const head = bytes.subarray(0, 4096).toString("latin1")
    const [, method, path] = /^([A-Z]+) ([^ ?]*)[^\r\n]* HTTP\/1\.1\r\n/.exec(head) ?? []
    if (method === undefined || path === undefined) return
    link.kind = /\r\nupgrade: websocket\r\n/i.test(head) ? "socket" : "http"
    if (method !== "POST") return
    counts.posts++
    const index = awaited.findIndex((one) => path.endsWith(one.path))
    const [found] = index < 0 ? [] : awaited.splice(index, 1)
    link.swallowing = found?.swallowed
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
    const link: Link = { client, server, kind: "unknown", swallowing: undefined }
    links.add(link)
    const flow = (direction: Direction, from: Socket, to: Socket, isForwarded: (bytes: Buffer) => boolean): void => {
      const send = (go: () => void): void => {
        if (delay === 0) forward(direction, go)
        else setTimeout(() => forward(direction, go), delay)
      }
      from.on("data", (bytes) => {
        if (isForwarded(bytes)) send(() => pour(from, to, bytes))
      })
      from.on("end", () => send(() => to.end()))
      // told by what follows it
      from.on("error", () => {})
      from.on("close", () =>
        send(() => {
          links.delete(link)
          to.destroySoon()
        }))
    }
    flow("up", client, server, (bytes) => {
      look(link, bytes)
      return true
    })
    flow("down", server, client, () => {
      if (link.swallowing === undefined) return true
      counts.swallowed++
      if (link.swallowing === "cut") cut(link, "reset")
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
    thaw: () => {
      frozen.clear()
      const due = held
      held = []
      for (const go of due) go()
    },
    refuse: (now) => {
      refusing = now
    },
    swallowPost: (path, swallowed) => {
      awaited.push({ path, swallowed })
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
