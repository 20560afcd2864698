/** What may happen next, and how likely it is. */
import type { Content } from "@effect-signalwire/backend/Backend"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import * as Effect from "effect/Effect"
import type { Account, Device } from "./device.ts"
import * as FaultMenu from "./faultMenu.ts"
import type { World } from "./world.ts"

interface Step {
  readonly weight: number
  readonly run: (world: World) => void
}

const device = ({ chance, devices }: World): Device | undefined => chance.oneOf(devices)

/** Somebody without a device says something; or it is put into the store by other means. */
const say = (world: World, count: number, content: Partial<Content>): void => {
  const { chance, ledger, server } = world
  const sender: Account | undefined = chance.oneOf([...world.bots, ...world.people])
  if (sender === undefined || server.running === undefined) return
  const messages = Array.from({ length: count }, () => {
    const place = chance.oneOf(world.places(sender)) ?? { addressId: world.rooms[0] ?? "" }
    return {
      subscriberId: sender.id,
      addressId: place.addressId,
      content: { text: world.nextText(), metadata: {}, details: {}, ...content }
    }
  })
  world.note(
    `${sender.name} says ${messages.map(({ content: { text } }) => text).join(" ")}` +
      `${content.push === false ? " silently" : ""}${
        content.ts === undefined ? "" : ` at ${content.ts - 1_735_790_400}`
      }`
  )
  ledger.pushing = content.push !== false
  world.totals.messages += count
  server.ask((backend) => backend.seed(messages))
  ledger.pushing = true
}

/** The network delivers a send that was stored once more. */
const deliverAgain = (world: World): void => {
  const { chance, ledger, machine, server, setup } = world
  const sends = ledger.entries.slice(-20).filter(({ copies, message }) =>
    copies.length === 1 && ClientKey.get(message.metadata) !== null
  )
  const entry = chance.oneOf(sends)
  const sender = world.people.find(({ id }) => id === entry?.message.senderId)
  if (entry === undefined || sender === undefined || server.running === undefined) return
  const { details, groupId, metadata, text } = entry.message
  const place = world.places(sender).find((place) => place.groupId === groupId)
  if (place === undefined) return
  const push = chance.happens(0.7)
  world.note(`${text} is stored again${push ? "" : " silently"}`)
  const late = chance.pick(0, 0, chance.whole(0, (setup.overlapSeconds - 2) * 1000) / 1000)
  const content = { text: text ?? "", metadata, details, push, ts: machine.now / 1000 - late }
  ledger.pushing = push
  ledger.copying = entry
  world.totals.copies++
  server.ask((backend) => backend.seed([{ subscriberId: sender.id, addressId: place.addressId, content }]))
  ledger.copying = undefined
  ledger.pushing = true
}

const wait = (min: number, max: number) => (world: World): void => world.advance(world.chance.whole(min, max))

