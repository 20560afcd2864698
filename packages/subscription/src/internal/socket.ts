/**
 * One WebSocket, from dial to close. Frames come in batches, each as large as what came since the last one. A socket that
 * can hold its server back, as those of `ws` can, does so while too much waits to be read.
 *
 * It does what `effect/socket` does for such a client; see `constructor.ts` for why that is not loaded.
 */
import * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"
import { SingleConsumerQueue } from "@effect-signalwire/runtime/SingleConsumerQueue"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import { Invalid, Transport } from "@effect-signalwire/schema/Reason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor as Constructor, WebSocketEvent, WebSocketLike } from "effect/socket/Socket"
import { WebSocketConstructor } from "./constructor.ts"
import { refusalOf } from "./refusal.ts"

export interface OpenSocket {
  /** The frames that came since the last pull, at least one; fails once the socket is gone and all were read. */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<unknown>, Failure>
  readonly write: (text: string) => Effect.Effect<void, Transport>
  readonly writeAll: (texts: ReadonlyArray<string>) => Effect.Effect<void, Transport>
}

interface Pausable {
  readonly pause: () => void
  readonly resume: () => void
}

/** Past so much text that waits to be read the server is held back, where that is possible. */
const maxWaiting = 64 * 1024

/** A server that leaves so much unread of what was sent to it does not read. Bytes. */
const maxUnsent = 4 * 1024 * 1024

const isPausable = (webSocket: object): webSocket is Pausable =>
  "pause" in webSocket && typeof webSocket.pause === "function" &&
  "resume" in webSocket && typeof webSocket.resume === "function"

/** In which step it happened, and no more: a socket's own words may quote what was sent. */
const broken = (detail: string, sent: "no" | "unknown" = "unknown"): Transport => new Transport({ detail, sent })

/** A server that closes with 1013 says to try again later, and not when. */
const tryAgainLater = 1013
const laterMillis = 10_000

/** Why a socket could not be opened, or is gone. */
export interface Failure {
  readonly reason: Transport | Invalid
  /** How long the server asked to be left alone. */
  readonly retryAfterMillis: number
}

const failure = (reason: Failure["reason"], retryAfterMillis = 0): Failure => ({ reason, retryAfterMillis })

const closed = (code: number, reason = ""): Failure =>
  failure(
    broken(`the socket closed with code ${code}${reason === "" ? "" : `: ${reason}`}`),
    code === tryAgainLater ? laterMillis : 0
  )

/** What a server answers to an upgrade that it refuses, where the platform lets that be seen. */
const refused = (webSocket: WebSocketLike, clock: Clock.Clock): Failure => {
  const refusal = refusalOf(webSocket)
  if (refusal === undefined) return failure(broken("the socket could not be opened"))
  const asked = RetryAfter.millisOf(refusal.headers, clock.currentTimeMillisUnsafe()) ?? 0
  return failure(
    broken(`the socket could not be opened: the server answered ${refusal.status}`),
    RetryAfter.capped(asked)
  )
}

/** What a platform without sockets throws says what to pass instead; anything else may heal. */
const undialled = (thrown: unknown): Failure =>
  failure(thrown instanceof Invalid ? thrown : broken("the platform's WebSocket could not be made", "no"))

/** Lets go of what belongs to the platform. It throws to no avail: how the session ended is known by then. */
const letGo = (...steps: ReadonlyArray<() => void>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const step of steps) {
      try {
        step()
      } catch {
        // it has let go of it, or never will
      }
    }
  })

/** How much waits to be sent, as far as the platform tells. Bytes. */
const unsent = (webSocket: object): number => "bufferedAmount" in webSocket ? Number(webSocket.bufferedAmount) : 0

/** Makes a socket, which is closed with the scope. */
const dial = (url: string): Effect.Effect<WebSocketLike, Failure, Constructor | Scope.Scope> =>
  Effect.flatMap(WebSocketConstructor, (make) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        try {
          return Effect.succeed(make(url))
        } catch (thrown) {
          return Effect.fail(undialled(thrown))
        }
      }),
      (webSocket) => letGo(() => webSocket.close(1000))
    ))

export interface Options {
  readonly url: string
  /** From dialling to an open socket. */
  readonly timeoutMillis: number
  /** Takes out of a server's words what must not be shown. */
  readonly redact: (text: string) => string
  /** Told how to give the socket up, as soon as it dials: what came before that is still read. */
  readonly onDialling?: ((giveUp: () => void) => void) | undefined
}

/** Dials, and waits until the socket is open. */
export const open = Effect.fnUntraced(function*(
  { onDialling, redact, timeoutMillis, url }: Options
): Effect.fn.Return<OpenSocket, Failure, Constructor | Scope.Scope> {
  const clock = yield* Clock.Clock
  const webSocket = yield* dial(url)
  if ("binaryType" in webSocket) webSocket.binaryType = "arraybuffer"
  const source = isPausable(webSocket) ? webSocket : undefined
  const opening = Deferred.makeUnsafe<void, Failure>()
  const frames = new SingleConsumerQueue<unknown, Failure>()
  let waiting = 0
  let isPaused = false

  const fail = (why: Failure): void => {
    Deferred.doneUnsafe(opening, Effect.fail(why))
    frames.done(Exit.fail(why))
  }
  const onOpen = (): void => void Deferred.doneUnsafe(opening, Effect.void)
  const onMessage = ({ data }: WebSocketEvent): void => {
    if (source !== undefined && typeof data === "string") {
      waiting += data.length
      if (waiting >= maxWaiting && !isPaused) {
        isPaused = true
        source.pause()
      }
    }
    frames.offer(data)
  }
  const onError = (): void =>
    fail(Deferred.isDoneUnsafe(opening) ? failure(broken("the socket broke")) : refused(webSocket, clock))
  const onClose = ({ code, reason }: WebSocketEvent): void => fail(closed(code ?? 1006, redact(reason ?? "")))

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
    letGo(
      () => fail(closed(1006)),
      // one that is given up while it dials still tells that it failed
      () => webSocket.addEventListener("error", constVoid),
      () => webSocket.removeEventListener("open", onOpen),
      () => webSocket.removeEventListener("message", onMessage),
      () => webSocket.removeEventListener("error", onError),
      () => webSocket.removeEventListener("close", onClose),
      // the answer to the close is behind what was held back
      flow
    )
  )
  if (webSocket.readyState === 1) onOpen()
  else if (webSocket.readyState > 1) fail(closed(1006))

  onDialling?.(() => fail(failure(broken("the socket was given up"))))
  yield* Timeouts.timeoutAfter(
    Deferred.await(opening),
    timeoutMillis,
    Effect.suspend(() => Effect.fail(failure(broken("the socket did not open in time"))))
  )

  const send = (texts: ReadonlyArray<string>): Effect.Effect<void, Transport> =>
    Effect.suspend(() => {
      try {
        for (const text of texts) webSocket.send(text)
        return unsent(webSocket) > maxUnsent ? Effect.fail(broken("the server does not read")) : Effect.void
      } catch {
        return Effect.fail(broken("the socket broke"))
      }
    })

  return {
    pull: Effect.map(frames.take, (batch) => {
      flow()
      return batch
    }),
    write: (text) => send([text]),
    writeAll: send
  }
})
