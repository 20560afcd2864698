/** Everything that a run consists of: the server, devices and their consumers, and what is known to be true. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import * as OutboxStore from "@effect-signalwire/conversation/OutboxStore"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { mayHeal } from "@effect-signalwire/schema/Reason"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Stream from "effect/Stream"
import { Chance } from "./chance.ts"
import { Conduct } from "./conduct.ts"
import { Consumer } from "./consumer.ts"
import { type Account, Device, type Minted } from "./device.ts"
import * as Environment from "./environment.ts"
import * as FaultMenu from "./faultMenu.ts"
import { Honesty, interval, noHazards } from "./honesty.ts"
import { Ledger } from "./ledger.ts"
import { Lineage } from "./lineage.ts"
import { Machine } from "./machine.ts"
import { Mail } from "./mail.ts"
import { Network } from "./network.ts"
import { Outgoings } from "./outgoing.ts"
import { Exceptions, PlatformException } from "./platform.ts"
import { QueueStore } from "./queueStore.ts"
import type { Sabotage } from "./sabotage.ts"
import { Server } from "./server.ts"
import * as Setup from "./setup.ts"
import { noTotals } from "./totals.ts"
import type { Trace } from "./trace.ts"
import { Violation } from "./Violation.ts"

interface Place {
  readonly addressId: string
  readonly groupId: string
}

/** A time to begin with: 2025-01-02. */
const epoch = 1_735_790_400_000

/**
 * How long after a token was given a device is to be connected: a dial that hangs is given up, and another one waits for
 * its turn. Milliseconds.
 */
const revival = 25_000

export interface WorldOptions {
  readonly seed: number
  readonly trace: (now: () => number) => Trace
  readonly sabotage?: Sabotage | undefined
}

export class World {
  readonly machine = new Machine(epoch)
  readonly trace: Trace
  readonly chance: Chance
  readonly setup: Setup.Setup
  readonly ledger = new Ledger(() => this.machine.now)
  readonly server: Server
  readonly mail: Mail
  readonly outgoings: Outgoings
  readonly hazards = noHazards()
  readonly totals = noTotals()
  readonly people: Array<Account> = []
  readonly bots: Array<Account> = []
  readonly rooms: Array<string> = []
  devices: Array<Device> = []
  consumers: Array<Consumer> = []
  /** Sequences whose process has ended, waiting for another to go on. */
  orphans: Array<Lineage> = []
  armed: Array<FaultMenu.Trouble> = []
  /** How often something was met with which it may honestly have failed. */
  readonly #met = new Map<string, number>()
  failures: Array<string> = []
  /** How often anything was made to go wrong. */
  disturbances = 0
  /** Nothing is to go wrong any more. */
  isPeaceful = false
  texts = 0
  readonly sabotage: Sabotage | undefined
  readonly #seed: number
  #names = 0
  #dialling: Network | undefined
  readonly #crashed = new Set<string>()
  /** Processes that have crashed. */
  readonly #killed = new Set<string>()
  readonly #honesty = new Map<Device, Honesty>()
  /** The token that somebody was given last. */
  readonly #minted = new Map<string, Minted>()
  readonly #store = new Map<string, string>()
  /** One for each person. */
  readonly queueStores = new Map<string, QueueStore>()

