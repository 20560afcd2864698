/** Checks that each send is stored once and in order, and that its reported result is true. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { clientId as toClientId } from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Coverage } from "./coverage/Coverage.ts"
import type { Account, Device } from "./device.ts"
import type { Ledger } from "./ledger.ts"
import type { Mutation } from "./mutation.ts"
import { Violation } from "./Violation.ts"

/** One call of `sendMessage`, and its outcome. */
interface Attempt {
  readonly device: Device
  readonly begunAt: number
  endedAt: number | undefined
  /** `no` and `unknown` say whether the message of a failed send was stored; `undefined` while the call is pending. */
  outcome: "sent" | "no" | "unknown" | "interrupted" | undefined
}

export interface Send {
  readonly text: string
  readonly account: Account
  readonly addressId: string
  /** The id under which the message may be sent again. */
  readonly clientId: string | undefined
  readonly attempts: Array<Attempt>
  /** The conversation that the first successful attempt returned. */
  conversationId: string | undefined
}

export interface SendOracleOptions {
  readonly ledger: Ledger
  readonly now: () => number
  readonly note: (text: string) => void
  readonly fail: (failure: string) => void
  readonly mutation: Mutation | undefined
  readonly coverage: Coverage
  /** The deadline of a send, milliseconds. */
  readonly sendMillis: number
}

/** The longest time for which the conversation of a stored message is looked up, milliseconds. */
const lookupMillis = 11_000

/** The longest time for which a request stays pending after its process has ended, milliseconds. */
const requestMillis = 6000

/** A send starts no further attempt in this time before its deadline, milliseconds. */
const lastAttemptMillis = 250

/** The end of a send as an item of the coverage table. */
const endOf = (exit: Exit.Exit<Conversation, ConversationError>): string => {
  if (Exit.isSuccess(exit)) return "sent"
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "None") return "interrupted"
  const { reason, stored } = error.value
  return failedSend(reason._tag, stored ?? "unknown")
}

export const failedSend = (reason: string, stored: "no" | "unknown"): string =>
  `${reason}, ${stored === "no" ? "not stored" : "perhaps stored"}`

export class SendOracle {
  readonly all: Array<Send> = []
  readonly #options: SendOracleOptions
  /** Counts changes of outcomes; with the number of stored messages, it shows whether `check` has anything to do. */
  #changes = 0
  #checked = ""

  constructor(options: SendOracleOptions) {
    this.#options = options
  }

  send(device: Device, addressId: string, text: string, clientId?: string): Send {
    const { account } = device.options
    const send: Send = { text, account, addressId, clientId, attempts: [], conversationId: undefined }
    this.all.push(send)
    this.retry(device, send)
    return send
  }

  /** The sends that a device may repeat under their client ids: requests of other processes have ended. */
  retryable(device: Device): ReadonlyArray<Send> {
    const now = this.#options.now()
    return this.all.filter(({ account, attempts, clientId }) =>
      clientId !== undefined && account === device.options.account &&
      attempts.every(({ device: other, endedAt }) =>
        other === device || (endedAt !== undefined && endedAt + requestMillis < now)
      )
    )
  }

  /** Makes an attempt, the first one or another under the same client id. */
  retry(device: Device, send: Send): void {
    const { coverage, note, now, mutation } = this.#options
    const { environment, name } = device.options
    const { addressId, attempts, text } = send
    const clientId = send.clientId === undefined
      ? undefined
      : toClientId(mutation === "changeClientId" ? `${send.clientId} ${attempts.length}` : send.clientId)
    const attempt: Attempt = { device, begunAt: now(), endedAt: undefined, outcome: undefined }
    attempts.push(attempt)
    this.#changes++
    const fiber = environment.fork(device.client.sendMessage({ addressId, text, clientId }))
    fiber.addObserver((exit) => {
      attempt.endedAt = now()
      attempt.outcome = this.#outcomeOf(exit, send, attempt)
      coverage.reach("ends of sends", endOf(exit))
      this.#changes++
      note(`${name} ${attempt.outcome} ${text}`)
    })
    device.onClose(() => fiber.interruptUnsafe())
  }

  #outcomeOf(
    exit: Exit.Exit<Conversation, ConversationError>,
    send: Send,
    { begunAt, device }: Attempt
  ): Attempt["outcome"] {
    const { fail, now, mutation, sendMillis } = this.#options
    const { attempts, clientId, text } = send
    const took = now() - begunAt
    if (took > sendMillis + lookupMillis) fail(`${text} took ${took} ms to be sent (P7.1)`)
    if (Exit.isSuccess(exit)) {
      const { id } = exit.value
      send.conversationId ??= id
      if (send.conversationId !== id) fail(`${text} was sent twice, and the results differ (P4.5)`)
      return "sent"
    }
    const error = Cause.findErrorOption(exit.cause)
    if (error._tag === "None") {
      if (Cause.hasDies(exit.cause)) {
        fail(`${text} was not sent because of an exception (P8.7): ${Cause.pretty(exit.cause)}`)
      }
      return "interrupted"
    }
    const { message, reason, stored } = error.value
    // a call that joins an earlier one under the same id shares its deadline
    const isAlone = attempts.length === 1
    // the last attempt may have shared a request that began earlier
    const least = reason._tag === "Timeout" ? Math.min(reason.millis, sendMillis - lastAttemptMillis) : 0
    if (isAlone && took < least) fail(`${text}: ${message}, after ${took} ms (P7.1)`)
    if (stored === undefined) fail(`${text} failed without reporting whether it was stored: ${message} (P4.6)`)
    // another process may have sent a message with a client id
    const isCertain = clientId === undefined && !device.options.network.requests.possiblySent.has(text)
    if (isCertain && stored !== "no") {
      fail(`${text} never left the device, but was not reported as not stored: ${message} (P4.6)`)
    }
    if (clientId === undefined && attempts.length > 1) fail(`${text} was sent again`)
    return stored === "no" || mutation === "denyStored" ? "no" : "unknown"
  }

  /** The number of sends that have not ended. */
  get pendingCount(): number {
    return this.all.filter(({ attempts }) => attempts.some(({ outcome }) => outcome === undefined)).length
  }

  check(): void {
    const { ledger } = this.#options
    const now = `${this.#changes} ${ledger.length}`
    if (now === this.#checked) return
    this.#checked = now
    const last = new Map<string, { readonly send: Send; readonly index: number }>()
    for (const send of this.all) {
      const stored = ledger.byText.get(send.text) ?? []
      const { addressId, attempts, clientId, text } = send
      const [first, ...others] = attempts
      if (stored.length > 1) {
        throw new Violation(`${text} is stored ${stored.length} times (${clientId === undefined ? "P4.1" : "P4.5"})`)
      }
      if (attempts.some(({ outcome }) => outcome === "sent") && stored.length === 0) {
        throw new Violation(`${text} was reported as sent, but is not stored (P4.1)`)
      }
      const [only] = stored
      if (only === undefined || first === undefined) continue
      if (attempts.every(({ outcome }) => outcome === "no")) {
        throw new Violation(`${text} was reported as not stored, but is stored (P4.6)`)
      }
      // the order of messages that are sent again is not defined
      if (others.length > 0) continue
      const key = `${first.device.options.name} ${addressId}`
      const before = last.get(key)
      if (before !== undefined && before.index > only.index) {
        throw new Violation(`${text} is stored before ${before.send.text}, which was sent first (P4.3)`)
      }
      last.set(key, { send, index: only.index })
    }
  }
}