const calm: ReadonlyArray<Step> = [
  { weight: 14, run: (world) => say(world, world.chance.whole(1, 2), {}) },
  {
    weight: 4,
    // within the overlap, with room for what is under way
    run: (world) => {
      const late = world.chance.whole(1, (world.setup.overlapSeconds - 2) * 1000) / 1000
      const ts = Math.max(0, world.machine.now / 1000 - late)
      say(world, 1, { ts, push: world.chance.happens(0.5) })
    }
  },
  {
    weight: 3,
    run: (world) => {
      const { newest } = world.ledger
      if (Number.isFinite(newest)) say(world, world.chance.whole(1, 3), { ts: newest, push: world.chance.happens(0.7) })
    }
  },
  { weight: 3, run: (world) => say(world, 1, { push: false }) },
  { weight: 3, run: deliverAgain },
  { weight: 0.1, run: (world) => say(world, world.chance.whole(90, 230), {}) },
  {
    weight: 14,
    run: (world) => {
      const sender = device(world)
      const place = sender === undefined ? undefined : world.chance.oneOf(world.places(sender.options.account))
      if (sender === undefined || place === undefined) return
      for (let left = world.chance.pick(1, 1, 3); left > 0; left--) {
        const text = world.nextText()
        world.note(`${sender.options.name} sends ${text}`)
        world.totals.messages++
        world.mail.send(sender, place.addressId, text)
      }
    }
  },
  {
    weight: 4,
    // under an id of its own, and again at once, for somebody is impatient
    run: (world) => {
      const { chance } = world
      const sender = device(world)
      const place = sender === undefined ? undefined : chance.oneOf(world.places(sender.options.account))
      if (sender === undefined || place === undefined) return
      const text = world.nextText()
      world.note(`${sender.options.name} sends ${text} under an id`)
      world.totals.messages++
      world.totals.named++
      const letter = world.mail.send(sender, place.addressId, text, `id ${text}`)
      for (let left = chance.pick(0, 0, 1, 2); left > 0; left--) {
        world.advance(chance.pick(0, chance.whole(0, 3000)))
        if (world.devices.includes(sender)) world.mail.again(sender, letter)
      }
    }
  },
  {
    weight: 4,
    // under the same id again, by the same process or another one
    run: (world) => {
      const sender = device(world)
      const letter = sender && world.chance.oneOf(world.mail.repeatable(sender).slice(-6))
      if (sender === undefined || letter === undefined) return
      world.note(`${sender.options.name} sends ${letter.text} under its id again`)
      world.totals.named++
      world.mail.again(sender, letter)
    }
  },
  {
    weight: 10,
    // now and then by somebody who names it, and gives it again when in doubt
    run: (world) => {
      const { chance } = world
      const sender = device(world)
      const place = sender === undefined ? undefined : chance.oneOf(world.places(sender.options.account))
      if (sender?.outbox === undefined || place === undefined) return
      for (let left = chance.pick(1, 1, 2, 5); left > 0; left--) {
        const text = world.nextText()
        world.note(`${sender.options.name} is to send ${text}`)
        world.totals.outgoing++
        world.outgoings.give(sender, place.addressId, text, chance.happens(0.4) ? `id ${text}` : undefined)
      }
    }
  },
  {
    weight: 2,
    run: (world) => {
      const sender = device(world)
      const own = world.outgoings.all.filter(({ account, clientId }) =>
        account === sender?.options.account && clientId !== undefined
      ).slice(-4)
      const outgoing = world.chance.oneOf(own)
      if (sender?.outbox === undefined || outgoing === undefined) return
      world.note(`${sender.options.name} is to send ${outgoing.text} again`)
      world.outgoings.again(sender, outgoing)
    }
  },
  {
    weight: 3,
    // in the middle of delivering
    run: (world) => {
      const waiting = world.chance.oneOf(world.outgoings.waiting())
      const sender = waiting === undefined ? undefined : world.outboxOf(waiting.account)
      if (waiting === undefined || sender === undefined) return
      world.advance(world.chance.whole(0, 100))
      world.stopDevice(sender, world.chance.happens(0.7))
      world.advance(world.chance.pick(0, 0, 300, world.chance.whole(0, 15_000)))
      resume(world, waiting.account)
    }
  },
  { weight: 14, run: wait(0, 500) },
  { weight: 8, run: wait(500, 8000) },
  { weight: 2, run: wait(8000, 40_000) },
  { weight: 0.1, run: wait(60_000, 600_000) },
  {
    weight: 3,
    run: (world) => {
      const { chance } = world
      const follower = device(world)
      if (follower === undefined || world.consumers.length > 6) return
      const place = chance.happens(0.4) ? undefined : chance.oneOf(world.places(follower.options.account))
      world.follow(follower, place)
    }
  },
  {
    weight: 2,
    run: (world) => {
      const consumer = world.chance.oneOf(world.consumers)
      if (consumer === undefined) return
      world.note(`${consumer.options.lineage.name} is left`)
      consumer.close()
      world.consumers = world.consumers.filter((one) => one !== consumer)
    }
  },
  {
    weight: 4,
    run: (world) => {
      const consumer = world.chance.oneOf(world.consumers)
      if (consumer === undefined) return
      world.note(`${consumer.options.lineage.name} ${consumer.paused ? "goes on" : "pauses"}`)
      if (consumer.paused) consumer.go()
      else consumer.pause()
    }
  },
  {
    weight: 2,
    run: (world) => {
      const reader = device(world)
      if (reader === undefined) return
      world.readHistory(
        reader,
        world.chance.happens(0.4) ? undefined : world.chance.oneOf(world.places(reader.options.account))
      )
    }
  },
  {
    weight: 1,
    run: (world) => {
      const account = world.chance.oneOf(world.people)
      const room = world.rooms.at(-1)
      if (account === undefined || room === undefined) return
      world.note(`${account.name} joins the last room`)
      world.join(account, room)
    }
  },
  {
    weight: 1,
    run: (world) => {
      const account = world.chance.oneOf(world.people)
      if (account === undefined || world.devices.length > 3) return
      const started = world.startDevice(account)
      if (started !== undefined) world.follow(started, undefined)
    }
  },
  {
    weight: 2.5,
    run: (world) => {
      const old = device(world)
      if (old === undefined) return
      world.stopDevice(old, world.chance.happens(0.5))
      if (world.chance.happens(0.5)) world.advance(world.chance.whole(0, 30_000))
      resume(world, old.options.account)
    }
  }
]