  constructor(options: WorldOptions) {
    const { seed } = options
    this.#seed = seed
    this.sabotage = options.sabotage
    this.trace = options.trace(() => this.machine.now - epoch)
    this.chance = new Chance(`world ${seed}`)
    this.setup = Setup.draw(this.chance)
    this.mail = new Mail({
      ledger: this.ledger,
      now: () => this.machine.now,
      note: this.note,
      fail: this.fail,
      sabotage: options.sabotage,
      sendMillis: this.setup.sendMillis
    })
    this.outgoings = new Outgoings(this.ledger, this.note, this.fail)
    const environment = this.#environment("server", 0).environment
    this.server = new Server(environment, this.ledger, this.setup.backend, () => {
      const network = this.#dialling
      return network === undefined ? (task) => this.machine.soon(task) : network.wire()
    })
    this.server.start()
    this.people.push(this.#account("ada"), this.#account("grace"))
    for (let index = 0; index < this.setup.bots; index++) this.bots.push(this.#account(`bot${index}`))
    for (let index = 0; index < this.setup.rooms; index++) {
      const room = this.server.ask((backend) => backend.addRoom({ name: `room${index}` }))
      if (room === undefined) continue
      this.rooms.push(room.id)
      // the last room is for later
      if (index === 2) continue
      for (const person of this.people) this.join(person, room.id)
    }
    this.#watch()
  }

  /** Looks at every device, every second. */
  #watch(): void {
    const { hazards, machine } = this
    FaultMenu.note(this.server.running?.faults.rules().rules ?? [], hazards, machine.now)
    for (const [device, honesty] of this.#honesty) {
      const consumers = this.consumers.filter(({ options }) => options.device === device)
      honesty.look({ now: machine.now, consumers, hazards })
      if (machine.now - hazards.http <= interval || !device.options.network.isReadable) device.options.conduct.fails()
    }
    machine.after(interval, () => this.#watch())
  }

  readonly note = (text: string): void => this.trace.note(text)

  readonly fail = (failure: string): void => {
    this.failures.push(failure)
  }

  #environment(name: string, skewMillis: number, onLog?: () => void) {
    const watch = this.machine.watch(skewMillis, this.sabotage === "clock")
    const environment = Environment.make({
      machine: this.machine,
      clock: watch.clock,
      seed: `${this.#seed} ${name}`,
      onDefect: this.fail,
      onLog
    })
    return { watch, environment }
  }

  #account(name: string): Account {
    const viewer = this.server.ask((backend) => backend.addSubscriber({ name }))
    if (viewer === undefined) throw new Error("the server is down")
    return { id: viewer.subscriber.id, name, addressId: viewer.address.id }
  }

  join(account: Account, addressId: string): void {
    this.server.ask((backend) =>
      Effect.flatMap(
        backend.mint(account.id),
        ({ token }) => Effect.flatMap(backend.authenticate(token), (viewer) => backend.join(viewer, [addressId]))
      )
    )
  }

