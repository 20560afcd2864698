/** Messages given to an outbox: what was kept is delivered once, in order, whatever becomes of the processes. */
import type { OutboxEvent } from "@effect-signalwire/conversation/Outbox"
import * as Exit from "effect/Exit"
import type { Account, Device } from "./device.ts"
import type { Ledger } from "./ledger.ts"
import { Violation } from "./Violation.ts"

export interface Outgoing {
  readonly clientId: string | undefined
  readonly account: Account
  readonly addressId: string
  readonly text: string
  /** When it was first given, as a number that grows. */
  readonly begunAt: number
  /** When it was kept; `undefined` while nobody said so. */
  keptAt: number | undefined
  /** What was told of it: that it was sent, or why not. */
  told: "sent" | { readonly failed: string } | undefined
}

export class Outgoings {
  readonly all: Array<Outgoing> = []
  readonly #ledger: Ledger
  readonly #note: (text: string) => void
  readonly #fail: (failure: string) => void
  #time = 0
  #checked = ""

  constructor(ledger: Ledger, note: (text: string) => void, fail: (failure: string) => void) {
    this.#ledger = ledger
    this.#note = note
    this.#fail = fail
  }

  give(device: Device, addressId: string, text: string, clientId: string | undefined): void {
    const { account } = device.options
    const outgoing: Outgoing = {
      clientId,
      account,
      addressId,
      text,
      begunAt: ++this.#time,
      keptAt: undefined,
      told: undefined
    }
    this.all.push(outgoing)
    this.#enqueue(device, outgoing)
  }

  /** The same message once more, as by somebody who doesn't know whether it was kept. */
  again(device: Device, outgoing: Outgoing): void {
    this.#enqueue(device, outgoing)
  }

  #enqueue(device: Device, outgoing: Outgoing): void {
    const { environment, name } = device.options
    if (device.outbox === undefined) return
    const { addressId, clientId, text } = outgoing
    const fiber = environment.fork(device.outbox.enqueue({ addressId, text, clientId }))
    fiber.addObserver((exit) => {
      this.#note(`${name} ${Exit.isSuccess(exit) ? "keeps" : "does not keep"} ${text}`)
      if (Exit.isSuccess(exit)) outgoing.keptAt ??= ++this.#time
    })
    device.onClose(() => fiber.interruptUnsafe())
  }

  /** Something is told of a message; `excused` says whether the world gave reason for a failure. */
  told(name: string, event: OutboxEvent, excused: (reason: string) => boolean): void {
    const { text } = event.entry
    const outgoing = this.all.find((one) => one.text === text)
    if (outgoing === undefined) return this.#fail(`${name} tells of ${text}, which nobody gave it (P4.4)`)
    this.#note(`${name} ${event._tag === "Sent" ? "has sent" : "gives up"} ${text}`)
    if (event._tag === "Sent") {
      if (typeof outgoing.told === "object") this.#fail(`${text} failed, and then it was sent (P4.4)`)
      outgoing.told = "sent"
      return
    }
    const { _tag } = event.error.reason
    outgoing.told = { failed: _tag }
    if (event.error.isRetryable || !excused(_tag)) this.#fail(`${text} is given up for ${_tag} (P4.4)`)
  }

  /** Kept, and neither stored nor given up. */
  waiting(): ReadonlyArray<Outgoing> {
    return this.all.filter(({ keptAt, text, told }) =>
      keptAt !== undefined && told === undefined && !this.#ledger.byText.has(text)
    )
  }

  check(): void {
    const now = `${this.#time} ${this.all.filter(({ told }) => told !== undefined).length} ${this.#ledger.length}`
    if (now === this.#checked) return
    this.#checked = now
    const lanes = new Map<string, Array<{ readonly outgoing: Outgoing; readonly index: number }>>()
    for (const outgoing of this.all) {
      const { account, addressId, text, told } = outgoing
      const stored = this.#ledger.byText.get(text) ?? []
      const [only] = stored
      if (stored.length > 1) throw new Violation(`${text} is stored ${stored.length} times (P4.4)`)
      if (told === "sent" && only === undefined) throw new Violation(`${text} was sent, and is not stored (P4.4)`)
      if (typeof told === "object" && only !== undefined) {
        throw new Violation(`${text} was given up for ${told.failed}, and is stored (P4.4)`)
      }
      if (only === undefined) continue
      const lane = `${account.id} ${addressId}`
      lanes.set(lane, [...lanes.get(lane) ?? [], { outgoing, index: only.index }])
    }
    for (const lane of lanes.values()) {
      let newest: Outgoing | undefined
      for (const { outgoing } of lane.toSorted((a, b) => a.index - b.index)) {
        if (newest !== undefined && outgoing.keptAt !== undefined && outgoing.keptAt < newest.begunAt) {
          throw new Violation(`${newest.text} is stored before ${outgoing.text}, which was kept first (P4.3)`)
        }
        if (newest === undefined || outgoing.begunAt > newest.begunAt) newest = outgoing
      }
    }
  }
}