/** Another process for those that have ended, with what they left behind. */
export const resume = (world: World, account: Account): void => {
  const started = world.startDevice(account)
  if (started === undefined) return
  if (world.setup.trouble > 0 && !world.isPeaceful && world.chance.happens(0.15)) {
    world.totals.coldStarts++
    hamper(world, started)
  }
  for (const orphan of world.orphans.filter(({ terms }) => terms.account.id === account.id)) {
    world.adopt(started, orphan)
  }
}

// Trouble

/** Puts something in a device's way. */
const hamper = (world: World, { options: { name, network } }: Device): void => {
  const { chance } = world
  const isSevered = chance.happens(0.5)
  switch (chance.pick("weather", "gate", "upgrades")) {
    case "weather":
      network.weather = chance.pick("broken", "hole")
      world.note(`the network of ${name} is ${network.weather}`)
      if (network.weather === "broken") world.totals.drops += network.cut()
      return
    case "gate":
      network.gate = chance.pick("unavailable", "limited", "portal")
      network.upgrades = chance.pick("accepted", "refused")
      if (network.gate === "portal") world.meet("Malformed", 1)
      world.note(`${name} meets a gate that is ${network.gate}, and its sockets are ${network.upgrades}`)
      if (network.upgrades === "refused" && isSevered) world.totals.drops += network.cut()
      return
    case "upgrades":
      network.upgrades = chance.pick("refused", "ignored")
      world.note(`new sockets of ${name} are ${network.upgrades}`)
      if (isSevered) world.totals.drops += chance.happens(0.7) ? network.cut() : network.deafen()
  }
}

const clear = (world: World, { options: { name, network } }: Device): void => {
  network.clear()
  world.note(`nothing stands in the way of ${name}`)
}

