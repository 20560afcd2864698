/**
 * The platform's own `WebSocket`, made to let go.
 *
 * Node's waits without limit for the answer to its close frame, has no way to be ended otherwise, and keeps the process
 * alive meanwhile: a connection that is half open would never go away. Its transport tells of its sockets on a
 * diagnostics channel; there the one of a connection is found, and ended when its close is not answered. Found, it also
 * gathers what is sent in one tick into one write.
 *
 * @since 0.1.0
 */
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import { type Corkable, corkSends } from "./internal/corkSends.ts"
import { setRejectedUpgrade } from "./internal/rejectedUpgrade.ts"
import { WebSocketConstructor } from "./internal/webSocketConstructor.ts"

/** How long a close may take to be answered. Milliseconds. */
const closeTimeout = 2000

type Listener = (message: unknown) => void

interface Diagnostics {
  readonly subscribe: (channel: string, listener: Listener) => void
  readonly unsubscribe: (channel: string, listener: Listener) => void
}

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const isFunction = (value: unknown): value is (...args: ReadonlyArray<unknown>) => unknown =>
  typeof value === "function"

/** Node's diagnostics channels; nothing elsewhere. */
const diagnostics = (): Diagnostics | undefined => {
  const process = property(globalThis, "process")
  const getBuiltinModule = property(process, "getBuiltinModule")
  const module = isFunction(getBuiltinModule) ? getBuiltinModule.call(process, "node:diagnostics_channel") : undefined
  const subscribe = property(module, "subscribe")
  const unsubscribe = property(module, "unsubscribe")
  return isFunction(subscribe) && isFunction(unsubscribe) ? { subscribe, unsubscribe } : undefined
}

/** What lies under a connection. */
interface Transport extends Corkable {
  readonly destroy: () => void
}

const isTransport = (value: unknown): value is Transport =>
  ["cork", "destroy", "uncork"].every((name) => isFunction(property(value, name)))

/** Whether a request is the one that asks for the upgrade of a socket at this address. */
const isUpgradeOf = (url: URL, request: unknown): boolean =>
  property(request, "upgrade") === "websocket" && property(request, "path") === `${url.pathname}${url.search}` &&
  property(request, "origin") === url.origin.replace(/^ws/, "http")

/** The value of a header among names and values that follow each other. */
const headerIn = (headers: unknown, name: string): string | undefined => {
  if (!Array.isArray(headers)) return undefined
  const texts = headers.map(String)
  const index = texts.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name)
  return index < 0 ? undefined : texts[index + 1]
}

/** Requests for upgrades whose sockets are known. */
const known = new WeakSet()

interface Dialled {
  readonly webSocket: WebSocket
  /** What lies under it, once it is open; nothing where the platform does not tell. */
  readonly transport: () => Transport | undefined
}

/**
 * Makes a socket, and finds what lies under its connection as it opens: what its handshake is sent on, which may have
 * carried requests before. Where the server refuses the upgrade, that is noted. Sockets make their requests in the order
 * in which they are made themselves, so those that dial the same address at the same time are told apart.
 */
const dial = (address: string, make: () => WebSocket): Dialled => {
  const channels = diagnostics()
  if (channels === undefined) return { webSocket: make(), transport: () => undefined }
  const url = new URL(address)
  /** The one that asks for the upgrade of this socket. */
  let request: object | undefined
  let webSocket: WebSocket | undefined
  let socket: unknown
  let transport: Transport | undefined
  const isOwn = (message: unknown): boolean => request !== undefined && property(message, "request") === request
  const onCreated: Listener = (message) => {
    const created = property(message, "request")
    if (request !== undefined || typeof created !== "object" || created === null) return
    if (known.has(created) || !isUpgradeOf(url, created)) return
    known.add(created)
    request = created
  }
  const onSent: Listener = (message) => {
    if (isOwn(message)) socket = property(message, "socket")
  }
  const onAnswered: Listener = (message) => {
    const response = property(message, "response")
    const status = property(response, "statusCode")
    if (typeof status !== "number" || status === 101 || !isOwn(message) || webSocket === undefined) return
    const headers = property(response, "headers")
    setRejectedUpgrade(webSocket, status, {
      retryAfter: headerIn(headers, "retry-after"),
      date: headerIn(headers, "date")
    })
  }
  const onOpen: Listener = (message) => {
    if (webSocket === undefined || property(message, "websocket") !== webSocket) return
    const port = property(property(message, "address"), "port")
    if (isTransport(socket) && property(socket, "localPort") === port) transport = socket
    stop()
  }
  const listeners: Readonly<Record<string, Listener>> = {
    "undici:request:create": onCreated,
    "undici:client:sendHeaders": onSent,
    "undici:request:headers": onAnswered,
    "undici:websocket:open": onOpen
  }
  const stop = (): void => {
    for (const [channel, listener] of Object.entries(listeners)) channels.unsubscribe(channel, listener)
  }
  for (const [channel, listener] of Object.entries(listeners)) channels.subscribe(channel, listener)
  try {
    webSocket = make()
  } catch (thrown) {
    stop()
    throw thrown
  }
  webSocket.addEventListener("close", stop, { once: true })
  return { webSocket, transport: () => transport }
}

/** There are platforms without one, such as Node 20, and flags that take it away. */
const requireWebSocket = (): typeof WebSocket => {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket
  throw invalidParameter(
    "WebSocket",
    "this platform has none: pass one with the WebSocket option, such as that of the package ws, or use Node 22.19 or newer"
  )
}

const open = (url: string, protocols?: string | Array<string>): Socket.WebSocketLike => {
  const WebSocket = requireWebSocket()
  const { transport, webSocket } = dial(url, () => new WebSocket(url, protocols))
  corkSends(webSocket, transport)
  const close = webSocket.close.bind(webSocket)
  let isClosed = false
  let timer: ReturnType<typeof setTimeout> | undefined
  webSocket.addEventListener("close", () => {
    isClosed = true
    clearTimeout(timer)
  }, { once: true })
  webSocket.close = (code, reason) => {
    // before the close: one that is still dialling ends within it
    if (!isClosed) timer ??= setTimeout(() => transport()?.destroy(), closeTimeout)
    close(code, reason)
  }
  return webSocket
}

/**
 * The platform's own `WebSocket`. A close that is not answered within 2 seconds ends the connection all the same. Where
 * the platform has none, dialling fails with `Invalid`, which names the option `WebSocket`. In Node, a refused socket's
 * status and `Retry-After` are known; browsers don't show them.
 */
export const context: Context.Context<Socket.WebSocketConstructor> = /* @__PURE__ */ Context.make(
  WebSocketConstructor,
  (url, options) => {
    if (options !== undefined && typeof options !== "string" && !Array.isArray(options)) {
      throw new TypeError("the platform's WebSocket takes protocols, and no other options")
    }
    return open(url, options)
  }
)

/** Sockets of another class with the interface of the platform's `WebSocket`. */
export const contextOf = (
  WebSocket: new(url: string) => Socket.WebSocketLike
): Context.Context<Socket.WebSocketConstructor> => Context.make(WebSocketConstructor, (url) => new WebSocket(url))

/** {@link context} as a layer. */
export const layer: Layer.Layer<Socket.WebSocketConstructor> = /* @__PURE__ */ Layer.succeedContext(context)

/** {@link contextOf} as a layer. */
export const layerOf = (
  WebSocket: new(url: string) => Socket.WebSocketLike
): Layer.Layer<Socket.WebSocketConstructor> => Layer.succeedContext(contextOf(WebSocket))
