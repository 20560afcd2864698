/**
 * Kills a process with an outbox while it delivers, again and again, behind a relay that breaks connections. In the end,
 * everything that the outbox accepted must be stored once and in order.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import * as Random from "./random.ts"
import * as Relay from "./relay.ts"
import type { Outcome } from "./run.ts"
import * as Sandbox from "./sandbox.ts"
import * as Trace from "./trace.ts"

export interface Options {
  readonly seed: number
  readonly kills: number
}

export interface OutboxMessage {
  readonly addressId: string
  readonly text: string
  readonly clientId: string | undefined
  /** The pause before the next message is enqueued, milliseconds. */
  readonly pauseMillis: number
}

/** The input of `outboxProgram.ts`. */
export interface ProgramOptions {
  readonly token: string
  readonly urls: { readonly http: string; readonly ws: string }
  readonly filename: string
  readonly messages: ReadonlyArray<OutboxMessage>
}

/** The state of a message. */
interface MessageState {
  readonly message: OutboxMessage
  isAccepted: boolean
  /** It was enqueued more than once, so its order is not defined. */
  isRepeated: boolean
}

const program = fileURLToPath(new URL("outboxProgram.ts", import.meta.url))

/** The longest time for all deliveries once there are no faults, milliseconds. */
const deliveryTimeout = 120_000