const rough: ReadonlyArray<Step> = [
  {
    weight: 2,
    // a server that resumes sessions, and does not send again what was not acknowledged
    run: (world) => {
      world.note("the server loses what was not acknowledged")
      for (const session of world.server.running?.backend.sessions() ?? []) {
        session.unacked.clear()
        session.connection?.close(null)
      }
    }
  },
  {
    weight: 0.2,
    // more than one page while nobody can hear it
    run: (world) => {
      for (const { options: { network } } of world.devices) {
        network.cut()
        network.weather = "broken"
      }
      say(world, world.chance.whole(110, 230), {})
      world.advance(2000)
      for (const { options: { network } } of world.devices) network.weather = "fair"
    }
  },
  {
    weight: 6,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined) return
      world.note(`${victim.options.name} loses its sockets`)
      world.totals.drops += victim.options.network.cut()
    }
  },
  {
    weight: 2,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined) return
      world.note(`the sockets of ${victim.options.name} fall silent`)
      world.totals.drops += victim.options.network.deafen()
    }
  },
  {
    weight: 2,
    run: (world) => {
      const code = world.chance.pick(1001, 1006, 1011, 1012)
      const session = world.chance.oneOf(world.server.running?.backend.sessions() ?? [])
      if (session?.connection === undefined) return
      world.note(`the server closes a socket with ${code}`)
      world.totals.drops++
      session.connection.close(code === 1006 ? null : code)
    }
  },
  {
    weight: 1,
    run: (world) => {
      const session = world.chance.oneOf(world.server.running?.backend.sessions() ?? [])
      if (session === undefined) return
      world.note("the server forgets a session")
      world.server.running?.backend.forget(session)
      session.connection?.close(null)
    }
  },
  {
    weight: 8,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined) return
      if (victim.options.network.isClear) hamper(world, victim)
      else clear(world, victim)
    }
  },
  {
    weight: 1,
    // all of them at once, and for long
    run: (world) => {
      const { chance } = world
      for (const victim of world.devices) hamper(world, victim)
      say(world, chance.whole(1, 3), {})
      world.advance(chance.whole(1000, 90_000))
      if (chance.happens(0.7)) { for (const victim of world.devices) clear(world, victim) }
    }
  },
  {
    weight: 3,
    // a process that begins in an outage
    run: (world) => {
      const { chance } = world
      const account = chance.oneOf(world.people)
      if (account === undefined || world.devices.length > 3) return
      const started = world.startDevice(account)
      if (started === undefined) return
      world.totals.coldStarts++
      if (chance.happens(0.3)) world.restartServer(chance.pick(2000, 20_000, 60_000))
      else hamper(world, started)
      world.follow(started, undefined)
      if (chance.happens(0.7)) world.follow(started, chance.oneOf(world.places(account)))
      if (chance.happens(0.3)) return
      world.advance(chance.whole(0, 20_000))
      say(world, 1, {})
      world.advance(chance.whole(0, 60_000))
      clear(world, started)
    }
  },
  {
    weight: 1.5,
    // sessions that become ready and do not last
    run: (world) => {
      const { chance } = world
      const victim = device(world)
      if (victim === undefined) return
      const { name, network } = victim.options
      network.flapping = network.flapping === "none" ? chance.pick("cut", "later", "refuses") : "none"
      world.note(`the sessions of ${name} flap: ${network.flapping}`)
      if (network.flapping === "none") return
      network.cut()
      world.advance(chance.pick(0, chance.whole(1000, 180_000)))
    }
  },
  {
    weight: 2,
    // what the platform signals, again and again
    run: (world) => {
      const { chance, machine } = world
      const victim = device(world)
      if (victim === undefined) return
      const interval = chance.pick(20, 300, 3000)
      world.note(`the platform of ${victim.options.name} signals every ${interval} ms`)
      for (let left = chance.pick(1, 3, 40), at = 0; left > 0; left--, at += interval) {
        const signal = chance.pick("wake", "wake", "offline")
        machine.after(at, () => {
          if (!world.isPeaceful) victim.signal(signal)
        })
      }
    }
  },
  {
    weight: 2,
    run: (world) => {
      const { chance } = world
      const victim = device(world)
      if (victim === undefined) return
      const millis = chance.pick(-1, 1) * chance.pick(chance.whole(0, 600), chance.whole(0, 100_000)) * 1000
      world.note(`the clock of ${victim.options.name} is set by ${millis / 1000} s`)
      world.totals.jumps++
      victim.options.watch.jump(millis)
    }
  },
  {
    weight: 2,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined || !world.setup.exceptions) return
      const { exceptions, name } = victim.options
      exceptions.likelihood = exceptions.likelihood > 0 ? 0 : world.chance.pick(0.02, 0.1, 0.4)
      world.note(`the platform of ${name} throws ${exceptions.likelihood * 100} % of the time`)
    }
  },
  {
    weight: 1,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined) return
      victim.options.network.drifting = !victim.options.network.drifting
      world.note(`pages of ${victim.options.name} ${victim.options.network.drifting ? "drift" : "stand still"}`)
    }
  },
  {
    weight: 1.5,
    run: (world) => {
      const account = world.chance.oneOf(world.people)
      const store = account === undefined ? undefined : world.queueStores.get(account.id)
      if (store === undefined) return
      const millis = world.chance.pick(200, 5000, 20_000)
      world.note(`the queues of ${account?.name} can't be reached for ${millis} ms`)
      store.fail(millis)
    }
  },
  { weight: 1.5, run: (world) => world.restartServer(world.chance.pick(0, 500, 20_000)) },
  {
    weight: 12,
    run: (world) => {
      const { chance } = world
      const victim = chance.oneOf(world.people)
      world.arm(FaultMenu.draw(chance, chance.happens(0.5) ? victim?.id : undefined, !world.setup.sweeps))
    }
  },
  { weight: 5, run: (world) => world.disarm() },
  {
    weight: 0.7,
    // somebody is signed out, and signs in again
    run: (world) => {
      const { chance, server } = world
      const victim = device(world)
      if (victim === undefined) return
      world.note(`the token of ${victim.options.name} expires, and there is no other for a while`)
      world.meet("Unauthorized", 2)
      victim.refreshing = "none"
      server.ask((backend) => Effect.ignore(backend.expire(victim.token)))
      world.advance(chance.whole(10_000, 90_000))
      victim.refreshing = "good"
      clear(world, victim)
      world.advance(16_000)
      world.updateToken(victim)
      world.advance(30_000)
    }
  },
  {
    weight: 2,
    run: (world) => {
      const victim = device(world)
      // one that expires as soon as it is new is refused for good
      if (victim === undefined || world.machine.now - victim.renewedAt < 60_000) return
      world.note(`the token of ${victim.options.name} expires`)
      world.meet("Unauthorized", 1)
      world.server.ask((backend) => Effect.ignore(backend.expire(victim.token)))
    }
  },
  {
    weight: 1.5,
    run: (world) => {
      const { chance } = world
      const victim = device(world)
      if (victim === undefined) return
      victim.refreshing = victim.refreshing !== "good"
        ? "good"
        : chance.pick("hangs", "throws", "fails", "same", "garbage", "unknown", "none")
      world.note(`a refresh of the token of ${victim.options.name}: ${victim.refreshing}`)
      world.meet("Unauthorized", 2)
      if (victim.refreshing === "good" || chance.happens(0.5)) return
      world.server.ask((backend) => Effect.ignore(backend.expire(victim.token)))
      world.advance(chance.whole(0, 40_000))
    }
  }
]

