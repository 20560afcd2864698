/** Checks that messages accepted by an outbox are delivered once and in order, also when processes crash. */
import type { OutboxEvent } from "@effect-signalwire/conversation/Outbox"
import * as Exit from "effect/Exit"
import type { Coverage } from "./coverage/Coverage.ts"
import type { Account, Device } from "./device.ts"
import type { Ledger } from "./ledger.ts"
import { Violation } from "./Violation.ts"

export interface OutboxMessage {
  readonly clientId: string | undefined
  readonly account: Account
  readonly addressId: string
  readonly text: string
  /** A number that grows: when it was first given to an outbox. */
  readonly enqueuedAt: number
  /** A number that grows: when `enqueue` first succeeded; `undefined` before. */
  persistedAt: number | undefined
  /** What the outbox reported: `sent`, or the reason of the failure. */
  result: "sent" | { readonly failed: string } | undefined
}

export interface OutboxOracleOptions {
  readonly ledger: Ledger
  readonly coverage: Coverage
  readonly note: (text: string) => void
  readonly fail: (failure: string) => void
}

export class OutboxOracle {
  readonly all: Array<OutboxMessage> = []
  readonly #ledger: Ledger
  readonly #coverage: Coverage
  readonly #note: (text: string) => void
  readonly #fail: (failure: string) => void
  #time = 0
  #checked = ""

  constructor({ coverage, fail, ledger, note }: OutboxOracleOptions) {
    this.#ledger = ledger
    this.#coverage = coverage
    this.#note = note
    this.#fail = fail
  }

  enqueue(device: Device, addressId: string, text: string, clientId: string | undefined): void {
    const { account } = device.options
    const message: OutboxMessage = {
      clientId,
      account,
      addressId,
      text,
      enqueuedAt: ++this.#time,
      persistedAt: undefined,
      result: undefined
    }
    this.all.push(message)
    this.#enqueue(device, message)
  }

  /** Gives the same message again, like a caller that does not know whether it was accepted. */
  enqueueAgain(device: Device, message: OutboxMessage): void {
    this.#enqueue(device, message)
  }

  #enqueue(device: Device, message: OutboxMessage): void {
    const { environment, name } = device.options
    if (device.outbox === undefined) return
    const { addressId, clientId, text } = message
    const fiber = environment.fork(device.outbox.enqueue({ addressId, text, clientId }))
    fiber.addObserver((exit) => {
      this.#note(`${name} ${Exit.isSuccess(exit) ? "accepted" : "did not accept"} ${text}`)
      if (Exit.isSuccess(exit)) message.persistedAt ??= ++this.#time
    })
    device.onClose(() => fiber.interruptUnsafe())
  }

  /** Records an event of an outbox. `isAllowed` returns whether a failure with this reason is correct. */
  onEvent(name: string, event: OutboxEvent, isAllowed: (reason: string) => boolean): void {
    const { text } = event.entry
    const message = this.all.find((one) => one.text === text)
    if (message === undefined) return this.#fail(`${name} reports ${text}, which was not given to it (P4.4)`)
    this.#note(`${name} ${event._tag === "Sent" ? "sent" : "gave up"} ${text}`)
    this.#coverage.reach("ends of messages in outboxes", event._tag === "Sent" ? "Sent" : event.error.reason._tag)
    if (event._tag === "Sent") {
      if (typeof message.result === "object") this.#fail(`${text} was reported as sent after it failed (P4.4)`)
      message.result = "sent"
      return
    }
    const { _tag } = event.error.reason
    message.result = { failed: _tag }
    if (event.error.isRetryable || !isAllowed(_tag)) this.#fail(`${text} failed with ${_tag} (P4.4)`)
  }

  /** The messages that were accepted, and have neither been stored nor failed. */
  undelivered(): ReadonlyArray<OutboxMessage> {
    return this.all.filter(({ persistedAt, text, result }) =>
      persistedAt !== undefined && result === undefined && !this.#ledger.byText.has(text)
    )
  }

  check(): void {
    const now = `${this.#time} ${this.all.filter(({ result }) => result !== undefined).length} ${this.#ledger.length}`
    if (now === this.#checked) return
    this.#checked = now
    const lanes = new Map<string, Array<{ readonly message: OutboxMessage; readonly index: number }>>()
    for (const message of this.all) {
      const { account, addressId, text, result } = message
      const stored = this.#ledger.byText.get(text) ?? []
      const [only] = stored
      if (stored.length > 1) throw new Violation(`${text} is stored ${stored.length} times (P4.4)`)
      if (result === "sent" && only === undefined) {
        throw new Violation(`${text} was reported as sent, but is not stored (P4.4)`)
      }
      if (typeof result === "object" && only !== undefined) {
        throw new Violation(`${text} failed with ${result.failed}, but is stored (P4.4)`)
      }
      if (only === undefined) continue
      const lane = `${account.id} ${addressId}`
      lanes.set(lane, [...lanes.get(lane) ?? [], { message, index: only.index }])
    }
    for (const lane of lanes.values()) {
      let newest: OutboxMessage | undefined
      for (const { message } of lane.toSorted((a, b) => a.index - b.index)) {
        if (newest !== undefined && message.persistedAt !== undefined && message.persistedAt < newest.enqueuedAt) {
          throw new Violation(`${newest.text} is stored before ${message.text}, which was accepted first (P4.3)`)
        }
        if (newest === undefined || message.enqueuedAt > newest.enqueuedAt) newest = message
      }
    }
  }
}
