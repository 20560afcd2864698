/**
 * An outbox whose process is killed while it delivers, over and over, behind a relay that breaks connections: in the end
 * everything that was kept is stored once and in order.
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

export interface Letter {
  readonly addressId: string
  readonly text: string
  readonly clientId: string | undefined
  /** How long until the next one is given, milliseconds. */
  readonly pause: number
}

/** What a process is told to do. */
export interface Plan {
  readonly token: string
  readonly urls: { readonly http: string; readonly ws: string }
  readonly filename: string
  readonly letters: ReadonlyArray<Letter>
}

/** What is known of a message. */
interface Given {
  readonly letter: Letter
  kept: boolean
  /** It was given more than once, so its place is not known. */
  again: boolean
}

const program = fileURLToPath(new URL("outboxProgram.ts", import.meta.url))

/** How long everything may take to be delivered once nothing is broken any more, milliseconds. */
const patience = 120_000

export const run = async (options: Options): Promise<Outcome> => {
  const chance = Random.make(options.seed)
  const trace = Trace.make()
  const directory = mkdtempSync(join(tmpdir(), "outbox-"))
  await using sandbox = await Sandbox.start({ subscribers: ["ada"], rooms: ["office", "lab"] })
  await using relay = await Relay.start({ port: sandbox.port })
  const { rooms, subscribers: [ada] } = sandbox.info
  if (ada === undefined) throw new Error("nobody is there")
  const plan = {
    token: ada.token,
    urls: { http: `http://127.0.0.1:${relay.port}`, ws: `ws://127.0.0.1:${relay.port}` },
    filename: join(directory, "outbox.db")
  }
  const given = new Map<string, Given>()
  const failures: Array<string> = []
  const counts = { kills: 0, ends: 0, underWay: 0, sent: 0, again: 0 }
  const startedAt = performance.now()

  const letters = (): ReadonlyArray<Letter> => {
    // what nobody confirmed is given again, under the same id
    const open = [...given.values()].filter(({ kept, letter }) => !kept && letter.clientId !== undefined)
    for (const one of open) one.again = true
    counts.again += open.length
    const fresh = Array.from({ length: 3 + chance.below(5) }, (_, index): Letter => {
      const text = `letter ${given.size + index}`
      return {
        text,
        addressId: rooms[chance.below(rooms.length)]?.addressId ?? "",
        clientId: chance.next() < 0.5 ? text : undefined,
        pause: chance.next() < 0.5 ? 0 : Math.round(chance.between(0, 400))
      }
    })
    for (const letter of fresh) given.set(letter.text, { letter, kept: false, again: false })
    return [...open.map(({ letter }) => letter), ...fresh]
  }

  /** A process, until it has ended; what it says is taken down. */
  const live = (life: number, what: ReadonlyArray<Letter>) => {
    const child = fork(program, { stdio: ["ignore", "pipe", "inherit", "ipc"] })
    const exited = once(child, "exit")
    if (child.stdout !== null) {
      createInterface(child.stdout).on("line", (line) => {
        trace.add(`life ${life}`, line)
        const [, verb, text, reason] = /^(\w+) (letter \d+) ?(\w+)?$/.exec(line) ?? []
        const one = given.get(text ?? "")
        if (one === undefined) return
        if (verb === "kept") one.kept = true
        else if (verb === "sent") counts.sent++
        else if (verb === "failed") failures.push(`"${text}" was given up for ${reason}`)
      })
    }
    child.send({ ...plan, letters: what } satisfies Plan)
    return {
      end: async (signal: NodeJS.Signals) => {
        trace.add(`life ${life}`, signal)
        child.kill(signal)
        await exited
        // what it wrote last has been read
        if (child.stdout?.readableEnded === false) await once(child.stdout, "end")
      }
    }
  }

  /** Waits until this many more messages were posted, or for so long. */
  const posts = async (count: number, millis: number): Promise<void> => {
    const until = relay.counts().posts + count
    const deadline = performance.now() + millis
    while (relay.counts().posts < until && performance.now() < deadline) await sleep(2)
  }

  try {
    for (let life = 0; counts.kills < options.kills; life++) {
      const process = live(life, letters())
      for (let swallowed = chance.below(3); swallowed > 0; swallowed--) {
        relay.swallowPost("/messages", chance.next() < 0.8 ? "cut" : "silent")
      }
      relay.delay(chance.below(15))
      // now and then before it has begun; else within a post, or between two
      if (chance.next() < 0.3) await sleep(chance.between(0, 1500))
      else await posts(1 + chance.below(3), 8000)
      if (chance.next() < 0.3) {
        relay.cutRequests("reset")
        await posts(1, 300)
      }
      await sleep(chance.between(0, 60))
      const isKilled = chance.next() < 0.85
      await process.end(isKilled ? "SIGKILL" : "SIGTERM")
      if (isKilled) counts.kills++
      else counts.ends++
    }
    relay.delay(0)
    const last = live(-1, letters())
    const stored = async () =>
      await Promise.all(
        rooms.map(async ({ addressId }) =>
          (await sandbox.admin((admin) => admin.stored(addressId))).map(({ text }) => text ?? "")
        )
      )
    const texts = async () => new Set((await stored()).flat())
    const deadline = performance.now() + patience
    const missing = async () => {
      const there = await texts()
      return [...given.values()].filter(({ kept, letter }) => kept && !there.has(letter.text))
    }
    const unread = () => [...given.values()].some(({ kept, letter }) => !kept && letter.clientId !== undefined)
    while ((unread() || (await missing()).length > 0) && performance.now() < deadline) await sleep(50)
    // long enough for what would come twice
    await sleep(1000)
    await last.end("SIGTERM")

    const violations = [...failures]
    for (const { letter: { text } } of await missing()) violations.push(`"${text}" was kept, and is not stored`)
    for (const room of await stored()) {
      for (const [index, text] of room.entries()) {
        if (room.indexOf(text) !== index) violations.push(`"${text}" is stored twice`)
      }
      const order = room.flatMap((text) => {
        const one = given.get(text)
        return one === undefined || one.again ? [] : [Number(text.split(" ")[1])]
      })
      for (const [index, number] of order.entries()) {
        const before = order[index - 1]
        if (before !== undefined && before > number) {
          violations.push(`"letter ${before}" is stored before "letter ${number}"`)
        }
      }
    }
    const all = [...given.values()]
    const { posts: posted, swallowed } = relay.counts()
    return {
      figures: [
        ["seed", options.seed],
        ["time", `${Math.round((performance.now() - startedAt) / 1000)} s`],
        ["kills", counts.kills],
        ["ends in order", counts.ends],
        ["given", `${all.length}, ${counts.again} of them again`],
        ["kept", all.filter(({ kept }) => kept).length],
        ["posts", posted],
        ["answers lost", swallowed],
        ["said to be sent", counts.sent],
        ["stored", (await stored()).flat().length]
      ],
      violations,
      trace: violations.length === 0 ? [] : trace.around(violations)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
