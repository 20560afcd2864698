/**
 * One WebSocket, from dial to close. Frames are pulled in batches: everything that arrived since the last pull. A
 * socket that can be paused, such as that of `ws`, is paused while too much waits to be read.
 *
 * `effect/socket` has the same for clients; see `webSocketConstructor.ts` for why that is not loaded.
 */
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import { Invalid, Transport } from "@effect-signalwire/schema/Reason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor, WebSocketEvent, WebSocketLike } from "effect/socket/Socket"
import { getRejectedUpgrade } from "./rejectedUpgrade.ts"
import { WebSocketConstructor } from "./webSocketConstructor.ts"

/** A socket that is open. */
export interface OpenSocket {
  /** The frames since the last pull, at least one. Fails once the socket is closed and all frames were pulled. */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<unknown>, SocketFailure>
  readonly write: (frame: string) => Effect.Effect<void, Transport>
  readonly writeAll: (frames: ReadonlyArray<string>) => Effect.Effect<void, Transport>
}

/** Why a socket could not be opened or was closed. */
export interface SocketFailure {
  readonly reason: Transport | Invalid
  /** How long the server asked the client to wait, in milliseconds; 0 if it did not. */
  readonly retryAfterMillis: number
}

export interface Options {
  readonly url: string
  /** The time from dialling to an open socket, in milliseconds. */
  readonly timeoutMillis: number
  /** Removes secrets from strings that the server sends. */
  readonly redact: (text: string) => string
  /**
   * Called when the dial begins, with a function that ends the socket from this side: an open socket's pull fails after
   * the frames that have arrived.
   */
  readonly onDial?: ((abort: () => void) => void) | undefined
}

interface Pausable {
  readonly pause: () => void
  readonly resume: () => void
}

const isPausable = (webSocket: object): webSocket is Pausable =>
  "pause" in webSocket && typeof webSocket.pause === "function" &&
  "resume" in webSocket && typeof webSocket.resume === "function"

/** While this much received text waits to be pulled, the socket is paused. UTF-16 code units. */
const maxUnread = 64 * 1024

/** A server that leaves this much of what was sent to it unread does not read. Bytes. */
const maxUnsent = 4 * 1024 * 1024

/** The close code "try again later", which comes without a delay. */
const tryAgainLaterCode = 1013
const tryAgainLaterMillis = 10_000

/** The detail names the step that failed and nothing else: a platform's own message may quote what was sent. */
const transport = (detail: string, sent: "no" | "unknown" = "unknown"): Transport => new Transport({ detail, sent })

const failure = (reason: SocketFailure["reason"], retryAfterMillis = 0): SocketFailure => ({
  reason,
  retryAfterMillis
})

const closeFailure = (code: number, reason = ""): SocketFailure =>
  failure(
    transport(`the socket closed with code ${code}${reason === "" ? "" : `: ${reason}`}`),
    code === tryAgainLaterCode ? tryAgainLaterMillis : 0
  )

/** Why the socket did not open, with the response to the upgrade where the platform shows it. */
const openFailure = (webSocket: WebSocketLike, clock: Clock.Clock): SocketFailure => {
  const rejected = getRejectedUpgrade(webSocket)
  if (rejected === undefined) return failure(transport("the socket could not be opened"))
  const retryAfterMillis = RetryAfter.millisOf(rejected.headers, clock.currentTimeMillisUnsafe()) ?? 0
  return failure(
    transport(`the socket could not be opened: the server responded with status ${rejected.status}`),
    RetryAfter.capped(retryAfterMillis)
  )
}

/** `Invalid` means that the platform has no WebSocket, and names the option to pass; anything else may recover. */
const constructorFailure = (thrown: unknown): SocketFailure =>
  failure(thrown instanceof Invalid ? thrown : transport("the platform's WebSocket constructor threw", "no"))

/** Runs cleanup steps of the platform; what they throw is ignored, since how the session ended is already known. */
const cleanUp = (...steps: ReadonlyArray<() => void>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const step of steps) {
      try {
        step()
      } catch {
        // nothing else can be done to release it
      }
    }
  })

