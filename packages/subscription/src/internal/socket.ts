/**
 * One WebSocket, from dial to close. Frames come in batches, each as large as what came since the last one. A socket that
 * can hold its server back, as those of `ws` can, does so while too much waits to be read.
 *
 * It does what `effect/socket` does for such a client; see `constructor.ts` for why that is not loaded.
 */
import { Transport } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor, WebSocketEvent, WebSocketLike } from "effect/socket/Socket"
import { WebSocketConstructor } from "./constructor.ts"

export interface OpenSocket {
  /** The frames that came since the last pull, at least one; fails once the socket is gone and all were read. */
  readonly pull: Effect.Effect<ReadonlyArray<unknown>, Transport>
  readonly write: (text: string) => Effect.Effect<void, Transport>
  readonly writeAll: (texts: ReadonlyArray<string>) => Effect.Effect<void, Transport>
}

interface Pausable {
  readonly pause: () => void
  readonly resume: () => void
}

/** Past so much text that waits to be read the server is held back, where that is possible. */
const maxWaiting = 64 * 1024

const isPausable = (webSocket: object): webSocket is Pausable =>
  "pause" in webSocket && typeof webSocket.pause === "function" &&
  "resume" in webSocket && typeof webSocket.resume === "function"

/** In which step it happened, and no more: a socket's own words may quote what was sent. */
const broken = (detail: string): Transport => new Transport({ detail })

const closed = (code: number, reason: string | undefined): Transport =>
  broken(`the socket closed with code ${code}${reason === undefined || reason === "" ? "" : `: ${reason}`}`)

/** Makes a socket, which is closed with the scope. */
const dial = (url: string): Effect.Effect<WebSocketLike, never, Constructor | Scope.Scope> =>
  Effect.flatMap(WebSocketConstructor, (make) =>
    Effect.acquireRelease(
      Effect.sync(() => make(url)),
      (webSocket) => Effect.sync(() => webSocket.close(1000))
    ))

/** Dials, and waits until the socket is open. */
export const open = Effect.fnUntraced(function*(
  url: string,
  timeoutMillis: number
): Effect.fn.Return<OpenSocket, Transport, Constructor | Scope.Scope> {
  const webSocket = yield* dial(url)
  if ("binaryType" in webSocket) webSocket.binaryType = "arraybuffer"
  const source = isPausable(webSocket) ? webSocket : undefined
  let isOpen = webSocket.readyState === 1
  let failure: Transport | undefined = webSocket.readyState > 1 ? closed(1006, undefined) : undefined
  let frames: Array<unknown> = []
  let waiting = 0
  let isPaused = false
  let wake = constVoid

  /** Waits for something to happen; `outcome` is what comes of it. */
  const when = <A>(isReady: () => boolean, outcome: Effect.Effect<A, Transport>): Effect.Effect<A, Transport> =>
    Effect.callback((resume) => {
      if (isReady()) return resume(outcome)
      wake = () => {
        wake = constVoid
        resume(outcome)
      }
      return forget
    })
  const forget = Effect.sync(() => {
    wake = constVoid
  })
  const fail = (reason: Transport): void => {
    failure ??= reason
    wake()
  }

  const onOpen = (): void => {
    isOpen = true
    wake()
  }
  const onMessage = ({ data }: WebSocketEvent): void => {
    frames.push(data)
    if (source !== undefined && typeof data === "string") {
      waiting += data.length
      if (waiting >= maxWaiting && !isPaused) {
        isPaused = true
        source.pause()
      }
    }
    wake()
  }
  const onError = (): void => fail(broken(isOpen ? "the socket broke" : "the socket could not be opened"))
  const onClose = ({ code, reason }: WebSocketEvent): void => fail(closed(code ?? 1006, reason))

  const flow = (): void => {
    waiting = 0
    if (isPaused) {
      isPaused = false
      source?.resume()
    }
  }

  webSocket.addEventListener("open", onOpen, { once: true })
  webSocket.addEventListener("message", onMessage)
  webSocket.addEventListener("error", onError, { once: true })
  webSocket.addEventListener("close", onClose, { once: true })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      fail(closed(1006, undefined))
      // one that is given up while it dials still tells that it failed
      webSocket.addEventListener("error", constVoid)
      webSocket.removeEventListener("open", onOpen)
      webSocket.removeEventListener("message", onMessage)
      webSocket.removeEventListener("error", onError)
      webSocket.removeEventListener("close", onClose)
      // the answer to the close is behind what was held back
      flow()
    })
  )

  yield* when(
    () => isOpen || failure !== undefined,
    Effect.suspend(() => failure === undefined ? Effect.void : Effect.fail(failure))
  ).pipe(
    Effect.timeoutOrElse({
      duration: timeoutMillis,
      orElse: () => Effect.fail(broken("the socket did not open in time"))
    })
  )

  const send = (texts: ReadonlyArray<string>): Effect.Effect<void, Transport> => {
    try {
      for (const text of texts) webSocket.send(text)
      return Effect.void
    } catch {
      return Effect.fail(broken("the socket broke"))
    }
  }

  return {
    pull: when(
      () => frames.length > 0 || failure !== undefined,
      Effect.suspend(() => {
        if (frames.length === 0 && failure !== undefined) return Effect.fail(failure)
        const batch = frames
        frames = []
        flow()
        return Effect.succeed(batch)
      })
    ),
    write: (text) => Effect.suspend(() => send([text])),
    writeAll: (texts) => Effect.suspend(() => send(texts))
  }
})