  /** Where a person can talk: rooms, and other people. */
  places(account: Account): ReadonlyArray<Place> {
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

  nextText(): string {
    return `m${++this.texts}`
  }

  // Devices

  /** A token of somebody: another one, or while the server is down the one before. */
  mint(account: Account): Minted | undefined {
    const minted = this.server.ask((backend) => backend.mint(account.id)) ?? this.#minted.get(account.id)
    if (minted !== undefined) this.#minted.set(account.id, minted)
    return minted
  }

  startDevice(account: Account): Device | undefined {
    const { chance, machine, server, setup } = this
    const minted = this.mint(account)
    if (minted === undefined) return undefined
    const name = `${account.name}#${++this.#names}`
    const own = (what: string) => new Chance(`${this.#seed} ${what} ${name}`)
    const exceptions = new Exceptions(own("platform"))
    const { environment, watch } = this.#environment(
      name,
      chance.pick(0, 0, chance.whole(-200_000, 200_000)),
      setup.exceptions ? () => exceptions.call("log") : undefined
    )
    const now = () => machine.now
    const conduct = new Conduct({
      name,
      now,
      fail: this.fail,
      sweepMillis: setup.sweepMillis,
      readsAtOnce: setup.inParts ? 3 : 1
    })
    const { latency } = setup
    const network = new Network({ machine, server, chance: own("net"), latency, exceptions, conduct })
    if (setup.exceptions) exceptions.likelihood = chance.pick(0, 0.03)
    const device = new Device({
      name,
      account,
      minted,
      tuning: setup.tuning,
      environment,
      watch,
      network,
      exceptions,
      conduct,
      server,
      queues: this.#queues(account, name),
      onOutbox: (event) => {
        // one that has crashed says nothing any more
        if (!this.#killed.has(name)) this.outgoings.told(name, event, (reason) => this.hasMet(reason))
      },
      dialler: (dial) => {
        this.#dialling = network
        const socket = dial()
        this.#dialling = undefined
        return socket
      },
      sabotage: this.sabotage,
      now,
      note: this.note,
      fail: this.fail
    })
    this.totals.processes++
    this.note(`${name} starts`)
    this.devices.push(device)
    this.#honesty.set(device, new Honesty(device, setup, this.fail))
    return device
  }

  /**
   * The application gives a device another token. One that nothing else stands in the way of is connected soon after
   * that, unless something happens meanwhile (P8.6).
   */
  updateToken(device: Device): void {
    const { machine, server } = this
    const minted = server.ask((backend) => backend.mint(device.options.account.id))
    if (minted === undefined) return
    const { exceptions, name, network } = device.options
    const isClear = network.isClear && exceptions.likelihood === 0 &&
      machine.now - Math.max(network.mutedAt, this.hazards.any) > 15_000
    const isConnected = device.connection._tag === "Connected"
    this.note(`${name} is given a token`)
    this.totals.tokens++
    device.updateToken(minted)
    const { disturbances } = this
    if (!isClear || isConnected || device.connection._tag === "Idle") return
    const follows = () =>
      this.consumers.some(({ attachedAt, options, state }) =>
        options.device === device && state === "open" && attachedAt <= machine.now - revival
      )
    machine.after(revival, () => {
      if (this.disturbances > disturbances || !this.devices.includes(device) || !follows()) return
      const { _tag } = device.connection
      if (_tag !== "Connected") this.fail(`${name} was given a token, and is ${_tag} (P8.6)`)
    })
  }

  /** Ends a process. One that crashes writes nothing any more. */
  stopDevice(device: Device, crash: boolean): void {
    this.note(`${device.options.name} ${crash ? "crashes" : "ends"}`)
    for (const consumer of this.consumers.filter((one) => one.options.device === device)) {
      const { lineage } = consumer.options
      if (crash && lineage.cursor !== undefined) this.#crashed.add(lineage.name)
      consumer.close()
      if (lineage.cursor !== undefined) this.orphans.push(lineage)
    }
    const { account, name } = device.options
    if (crash) {
      this.#killed.add(name)
      this.queueStores.get(account.id)?.kill(name)
    } else this.queueStores.get(account.id)?.end(name)
    this.consumers = this.consumers.filter((one) => one.options.device !== device)
    device.close()
    this.machine.run()
    // nobody hears of it, but it is over
    if (device.options.network.weather === "hole") device.options.network.cut()
    this.#crashed.clear()
    this.devices = this.devices.filter((one) => one !== device)
    this.#count(device)
    // what takes a moment gets it
    this.machine.after(60_000, () => {
      const remains = device.remains()
      if (remains.length > 0) this.fail(`${name} has ended, and left ${remains.join(", ")} behind (P7.2)`)
    })
  }

  /** Adds up what a device did, once it has ended. */
  #count(device: Device): void {
    const { conduct, exceptions } = device.options
    this.totals.dials += conduct.dialled
    this.totals.refreshes += conduct.refreshed
    this.totals.exceptions += exceptions.thrown
    this.totals.admitted += this.#honesty.get(device)?.admitted ?? 0
    this.#honesty.delete(device)
  }

  // What outlives processes

