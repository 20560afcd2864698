/** Subscribes with a cursor in `localStorage`: after a reload, the page continues where it stopped. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

export interface Options {
  readonly token: string
  readonly urls: { readonly http: string; readonly ws: string }
  /** The name of the cursor. */
  readonly cursor: string
  readonly show: (text: string | null) => void
}

export const subscribe = ({ cursor: name, show, token, urls }: Options): Promise<void> =>
  Effect.gen(function*() {
    const conversations = yield* Conversations.Conversations
    const cursor = yield* Cursor.make(name)
    const events = yield* conversations.subscription({ cursor })
    yield* Stream.runForEach(events, ({ text }) => Effect.sync(() => show(text)))
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.merge(
        Conversations.layerFetch({ token: Redacted.make(token), urls, cursorInterval: 0 }),
        KeyValueStore.layerStorage(() => localStorage)
      )
    ),
    Effect.runPromise
  )
