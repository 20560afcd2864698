/** The sends of a run, spread over the time in which sessions are broken. */
import { ConversationError, type SignalWireClient } from "@effect-signalwire/promise"
import { setTimeout as sleep } from "node:timers/promises"
import type { Send } from "./check.ts"
import type { Monkey } from "./monkey.ts"
import type { Trace } from "./trace.ts"

export interface Sending {
  readonly sends: ReadonlyArray<Send>
  /** The messages of sends that failed. */
  readonly failures: ReadonlyArray<string>
  readonly pendingCount: () => number
  /** Resolves when all sends have ended. */
  readonly ended: Promise<unknown>
}

export interface Options {
  readonly clients: ReadonlyArray<SignalWireClient>
  readonly addressIds: ReadonlyArray<string>
  readonly count: number
  readonly monkey: Monkey
  readonly isOver: () => boolean
  readonly trace: Trace
}

/** How many sends each client has pending at once in each conversation. */
const lanesPerConversation = 3

export const start = ({ addressIds, clients, count, isOver, monkey, trace }: Options): Sending => {
  const sends: Array<Send> = []
  const failures: Array<string> = []

  const sendOne = async (client: SignalWireClient, addressId: string, text: string): Promise<void> => {
    const send: Send = { addressId, text, sender: client, number: sends.length, outcome: "pending" }
    sends.push(send)
    trace.add("send", text)
    try {
      await client.conversation.sendMessage({ addressId, text })
      send.outcome = "stored"
    } catch (error) {
      send.outcome = error instanceof ConversationError ? error.reason._tag : String(error)
      const { cause } = error instanceof Error ? error : { cause: undefined }
      failures.push(`${text}: ${String(error)}, because of ${String(cause)}`)
      trace.add("send failed", text, String(error), String(cause))
    }
    trace.add("send ended", text, send.outcome)
  }

  const runLane = async (client: SignalWireClient, addressId: string, share: number): Promise<void> => {
    const lane = `${sends.length}-${addressId.slice(0, 4)}`
    for (let sent = 0; sent < share; sent++) {
      while (!isOver() && sent / share > monkey.progress()) {
        await sleep(10)
      }
      await sendOne(client, addressId, `send ${lane} ${sent} ${sends.length}`)
    }
  }

  const lanes = clients.flatMap((client) =>
    addressIds.flatMap((addressId) => Array.from({ length: lanesPerConversation }, () => ({ client, addressId })))
  )
  return {
    sends,
    failures,
    pendingCount: () => sends.filter(({ outcome }) => outcome === "pending").length,
    ended: Promise.all(
      lanes.map(({ addressId, client }, index) =>
        runLane(client, addressId, Math.floor((count + index) / lanes.length))
      )
    )
  }
}