/** How many bytes wait to be sent; 0 if the platform does not report it. */
const bufferedAmount = (webSocket: object): number =>
  "bufferedAmount" in webSocket ? Number(webSocket.bufferedAmount) : 0

/** Creates a socket, which is closed with the scope. */
const dial = (url: string): Effect.Effect<WebSocketLike, SocketFailure, Constructor | Scope.Scope> =>
  Effect.flatMap(WebSocketConstructor, (make) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        try {
          return Effect.succeed(make(url))
        } catch (thrown) {
          return Effect.fail(constructorFailure(thrown))
        }
      }),
      (webSocket) => cleanUp(() => webSocket.close(1000))
    ))

/** Dials, and waits until the socket is open. The socket is closed with the scope. */
export const open = Effect.fnUntraced(function*(
  { onDial, redact, timeoutMillis, url }: Options
): Effect.fn.Return<OpenSocket, SocketFailure, Constructor | Scope.Scope> {
  const clock = yield* Clock.Clock
  const webSocket = yield* dial(url)
  if ("binaryType" in webSocket) webSocket.binaryType = "arraybuffer"
  const pausable = isPausable(webSocket) ? webSocket : undefined
  const opened = Deferred.makeUnsafe<void, SocketFailure>()
  const frames = new SingleConsumerQueue<unknown, SocketFailure>()
  let unread = 0
  let isPaused = false

  const fail = (socketFailure: SocketFailure): void => {
    Deferred.doneUnsafe(opened, Effect.fail(socketFailure))
    frames.done(Exit.fail(socketFailure))
  }
  const onOpen = (): void => void Deferred.doneUnsafe(opened, Effect.void)
  const onMessage = ({ data }: WebSocketEvent): void => {
    if (pausable !== undefined && typeof data === "string") {
      unread += data.length
      if (unread >= maxUnread && !isPaused) {
        isPaused = true
        pausable.pause()
      }
    }
    frames.offer(data)
  }
  const onError = (): void =>
    fail(Deferred.isDoneUnsafe(opened) ? failure(transport("the socket failed")) : openFailure(webSocket, clock))
  const onClose = ({ code, reason }: WebSocketEvent): void => fail(closeFailure(code ?? 1006, redact(reason ?? "")))

  const resume = (): void => {
    unread = 0
    if (isPaused) {
      isPaused = false
      pausable?.resume()
    }
  }

  webSocket.addEventListener("open", onOpen)
  webSocket.addEventListener("message", onMessage)
  webSocket.addEventListener("error", onError)
  webSocket.addEventListener("close", onClose)
  yield* Effect.addFinalizer(() =>
    cleanUp(
      () => fail(closeFailure(1006)),
      // `ws` emits an error for a socket that is closed while it dials, and an error without a listener is thrown
      () => webSocket.addEventListener("error", constVoid),
      () => webSocket.removeEventListener("open", onOpen),
      () => webSocket.removeEventListener("message", onMessage),
      () => webSocket.removeEventListener("error", onError),
      () => webSocket.removeEventListener("close", onClose),
      // the response to the close is behind the frames that a paused socket holds back
      resume
    )
  )
  if (webSocket.readyState === 1) onOpen()
  else if (webSocket.readyState > 1) fail(closeFailure(1006))

  onDial?.(() => fail(failure(transport("the client closed the socket"))))
  yield* Effect.timeoutOrElse(Deferred.await(opened), {
    duration: timeoutMillis,
    orElse: () => Effect.fail(failure(transport("the socket did not open in time")))
  })

  const writeAll = (batch: ReadonlyArray<string>): Effect.Effect<void, Transport> =>
    Effect.suspend(() => {
      try {
        for (const frame of batch) webSocket.send(frame)
        return bufferedAmount(webSocket) > maxUnsent
          ? Effect.fail(transport("the server does not read what is sent to it"))
          : Effect.void
      } catch {
        return Effect.fail(transport("the socket failed"))
      }
    })

  return {
    pull: Effect.map(frames.take, (batch) => {
      resume()
      return batch
    }),
    write: (frame) => writeAll([frame]),
    writeAll
  }
})
