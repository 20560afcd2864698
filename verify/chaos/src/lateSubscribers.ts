/** Subscriptions that begin in the middle of a run. Some of them also end before its end. */
import type { SignalWireClient } from "@effect-signalwire/promise"
import { setTimeout as sleep } from "node:timers/promises"
import type { Monkey } from "./monkey.ts"
import * as Recorder from "./recorder.ts"
import type { ServerAccess } from "./server.ts"
import type { Trace } from "./trace.ts"

export interface Options {
  readonly clients: ReadonlyArray<SignalWireClient>
  readonly monkey: Monkey
  readonly server: ServerAccess
  readonly trace: Trace
  readonly isOver: () => boolean
  readonly onRecorder: (recorder: Recorder.Recorder) => void
}

const subscriberCount = 6

export const run = async ({ clients, isOver, monkey, onRecorder, server, trace }: Options): Promise<void> => {
  for (let number = 1; number <= subscriberCount; number++) {
    while (!isOver() && monkey.progress() < number / (subscriberCount + 2)) {
      await sleep(20)
    }
    const client = clients[number % clients.length]
    if (client === undefined || isOver()) return
    try {
      const recorder = await Recorder.subscribe(`late subscriber ${number}`, client)
      trace.add(recorder.name, "subscribes")
      if (number % 2 === 0) {
        recorder.expectAllBut(new Set((await server.stored()).map(({ id }) => id)))
      } else {
        await sleep(500)
        await recorder.end()
      }
      onRecorder(recorder)
    } catch (error) {
      trace.add(`late subscriber ${number}`, "could not subscribe", String(error))
    }
  }
}
