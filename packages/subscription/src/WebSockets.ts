/**
 * The platform's own `WebSocket`, made to let go.
 *
 * Node's waits without limit for the answer to its close frame, has no way to be ended otherwise, and keeps the process
 * alive meanwhile: a connection that is half open would never go away. Its transport tells of its sockets on a
 * diagnostics channel; there the one of a connection is found, and ended when its close is not answered.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Socket from "effect/socket/Socket"

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

/** Finds what lies under a connection as it opens; answers how to end it without a word. */
const findTransport = (webSocket: WebSocket): () => void => {
  const channels = diagnostics()
  if (channels === undefined) return () => {}
  let connected: Array<unknown> = []
  let transport: unknown
  const onConnected: Listener = (message) => connected.push(property(message, "socket"))
  const onOpen: Listener = (message) => {
    if (property(message, "websocket") !== webSocket) return
    const port = property(property(message, "address"), "port")
    transport = connected.find((socket) => property(socket, "localPort") === port)
    stop()
  }
  const stop = (): void => {
    connected = []
    channels.unsubscribe("undici:client:connected", onConnected)
    channels.unsubscribe("undici:websocket:open", onOpen)
  }
  channels.subscribe("undici:client:connected", onConnected)
  channels.subscribe("undici:websocket:open", onOpen)
  webSocket.addEventListener("close", stop, { once: true })
  return () => {
    const destroy = property(transport, "destroy")
    if (isFunction(destroy)) destroy.call(transport)
  }
}

const open = (url: string, protocols?: string | Array<string>): Socket.WebSocketLike => {
  const webSocket = new globalThis.WebSocket(url, protocols)
  const end = findTransport(webSocket)
  const close = webSocket.close.bind(webSocket)
  let isClosed = false
  let timer: ReturnType<typeof setTimeout> | undefined
  webSocket.addEventListener("close", () => {
    isClosed = true
    clearTimeout(timer)
  }, { once: true })
  webSocket.close = (code, reason) => {
    // before the close: one that is still dialling ends within it
    if (!isClosed) timer ??= setTimeout(end, closeTimeout)
    close(code, reason)
  }
  return webSocket
}

/** The platform's own `WebSocket`; a close that is not answered ends the connection all the same. */
export const layer: Layer.Layer<Socket.WebSocketConstructor> = Layer.succeed(
  Socket.WebSocketConstructor,
  (url, options) => {
    if (options !== undefined && typeof options !== "string" && !Array.isArray(options)) {
      throw new TypeError("the platform's WebSocket takes protocols, and no other options")
    }
    return open(url, options)
  }
)
