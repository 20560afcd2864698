/** The faults of a run: which are active on the server, how many there were, and which failures they justify. */
import type { Action, Rule } from "@effect-signalwire/backend/Faults"
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type * as Dialect from "@effect-signalwire/schema/Dialect"
import { isRecoverable } from "@effect-signalwire/schema/Reason"
import { noFaultTimes } from "./connectionOracle.ts"
import type { Coverage } from "./coverage/Coverage.ts"
import type { EventLoop } from "./eventLoop.ts"
import * as FaultMenu from "./faultMenu.ts"
import * as FaultRules from "./faultRules.ts"
import type { Server } from "./server.ts"
import type { Totals } from "./totals.ts"

export interface FaultsOptions {
  readonly eventLoop: EventLoop
  readonly server: Server
  readonly totals: Totals
  readonly coverage: Coverage
  readonly dialect: Dialect.WireForm
  readonly note: (text: string) => void
}

/** A fault of the menu in a world with this dialect. */
export const faultIn = (dialect: Dialect.WireForm, name: string): string => `${name} (${dialect})`

export class Faults {
  readonly times = noFaultTimes()
  /** How many faults of any kind there were. */
  count = 0
  readonly #options: FaultsOptions
  #hasRules = false
  /** The fault of each action. */
  readonly #names = new Map<Action, { readonly name: string; readonly kind: string }>()
  /** How often each failure may have been caused by a fault, by its key. */
  readonly #allowed = new Map<string, number>()

  constructor(options: FaultsOptions) {
    this.#options = options
  }

  /** Adds the fault of a name to those of the server. Earlier rules keep the `times` that they have left. */
  add(name: string, circumstances: FaultMenu.Circumstances): Rule {
    const { allowedReasons, rule } = FaultMenu.make(name, circumstances)
    const { eventLoop, note, server: { running }, totals } = this.#options
    this.#hasRules = true
    this.#names.set(rule.action, { name, kind: FaultMenu.kindOf(rule) })
    running?.faults.set({ rules: [...running.faults.rules().rules, rule] })
    for (const reason of allowedReasons) this.allowFailure(reason, rule.times ?? 1)
    totals.faults++
    FaultRules.recordTimes([rule], this.times, eventLoop.now)
    note(`fault: ${JSON.stringify(rule)}`)
    return rule
  }

  /** The server carries out a fault. */
  readonly onFault = (action: Action): void => {
    const fault = this.#names.get(action)
    const { coverage: { reach }, dialect } = this.#options
    if (fault === undefined) return
    reach("faults", faultIn(dialect, fault.name))
    reach("kinds of faults", fault.kind)
  }

  /** Removes all rules from the server's faults. */
  clear(): void {
    if (!this.#hasRules) return
    this.#hasRules = false
    this.#options.server.running?.faults.clear()
    this.#options.note("no more faults")
  }

  /** Records which kinds of faults are active on the server. */
  observe(): void {
    const { eventLoop, server: { running } } = this.#options
    FaultRules.recordTimes(running?.faults.rules().rules ?? [], this.times, eventLoop.now)
  }

  /** Counts a fault of any kind. */
  record(): void {
    this.count++
    this.times.any = Math.max(this.times.any, this.#options.eventLoop.now)
  }

  /** Stops the server, and starts it again after this time. */
  restartServer(downMillis: number): void {
    const { eventLoop, note, server, totals } = this.#options
    if (server.running === undefined) return
    note(`the server is down for ${downMillis} ms`)
    totals.restarts++
    this.times.any = eventLoop.now + downMillis
    server.stop()
    eventLoop.schedule(downMillis, () => {
      this.record()
      note("the server is up")
      server.start()
      this.#hasRules = false
    })
  }

  // Failures

  /** A failure with this reason may occur this many times more. */
  allowFailure(reason: string, times: number): void {
    this.#allowed.set(reason, (this.#allowed.get(reason) ?? 0) + times)
  }

  /** Whether faults justify that something ends with a failure that has this key. */
  isAllowed(key: string): boolean {
    return (this.#allowed.get(key) ?? 0) >= FaultRules.timesUntilFinal(key)
  }

  /** Whether faults justify that a subscription ends: only for reasons that cannot recover, such as a refused token. */
  isFinal({ reason }: ConversationError): boolean {
    return !isRecoverable(reason) && this.isAllowed(FaultRules.failureKey(reason))
  }
}