  /** Writes do not happen in a crash. */
  #keyValueStore(isGone: () => boolean, onWrite: () => void): KeyValueStore.KeyValueStore {
    return KeyValueStore.makeStringOnly({
      get: (key) => Effect.sync(() => this.#store.get(key)),
      set: (key, value) =>
        Effect.sync(() => {
          if (isGone()) return
          this.#store.set(key, value)
          onWrite()
        }),
      remove: (key) => Effect.sync(() => void this.#store.delete(key)),
      clear: Effect.sync(() => this.#store.clear()),
      size: Effect.sync(() => this.#store.size),
      keys: Effect.sync(() => [...this.#store.keys()])
    })
  }

  /** Where a process of somebody keeps what it is to send. */
  #queues(account: Account, process: string): Layer.Layer<PersistedQueue.PersistedQueueStore> | undefined {
    if (this.setup.outbox === "shared") {
      const store = this.queueStores.get(account.id) ??
        new QueueStore(this.machine, new Chance(`${this.#seed} queues ${account.name}`))
      this.queueStores.set(account.id, store)
      return Layer.succeed(PersistedQueue.PersistedQueueStore, store.open(process))
    }
    // this one is for one process at a time
    if (this.outboxOf(account) !== undefined) return undefined
    const prefixed = KeyValueStore.prefix(
      this.#keyValueStore(() => this.#killed.has(process), () => undefined),
      account.name
    )
    return Layer.orDie(OutboxStore.layer).pipe(Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, prefixed)))
  }

  /** A process of somebody that has an outbox. */
  outboxOf(account: Account): Device | undefined {
    return this.devices.find((device) => device.options.account === account && device.outbox !== undefined)
  }

  // Consumers

  /** A cursor whose writes are noticed. */
  #cursor(name: string, lineage: () => Lineage | undefined): Cursor.Cursor {
    const store = this.#keyValueStore(() => this.#crashed.has(name), () => lineage()?.saved())
    return Effect.runSync(Effect.provideService(Cursor.make(name), KeyValueStore.KeyValueStore, store))
  }

  follow(device: Device, place: Place | undefined): void {
    const { chance, setup } = this
    const { account } = device.options
    const name = `${account.name}/${place === undefined ? "all" : "timeline"}${++this.#names}`
    const lossy = chance.happens(0.08)
    let lineage: Lineage | undefined = undefined
    const cursor = !lossy && chance.happens(0.4) ? this.#cursor(name, () => lineage) : undefined
    const made = new Lineage(
      name,
      {
        account,
        groupId: place?.groupId,
        since: place !== undefined && cursor === undefined && chance.happens(0.3)
          ? (this.machine.now - chance.whole(0, 300_000)) / 1000
          : undefined,
        overlapSeconds: setup.overlapSeconds,
        sweeps: setup.sweeps,
        lossy,
        forgetful: setup.forgetful,
        inParts: setup.inParts,
        pageSize: setup.pageSize
      },
      this.ledger,
      cursor,
      this.machine.now
    )
    lineage = made
    this.attach(device, made, place?.addressId)
  }

  attach(device: Device, lineage: Lineage, addressId: string | undefined): void {
    const { chance } = this
    // one that goes on has been promised everything
    const timeout = lineage.cursor === undefined && chance.happens(0.1) ? chance.pick(4000, 30_000) : undefined
    this.note(`${device.options.name} follows ${lineage.name}`)
    this.consumers.push(
      new Consumer({
        device,
        lineage,
        addressId,
        policy: lineage.terms.lossy
          ? { strategy: chance.pick("sliding", "dropping"), capacity: chance.whole(1, 4) }
          : undefined,
        timeout,
        sabotage: this.sabotage,
        now: () => this.machine.now,
        note: this.note,
        onItem: (item) => {
          if ("_tag" in item && item._tag !== "Message") {
            this.totals.recoveries++
            return
          }
          this.totals.handedOut++
          const { id } = "_tag" in item ? item.message : item
          if (!device.options.network.pushedAt.has(id)) this.totals.repairs++
          const { _tag } = device.connection
          if (_tag === "Connecting" || _tag === "Reconnecting") this.totals.polled++
        },
        onEnd: (consumer, end) => {
          if (end === "exception") return this.fail(`${lineage.name} ended with an exception of the platform (P8.7)`)
          if (end === undefined) return this.fail(`${lineage.name} ended without a reason (P1.1)`)
          if (this.#isLate(consumer, end) || this.#isFinal(end)) return
          this.fail(`${lineage.name} ended: ${end.message} (P1.6)`)
        }
      })
    )
  }

  /** Another process goes on where one stopped. */
  adopt(device: Device, lineage: Lineage): void {
    this.orphans = this.orphans.filter((one) => one !== lineage)
    const { groupId } = lineage.terms
    const place = groupId === undefined
      ? undefined
      : this.places(lineage.terms.account).find((one) => one.groupId === groupId)
    const isKept = [...this.#store.keys()].some((key) => key.endsWith(lineage.name))
    if (!isKept || (groupId !== undefined && place === undefined)) return
    lineage.resume()
    this.attach(device, lineage, place?.addressId)
  }

  /** It has not begun within the time that it was given, and no sooner did it say so. */
  #isLate({ attachedAt, isBegun, options: { timeout } }: Consumer, { reason }: ConversationError): boolean {
    const waited = this.machine.now - attachedAt
    return reason._tag === "Timeout" && reason.millis === timeout && !isBegun && waited >= timeout
  }

  /** What begins, and what has begun, ends for nothing that heals: not for a token that was refused either. */
  #isFinal({ reason }: ConversationError): boolean {
    return !mayHeal(reason) && this.hasMet(FaultMenu.excuseOf(reason))
  }

  hasMet(reason: string): boolean {
    return (this.#met.get(reason) ?? 0) >= FaultMenu.final(reason)
  }

  // Reading

  /** Reads all of a history, page after page, and holds it against what was there when that began. */
  readHistory(device: Device, place: Place | undefined): void {
    const { chance, ledger } = this
    const { account, environment, name } = device.options
    const pageSize = chance.whole(1, 20)
    const pause = chance.pick(0, 100, 2000)
    const expected = new Set(
      ledger.entries
        .filter(({ message: { groupId } }) =>
          place === undefined ? ledger.isMember(groupId, account.id) : groupId === place.groupId
        )
        .map(({ message }) => message.id)
    )
    this.note(`${name} reads ${place === undefined ? "everything" : "a conversation"}`)
    const seen = new Set<string>()
    const take = (message: ConversationMessage) => {
      if (seen.has(message.id)) throw new Violation(`${name} reads ${message.text} twice (P2.2)`)
      seen.add(message.id)
    }
    const messages = place === undefined
      ? device.client.messages({ pageSize })
      : device.client.conversationMessages({ addressId: place.addressId, pageSize })
    const fiber = environment.fork(
      Stream.runForEachArray(
        messages,
        (batch) => Effect.andThen(Effect.sync(() => batch.forEach(take)), Effect.sleep(pause))
      )
    )
    device.onClose(() => fiber.interruptUnsafe())
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit)) {
        const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
        this.note(`${name} stops reading: ${error === undefined ? "interrupted" : error.reason._tag}`)
        if (Cause.hasDies(exit.cause) && Cause.squash(exit.cause) instanceof PlatformException) {
          return this.fail(`${name} stops reading for an exception of the platform (P8.7)`)
        }
        if (error === undefined) return
        // a read of its own is tried a few times, and no more
        const isHonest = this.setup.trouble > 0 && (error.isRetryable || this.hasMet(FaultMenu.excuseOf(error.reason)))
        if (!isHonest) this.fail(`${name} stops reading: ${error.message}`)
        return
      }
      this.note(`${name} has read ${seen.size}`)
      for (const id of expected) {
        if (!seen.has(id)) this.fail(`${name} read history without ${ledger.byId.get(id)?.message.text} (P2.2)`)
      }
    })
  }

  // Faults

  arm(trouble: FaultMenu.Trouble): void {
    this.armed.push(trouble)
    const { running } = this.server
    // the others keep the times that they have left
    running?.faults.set({ rules: [...running.faults.rules().rules, trouble.rule] })
    for (const reason of trouble.excuses) this.meet(reason, trouble.rule.times ?? 1)
    this.totals.faults++
    FaultMenu.note([trouble.rule], this.hazards, this.machine.now)
    this.note(`fault: ${JSON.stringify(trouble.rule)}`)
  }

  /** Something is made to go wrong. */
  disturb(): void {
    this.disturbances++
    this.hazards.any = Math.max(this.hazards.any, this.machine.now)
  }

  meet(reason: string, times: number): void {
    this.#met.set(reason, (this.#met.get(reason) ?? 0) + times)
  }

  disarm(): void {
    if (this.armed.length === 0) return
    this.armed = []
    this.server.running?.faults.clear()
    this.note("no more faults")
  }

  restartServer(downMillis: number): void {
    if (this.server.running === undefined) return
    this.note(`the server is down for ${downMillis} ms`)
    this.totals.restarts++
    this.hazards.any = this.machine.now + downMillis
    this.server.stop()
    this.machine.after(downMillis, () => {
      this.disturb()
      this.note("the server is up")
      this.server.start()
      this.armed = []
    })
  }

  // Checks

  check(): void {
    const [failure] = this.failures
    if (failure !== undefined) throw new Violation(failure)
    this.mail.check()
    this.outgoings.check()
  }

  advance(millis: number): void {
    this.machine.advance(millis)
    this.check()
  }
}