const revive: Step = {
  weight: 1.5,
  run: (world) => {
    const { chance } = world
    const troubled = world.devices.filter((one) => one.connection._tag === "Reconnecting")
    // nothing else helps one that was told that there is no other token
    const waiting = troubled.filter(({ gaveUp }) => gaveUp)
    const [victims = []] = [waiting, troubled, world.devices].filter(({ length }) => length > 0)
    const victim = chance.oneOf(victims)
    if (victim === undefined) return
    if (chance.happens(0.5)) {
      world.disarm()
      clear(world, victim)
      victim.options.exceptions.likelihood = 0
      victim.refreshing = "good"
      world.advance(chance.whole(0, 20_000))
    }
    world.updateToken(victim)
    if (chance.happens(0.5)) world.advance(30_000)
  }
}

/** What makes something go wrong is counted. */
const disturbing = ({ run, weight }: Step, trouble: number): Step => ({
  weight: weight * trouble,
  run: (world) => {
    world.disturb()
    run(world)
    world.disturb()
  }
})

const stepsOf = (trouble: number): ReadonlyArray<Step> =>
  trouble === 0 ? calm : [...calm, ...rough.map((step) => disturbing(step, trouble)), revive]

/** One step, and a moment after it. */
export const take = (world: World): void => {
  world.chance.weighted(stepsOf(world.setup.trouble))?.run(world)
  world.advance(world.chance.pick(0, 0, world.chance.whole(1, 50), world.chance.whole(1, 600)))
}
