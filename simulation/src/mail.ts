/** Messages that clients send, and what they are told of them. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Device } from "./device.ts"
import type { Ledger } from "./ledger.ts"
import { Violation } from "./Violation.ts"

interface Letter {
  readonly text: string
  readonly sender: string
  readonly addressId: string
  /** `undefined` while it is under way. */
  outcome: "sent" | "refused" | "unconfirmed" | "abandoned" | undefined
}

export class Mail {
  readonly letters: Array<Letter> = []
  readonly #ledger: Ledger
  readonly #note: (text: string) => void
  /** What was checked last: outcomes told, and messages stored. */
  #told = 0
  #checked = ""

  constructor(ledger: Ledger, note: (text: string) => void) {
    this.#ledger = ledger
    this.#note = note
  }

  send(device: Device, addressId: string, text: string): void {
    const { environment, name } = device.options
    const letter: Letter = { text, sender: name, addressId, outcome: undefined }
    this.letters.push(letter)
    const fiber = environment.fork(device.client.sendMessage({ addressId, text }))
    fiber.addObserver((exit) => {
      letter.outcome = outcomeOf(exit)
      this.#told++
      this.#note(`${name} ${letter.outcome} ${text}`)
    })
    device.onClose(() => fiber.interruptUnsafe())
  }

  /** How many are under way. */
  get underWay(): number {
    return this.letters.filter(({ outcome }) => outcome === undefined).length
  }

  check(): void {
    const now = `${this.#told} ${this.#ledger.length}`
    if (now === this.#checked) return
    this.#checked = now
    const last = new Map<string, { readonly letter: Letter; readonly index: number }>()
    for (const letter of this.letters) {
      const stored = this.#ledger.byText.get(letter.text) ?? []
      const { outcome, text } = letter
      if (stored.length > 1) throw new Violation(`${text} is stored ${stored.length} times (P4.1)`)
      if (outcome === "sent" && stored.length === 0) throw new Violation(`${text} was sent, and is not stored (P4.1)`)
      if (outcome === "refused" && stored.length > 0) throw new Violation(`${text} was refused, and is stored (P4.1)`)
      const [only] = stored
      if (only === undefined) continue
      const key = `${letter.sender} ${letter.addressId}`
      const before = last.get(key)
      if (before !== undefined && before.index > only.index) {
        throw new Violation(`${text} is stored before ${before.letter.text}, which was given first (P4.3)`)
      }
      last.set(key, { letter, index: only.index })
    }
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, ConversationError>): NonNullable<Letter["outcome"]> => {
  if (Exit.isSuccess(exit)) return "sent"
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "None") return "abandoned"
  return error.value.reason._tag === "Unconfirmed" ? "unconfirmed" : "refused"
}