/** The violations in what the server has stored, room by room. */
const check = (
  states: ReadonlyMap<string, MessageState>,
  rooms: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => {
  const stored = new Set(rooms.flat())
  const violations: Array<string> = []
  for (const { isAccepted, message: { text } } of states.values()) {
    if (isAccepted && !stored.has(text)) violations.push(`"${text}" was accepted, but is not stored`)
  }
  for (const room of rooms) {
    for (const [index, text] of room.entries()) {
      if (room.indexOf(text) !== index) violations.push(`"${text}" is stored twice`)
    }
    const order = room.flatMap((text) => {
      const state = states.get(text)
      return state === undefined || state.isRepeated ? [] : [Number(text.split(" ")[1])]
    })
    for (const [index, number] of order.entries()) {
      const before = order[index - 1]
      if (before !== undefined && before > number) {
        violations.push(`"message ${before}" is stored before "message ${number}"`)
      }
    }
  }
  return violations
}

export const run = async (options: Options): Promise<Outcome> => {
  const random = Random.make(options.seed)
  const trace = Trace.make()
  const directory = mkdtempSync(join(tmpdir(), "outbox-"))
  await using sandbox = await Sandbox.start({ subscribers: ["ada"], rooms: ["office", "lab"] })
  await using relay = await Relay.start({ port: sandbox.port })
  const { rooms, subscribers: [ada] } = sandbox.info
  if (ada === undefined) throw new Error("the sandbox has no subscriber")
  const programOptions = {
    token: ada.token,
    urls: { http: `http://127.0.0.1:${relay.port}`, ws: `ws://127.0.0.1:${relay.port}` },
    filename: join(directory, "outbox.db")
  }
  const states = new Map<string, MessageState>()
  const failures: Array<string> = []
  const counts = { kills: 0, gracefulEnds: 0, sent: 0, repeated: 0 }
  const startedAt = performance.now()

  /** New messages, and those with a client id that were not accepted. */
  const nextMessages = (): ReadonlyArray<OutboxMessage> => {
    const repeated = [...states.values()].filter(({ isAccepted, message }) =>
      !isAccepted && message.clientId !== undefined
    )
    for (const state of repeated) state.isRepeated = true
    counts.repeated += repeated.length
    const created = Array.from({ length: 3 + random.below(5) }, (_, index): OutboxMessage => {
      const text = `message ${states.size + index}`
      return {
        text,
        addressId: rooms[random.below(rooms.length)]?.addressId ?? "",
        clientId: random.next() < 0.5 ? text : undefined,
        pauseMillis: random.next() < 0.5 ? 0 : Math.round(random.between(0, 400))
      }
    })
    for (const message of created) states.set(message.text, { message, isAccepted: false, isRepeated: false })
    return [...repeated.map(({ message }) => message), ...created]
  }

  /** Starts a process, and records the lines that it prints. */
  const startProgram = (number: number | "last", messages: ReadonlyArray<OutboxMessage>) => {
    const child = fork(program, { stdio: ["ignore", "pipe", "inherit", "ipc"] })
    const exited = once(child, "exit")
    if (child.stdout !== null) {
      createInterface(child.stdout).on("line", (line) => {
        trace.add(`process ${number}`, line)
        const [, result, text, reason] = /^(\w+) (message \d+) ?(\w+)?$/.exec(line) ?? []
        const state = states.get(text ?? "")
        if (state === undefined) return
        if (result === "accepted") state.isAccepted = true
        else if (result === "sent") counts.sent++
        else if (result === "failed") failures.push(`"${text}" failed with ${reason}`)
      })
    }
    child.send({ ...programOptions, messages } satisfies ProgramOptions)
    return {
      end: async (signal: NodeJS.Signals) => {
        trace.add(`process ${number}`, signal)
        child.kill(signal)
        await exited
        // its last lines may not have been read yet
        if (child.stdout?.readableEnded === false) await once(child.stdout, "end")
      }
    }
  }

  /** Waits until this many more messages were posted, at most for this time. */
  const waitForPosts = async (count: number, millis: number): Promise<void> => {
    const until = relay.counts().posts + count
    const deadline = performance.now() + millis
    while (relay.counts().posts < until && performance.now() < deadline) await sleep(2)
  }

  const stored = (): Promise<ReadonlyArray<ReadonlyArray<string>>> =>
    Promise.all(
      rooms.map(async ({ addressId }) =>
        (await sandbox.admin((admin) => admin.stored(addressId))).map(({ text }) => text ?? "")
      )
    )

  /** Whether every message has been accepted where that can be repeated, and what was accepted is stored. */
  const isDelivered = async (): Promise<boolean> => {
    const there = new Set((await stored()).flat())
    return [...states.values()].every(({ isAccepted, message: { clientId, text } }) =>
      isAccepted ? there.has(text) : clientId === undefined
    )
  }

  try {
    for (let number = 0; counts.kills < options.kills; number++) {
      const process = startProgram(number, nextMessages())
      for (let left = random.below(3); left > 0; left--) {
        relay.loseResponse("/messages", random.next() < 0.8 ? "cut" : "silent")
      }
      relay.delay(random.below(15))
      // sometimes before the process has connected, otherwise during a POST or between two
      if (random.next() < 0.3) await sleep(random.between(0, 1500))
      else await waitForPosts(1 + random.below(3), 8000)
      if (random.next() < 0.3) {
        relay.cutRequests("reset")
        await waitForPosts(1, 300)
      }
      await sleep(random.between(0, 60))
      const isKilled = random.next() < 0.85
      await process.end(isKilled ? "SIGKILL" : "SIGTERM")
      if (isKilled) counts.kills++
      else counts.gracefulEnds++
    }
    relay.delay(0)
    const last = startProgram("last", nextMessages())
    const deadline = performance.now() + deliveryTimeout
    while (!(await isDelivered()) && performance.now() < deadline) await sleep(50)
    // long enough for repeated deliveries
    await sleep(1000)
    await last.end("SIGTERM")

    const inRooms = await stored()
    const violations = [...failures, ...check(states, inRooms)]
    const all = [...states.values()]
    const { lostResponses, posts } = relay.counts()
    return {
      figures: [
        ["seed", options.seed],
        ["time", `${Math.round((performance.now() - startedAt) / 1000)} s`],
        ["kills", counts.kills],
        ["graceful ends", counts.gracefulEnds],
        ["enqueued", `${all.length}, ${counts.repeated} of them repeatedly`],
        ["accepted", all.filter(({ isAccepted }) => isAccepted).length],
        ["posts", posts],
        ["lost responses", lostResponses],
        ["reported as sent", counts.sent],
        ["stored", inRooms.flat().length]
      ],
      violations,
      trace: violations.length === 0 ? [] : trace.around(violations)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
