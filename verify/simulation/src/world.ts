/** The state of a run: the server, devices and their consumers, and the checks. */
import * as Effect from "effect/Effect"
import type * as Socket from "effect/socket/Socket"
import { type ConnectionOracle, observeInterval } from "./connectionOracle.ts"
import type { Consumer } from "./consumer.ts"
import { Coverage } from "./coverage/Coverage.ts"
import { observeTransitions } from "./coverage/transitions.ts"
import type { Account, Device, IssuedToken } from "./device.ts"
import * as Environment from "./environment.ts"
import { EventLoop } from "./eventLoop.ts"
import type { ExpectedSequence } from "./expectedSequence.ts"
import { Faults } from "./faults.ts"
import { Ledger } from "./ledger.ts"
import type { Mutation } from "./mutation.ts"
import type { Network } from "./network.ts"
import { OutboxOracle } from "./outboxOracle.ts"
import { Persistence } from "./persistence.ts"
import { SeededRandom } from "./random.ts"
import { SendOracle } from "./sendOracle.ts"
import { Server } from "./server.ts"
import type * as Setup from "./setup.ts"
import { noTotals } from "./totals.ts"
import type { Trace } from "./trace.ts"
import { Violation } from "./Violation.ts"

/** A conversation in which a subscriber can send. */
export interface ConversationIds {
  readonly addressId: string
  readonly groupId: string
}

/** The time at which a run begins: 2025-01-02, Unix milliseconds. */
export const epoch = 1_735_790_400_000

export interface WorldOptions {
  readonly seed: number
  readonly setup: Setup.Setup
  readonly trace: (now: () => number) => Trace
  readonly mutation?: Mutation | undefined
}

export class World {
  readonly seed: number
  readonly mutation: Mutation | undefined
  readonly eventLoop = new EventLoop(epoch)
  readonly trace: Trace
  /** The randomness of the current step. */
  random = new SeededRandom("")
  readonly setup: Setup.Setup
  readonly ledger = new Ledger(() => this.eventLoop.now)
  readonly server: Server
  readonly faults: Faults
  readonly persistence: Persistence
  readonly sends: SendOracle
  readonly outboxes: OutboxOracle
  readonly connectionOracles = new Map<Device, ConnectionOracle>()
  readonly totals = noTotals()
  /** What the run has reached. */
  readonly coverage = new Coverage()
  /** Subscribers with devices. */
  readonly people: Array<Account> = []
  /** Subscribers without devices. */
  readonly bots: Array<Account> = []
  /** The addresses of rooms. */
  readonly rooms: Array<string> = []
  devices: Array<Device> = []
  consumers: Array<Consumer> = []
  /** Sequences whose process has ended, and which another process can continue. */
  orphanedSequences: Array<ExpectedSequence> = []
  /** Whether the phase without faults has begun. */
  isFaultFree = false
  readonly #failures: Array<string> = []
  #messageCount = 0
  /** The number of the current step. */
  stepNumber = 0
  /** How many ids the current step has. */
  #idCount = 0
  #diallingNetwork: Network | undefined
  /** The token that each subscriber received last. */
  readonly #issuedTokens = new Map<string, IssuedToken>()

  constructor({ mutation, seed, setup, trace }: WorldOptions) {
    this.seed = seed
    this.setup = setup
    this.mutation = mutation
    this.trace = trace(() => this.eventLoop.now - epoch)
    this.sends = new SendOracle({
      ledger: this.ledger,
      now: () => this.eventLoop.now,
      note: this.note,
      fail: this.fail,
      mutation,
      coverage: this.coverage,
      sendMillis: this.setup.sendMillis
    })
    this.outboxes = new OutboxOracle({
      ledger: this.ledger,
      coverage: this.coverage,
      note: this.note,
      fail: this.fail
    })
    this.persistence = new Persistence(this.eventLoop, seed)
    const { environment } = this.makeEnvironment("server", 0)
    this.server = new Server({
      environment,
      ledger: this.ledger,
      options: this.setup.backend,
      wire: () => {
        const network = this.#diallingNetwork
        return network === undefined ? (task) => this.eventLoop.enqueue(task) : network.sockets.wire()
      },
      onFault: (action) => this.faults.onFault(action)
    })
    this.server.start()
    this.faults = new Faults({
      eventLoop: this.eventLoop,
      server: this.server,
      totals: this.totals,
      coverage: this.coverage,
      dialect: this.setup.backend.dialect ?? "all",
      note: this.note
    })
    this.#addParticipants()
    this.#observe()
  }

