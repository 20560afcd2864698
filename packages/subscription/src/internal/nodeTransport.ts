/**
 * Finds the TCP socket below the global `WebSocket` on Node, by means of the diagnostics channels of its HTTP client,
 * undici. Other platforms have no such channels; there the transport stays unknown.
 */
import type { Corkable } from "./corkSends.ts"
import { setRejectedUpgrade } from "./rejectedUpgrade.ts"

/** The TCP or TLS socket below a WebSocket. */
interface Transport extends Corkable {
  readonly destroy: () => void
}

/** A WebSocket that is being opened. */
export interface DialledWebSocket {
  readonly webSocket: WebSocket
  /** The transport once the socket is open; `undefined` before that, and where it is not known. */
  readonly transport: () => Transport | undefined
}

type Listener = (message: unknown) => void

interface DiagnosticsChannel {
  readonly subscribe: (channel: string, listener: Listener) => void
  readonly unsubscribe: (channel: string, listener: Listener) => void
}

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const isFunction = (value: unknown): value is (...args: ReadonlyArray<unknown>) => unknown =>
  typeof value === "function"

/** The module `node:diagnostics_channel`, without an import of it; `undefined` on other platforms. */
const diagnosticsChannel = (): DiagnosticsChannel | undefined => {
  const process = property(globalThis, "process")
  const getBuiltinModule = property(process, "getBuiltinModule")
  const module = isFunction(getBuiltinModule) ? getBuiltinModule.call(process, "node:diagnostics_channel") : undefined
  const subscribe = property(module, "subscribe")
  const unsubscribe = property(module, "unsubscribe")
  return isFunction(subscribe) && isFunction(unsubscribe) ? { subscribe, unsubscribe } : undefined
}

const isTransport = (value: unknown): value is Transport =>
  ["cork", "destroy", "uncork"].every((name) => isFunction(property(value, name)))

/** Whether an undici request is the upgrade request of a socket with this URL. */
const isUpgradeOf = (url: URL, request: unknown): boolean =>
  property(request, "upgrade") === "websocket" && property(request, "path") === `${url.pathname}${url.search}` &&
  property(request, "origin") === url.origin.replace(/^ws/, "http")

/** The value of a header in a list that alternates names and values. */
const headerIn = (headers: unknown, name: string): string | undefined => {
  if (!Array.isArray(headers)) return undefined
  const strings = headers.map(String)
  const index = strings.findIndex((string, at) => at % 2 === 0 && string.toLowerCase() === name)
  return index < 0 ? undefined : strings[index + 1]
}

/** Upgrade requests that were matched to a socket. */
const matchedRequests = new WeakSet()

/**
 * Creates a socket with `make`, and finds its transport: the TCP socket that its upgrade request is sent on, which may
 * have carried other requests before. If the server rejects the upgrade, the response is recorded.
 *
 * Sockets create their upgrade requests in the order in which they are created themselves, which distinguishes sockets
 * that dial the same URL at the same time.
 */
export const dialWithTransport = (address: string, make: () => WebSocket): DialledWebSocket => {
  const channels = diagnosticsChannel()
  if (channels === undefined) return { webSocket: make(), transport: () => undefined }
  const url = new URL(address)
  let upgradeRequest: object | undefined
  let webSocket: WebSocket | undefined
  let socket: unknown
  let transport: Transport | undefined
  const isOwn = (message: unknown): boolean =>
    upgradeRequest !== undefined && property(message, "request") === upgradeRequest
  const onRequestCreated: Listener = (message) => {
    const request = property(message, "request")
    if (upgradeRequest !== undefined || typeof request !== "object" || request === null) return
    if (matchedRequests.has(request) || !isUpgradeOf(url, request)) return
    matchedRequests.add(request)
    upgradeRequest = request
  }
  const onHeadersSent: Listener = (message) => {
    if (isOwn(message)) socket = property(message, "socket")
  }
  const onResponse: Listener = (message) => {
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
    unsubscribe()
  }
  const listeners: ReadonlyArray<readonly [channel: string, listener: Listener]> = [
    ["undici:request:create", onRequestCreated],
    ["undici:client:sendHeaders", onHeadersSent],
    ["undici:request:headers", onResponse],
    ["undici:websocket:open", onOpen]
  ]
  const unsubscribe = (): void => {
    for (const [channel, listener] of listeners) channels.unsubscribe(channel, listener)
  }
  for (const [channel, listener] of listeners) channels.subscribe(channel, listener)
  try {
    webSocket = make()
  } catch (thrown) {
    unsubscribe()
    throw thrown
  }
  webSocket.addEventListener("close", unsubscribe)
  return { webSocket, transport: () => transport }
}
