/** The methods of `client.connection`. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import { closed } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { RunOptions } from "../RunOptions.ts"
import type { Connection } from "../SignalWireClient.ts"
import { normalizeOptions, parameterError } from "./options.ts"
import { asyncMethod, syncMethod } from "./publicMethod.ts"
import type { Runner } from "./runner.ts"
import { type LogError, safeCallback } from "./safeCallback.ts"

export const make = (runner: Runner<Conversations.Conversations>, logError: LogError): Connection => ({
  get state() {
    return runner.runSync(Conversations.Conversations.use(({ connection }) => connection.current))
  },
  onChange: syncMethod("connection.onChange", (callback) => {
    if (typeof callback !== "function") throw parameterError("callback", "must be a function")
    const call = safeCallback(callback, (error) => logError("the callback of connection.onChange failed", error))
    let active = true
    const { stop } = runner.start(
      // the caller must be able to stop it before the first call
      Effect.andThen(
        Effect.yieldNow,
        Conversations.Conversations.use(({ connection }) =>
          Stream.runForEachArray(connection.changes, (states) =>
            Effect.sync(() => {
              for (const state of states) if (active && !runner.isClosed()) void call(state)
            }))
        )
      ).pipe(Effect.ensuring(Effect.sync(() => {
        if (active && runner.isClosed()) void call(closed)
      })))
    )
    return () => {
      active = false
      void stop()
    }
  }),
  ready: asyncMethod("connection.ready", async (_, options: RunOptions = {}) => {
    await runner.run(Conversations.Conversations.use(({ connection }) => connection.ready), normalizeOptions(options))
  })
})