  #addParticipants(): void {
    this.people.push(this.#addAccount("ada"), this.#addAccount("grace"))
    for (let index = 0; index < this.setup.bots; index++) this.bots.push(this.#addAccount(`bot${index}`))
    for (let index = 0; index < this.setup.rooms; index++) {
      const room = this.server.run((backend) => backend.addRoom({ name: `room${index}` }))
      if (room === undefined) continue
      this.rooms.push(room.id)
      // the third room is joined during the run
      if (index === 2) continue
      for (const person of this.people) this.join(person, room.id)
    }
  }

  /** Observes every device, once a second. */
  #observe(): void {
    const { eventLoop, faults } = this
    faults.observe()
    for (const [device, oracle] of this.connectionOracles) {
      const consumers = this.consumers.filter(({ options }) => options.device === device)
      oracle.observe({ now: eventLoop.now, consumers, faultTimes: faults.times })
      const mayFail = eventLoop.now - faults.times.http <= observeInterval || !device.options.network.canRead
      if (mayFail) device.options.rates.onFailure()
    }
    eventLoop.schedule(observeInterval, () => this.#observe())
  }

  /** Adds a line to the trace. */
  readonly note = (text: string): void => this.trace.note(text)

  /** Records a violation, which the next `check` throws. */
  readonly fail = (failure: string): void => {
    this.#failures.push(failure)
  }

  makeEnvironment(name: string, skewMillis: number, onLog?: () => void) {
    const clock = this.eventLoop.makeClock(skewMillis, this.mutation === "measureByWallClock")
    const environment = Environment.make({
      eventLoop: this.eventLoop,
      clock: clock.service,
      seed: `${this.seed} ${name}`,
      onDefect: this.fail,
      onLog,
      onTransition: observeTransitions(this.coverage)
    })
    return { clock, environment }
  }

  /** Begins a step, or a phase, with randomness of its own. */
  begin(step: number | "end"): void {
    this.stepNumber = typeof step === "number" ? step : Number.POSITIVE_INFINITY
    this.trace.step = String(step)
    this.random = new SeededRandom(`${this.seed} step ${step}`)
    this.#idCount = 0
  }

  /** An id for the name of a device or a sequence; it depends on the current step only. */
  nextId(): string {
    return `${this.trace.step}${this.#idCount++ === 0 ? "" : `.${this.#idCount}`}`
  }

  /** The text of a new message. */
  nextMessageText(): string {
    return `m${++this.#messageCount}`
  }

  // Accounts

  #addAccount(name: string): Account {
    const created = this.server.run((backend) => backend.addSubscriber({ name }))
    if (created === undefined) throw new Error("the server is down")
    return { id: created.subscriber.id, name, addressId: created.address.id }
  }

  /** Makes a subscriber a member of a room. */
  join(account: Account, addressId: string): void {
    this.server.run((backend) =>
      Effect.flatMap(
        backend.mint(account.id),
        ({ token }) => Effect.flatMap(backend.authenticate(token), (viewer) => backend.join(viewer, [addressId]))
      )
    )
  }

  /** A new token for a subscriber, or while the server is down the previous one. */
  issueToken(account: Account): IssuedToken | undefined {
    const issued = this.server.run((backend) => backend.mint(account.id)) ?? this.#issuedTokens.get(account.id)
    if (issued !== undefined) this.#issuedTokens.set(account.id, issued)
    return issued
  }

  /** The conversations in which a subscriber can send: rooms, and direct ones with all others. */
  conversationsOf(account: Account): ReadonlyArray<ConversationIds> {
    return [
      ...this.rooms
        .map((addressId) => ({ addressId, groupId: `sw_${addressId}` }))
        .filter(({ groupId }) => this.ledger.isMember(groupId, account.id)),
      ...[...this.people, ...this.bots].filter(({ id }) => id !== account.id).map(({ addressId }) => ({
        addressId,
        groupId: `sw_${[account.addressId, addressId].toSorted().join("_")}`
      }))
    ]
  }

  /** Runs a dial so that the server's frames travel over this network. */
  dialOver(network: Network, dial: () => Socket.WebSocketLike): Socket.WebSocketLike {
    this.#diallingNetwork = network
    const socket = dial()
    this.#diallingNetwork = undefined
    return socket
  }

  // Checks

  check(): void {
    const [failure] = this.#failures
    if (failure !== undefined) throw new Violation(failure)
    this.sends.check()
    this.outboxes.check()
  }

  /** Lets time pass, and checks. */
  advance(millis: number): void {
    this.eventLoop.advance(millis)
    this.check()
  }
}
