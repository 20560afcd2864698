/** Messages that clients send, once or again under an id of their own, and what they are told of them. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { clientId as toClientId } from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Account, Device } from "./device.ts"
import type { Ledger } from "./ledger.ts"
import type { Sabotage } from "./sabotage.ts"
import { Violation } from "./Violation.ts"

/** A call, and what came of it. */
interface Attempt {
  readonly device: Device
  readonly begunAt: number
  endedAt: number | undefined
  /**
   * That it was stored, that it was not, that nobody knows, or that it was called off; `undefined` while it is under way.
   */
  outcome: "sent" | "no" | "unknown" | "abandoned" | undefined
}

export interface Letter {
  readonly text: string
  readonly account: Account
  readonly addressId: string
  /** Under which it may be sent again. */
  readonly clientId: string | undefined
  readonly attempts: Array<Attempt>
  /** The conversation that it was stored in, as the first who succeeded was told. */
  conversationId: string | undefined
}

export interface MailOptions {
  readonly ledger: Ledger
  readonly now: () => number
  readonly note: (text: string) => void
  readonly fail: (failure: string) => void
  readonly sabotage: Sabotage | undefined
  /** How long a send may take, milliseconds. */
  readonly sendMillis: number
}

/** The longest that the conversation is looked up that a message was stored in, milliseconds. */
const lookup = 11_000

/** The longest that a request stays under way after who made it has ended, milliseconds. */
const underWay = 6000

/** A send begins no further try so shortly before its deadline. Milliseconds. */
const lastTryMillis = 250

export class Mail {
  readonly letters: Array<Letter> = []
  readonly #options: MailOptions
  /** What was checked last: outcomes told, and messages stored. */
  #told = 0
  #checked = ""

  constructor(options: MailOptions) {
    this.#options = options
  }

  send(device: Device, addressId: string, text: string, clientId?: string): Letter {
    const { account } = device.options
    const letter: Letter = { text, account, addressId, clientId, attempts: [], conversationId: undefined }
    this.letters.push(letter)
    this.again(device, letter)
    return letter
  }

  /** Letters that a device may send again under their ids: what other processes sent has arrived, or never will. */
  repeatable(device: Device): ReadonlyArray<Letter> {
    const now = this.#options.now()
    return this.letters.filter(({ account, attempts, clientId }) =>
      clientId !== undefined && account === device.options.account &&
      attempts.every(({ device: other, endedAt }) =>
        other === device || (endedAt !== undefined && endedAt + underWay < now)
      )
    )
  }

  /** Sends a letter, for the first time or under its id again. */
  again(device: Device, letter: Letter): void {
    const { note, now, sabotage } = this.#options
    const { environment, name } = device.options
    const { addressId, attempts, text } = letter
    const clientId = letter.clientId === undefined
      ? undefined
      : toClientId(sabotage === "rename" ? `${letter.clientId} ${attempts.length}` : letter.clientId)
    const attempt: Attempt = { device, begunAt: now(), endedAt: undefined, outcome: undefined }
    attempts.push(attempt)
    this.#told++
    const fiber = environment.fork(device.client.sendMessage({ addressId, text, clientId }))
    fiber.addObserver((exit) => {
      attempt.endedAt = now()
      attempt.outcome = this.#outcomeOf(exit, letter, attempt)
      this.#told++
      note(`${name} ${attempt.outcome} ${text}`)
    })
    device.onClose(() => fiber.interruptUnsafe())
  }

  #outcomeOf(
    exit: Exit.Exit<Conversation, ConversationError>,
    letter: Letter,
    { begunAt, device }: Attempt
  ): Attempt["outcome"] {
    const { fail, now, sabotage, sendMillis } = this.#options
    const { attempts, clientId, text } = letter
    const took = now() - begunAt
    if (took > sendMillis + lookup) fail(`${text} takes ${took} ms to be sent (P7.1)`)
    if (Exit.isSuccess(exit)) {
      const { id } = exit.value
      letter.conversationId ??= id
      if (letter.conversationId !== id) fail(`${text} was sent twice, and the results differ (P4.5)`)
      return "sent"
    }
    const error = Cause.findErrorOption(exit.cause)
    if (error._tag === "None") {
      if (Cause.hasDies(exit.cause)) fail(`${text} is not sent, for an exception (P8.7): ${Cause.pretty(exit.cause)}`)
      return "abandoned"
    }
    const { message, reason, stored } = error.value
    // one that joins another under the same id shares its time
    const isAlone = attempts.length === 1
    // the last try may have shared a request that began before it
    const least = reason._tag === "Timeout" ? Math.min(reason.millis, sendMillis - lastTryMillis) : 0
    if (isAlone && took < least) fail(`${text}: ${message}, after ${took} ms (P7.1)`)
    if (stored === undefined) fail(`${text} fails without a word of whether it was stored: ${message} (P4.6)`)
    // somebody else may have sent what has an id of the caller's own
    const isCertain = clientId === undefined && !device.options.network.left.has(text)
    if (isCertain && stored !== "no") fail(`${text} has never left, and that is not said: ${message} (P4.6)`)
    if (clientId === undefined && attempts.length > 1) fail(`${text} was sent again`)
    return stored === "no" || sabotage === "deny" ? "no" : "unknown"
  }

  /** How many are under way. */
  get underWay(): number {
    return this.letters.filter(({ attempts }) => attempts.some(({ outcome }) => outcome === undefined)).length
  }

  check(): void {
    const { ledger } = this.#options
    const now = `${this.#told} ${ledger.length}`
    if (now === this.#checked) return
    this.#checked = now
    const last = new Map<string, { readonly letter: Letter; readonly index: number }>()
    for (const letter of this.letters) {
      const stored = ledger.byText.get(letter.text) ?? []
      const { addressId, attempts, clientId, text } = letter
      const [first, ...others] = attempts
      if (stored.length > 1) {
        throw new Violation(`${text} is stored ${stored.length} times (${clientId === undefined ? "P4.1" : "P4.5"})`)
      }
      if (attempts.some(({ outcome }) => outcome === "sent") && stored.length === 0) {
        throw new Violation(`${text} was sent, and is not stored (P4.1)`)
      }
      const [only] = stored
      if (only === undefined || first === undefined) continue
      if (attempts.every(({ outcome }) => outcome === "no")) {
        throw new Violation(`${text} was certainly not stored, and is stored (P4.6)`)
      }
      // what is sent again has no place of its own in the line
      if (others.length > 0) continue
      const key = `${first.device.options.name} ${addressId}`
      const before = last.get(key)
      if (before !== undefined && before.index > only.index) {
        throw new Violation(`${text} is stored before ${before.letter.text}, which was given first (P4.3)`)
      }
      last.set(key, { letter, index: only.index })
    }
  }
}
