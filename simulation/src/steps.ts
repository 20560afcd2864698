/** What may happen next, and how likely it is. */
import type { Content } from "@effect-signalwire/backend/Backend"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
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
  for (const orphan of world.orphans.filter(({ terms }) => terms.account.id === account.id)) {
    world.adopt(started, orphan)
  }
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
    weight: 5,
    run: (world) => {
      const { chance } = world
      const victim = device(world)
      if (victim === undefined) return
      const { name, network } = victim.options
      network.weather = network.weather === "fair" ? chance.pick("broken", "hole") : "fair"
      world.note(`the network of ${name} is ${network.weather}`)
      if (network.weather === "broken") world.totals.drops += network.cut()
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
    weight: 2,
    run: (world) => {
      const victim = device(world)
      // one that expires as soon as it is new is refused for good
      if (victim === undefined || world.machine.now - victim.renewedAt < 60_000) return
      world.note(`the token of ${victim.options.name} expires`)
      world.meet("Unauthorized", 1)
      world.server.ask((backend) => backend.expire(victim.token))
    }
  },
  {
    weight: 0.3,
    run: (world) => {
      const victim = device(world)
      if (victim === undefined) return
      victim.renewable = !victim.renewable
      world.note(`the token of ${victim.options.name} ${victim.renewable ? "can" : "can't"} be renewed`)
      world.meet("Unauthorized", 2)
    }
  }
]

/** One step, and a moment after it. */
export const take = (world: World): void => {
  const trouble = world.setup.trouble
  const steps = trouble === 0 ? calm : [...calm, ...rough.map(({ run, weight }) => ({ run, weight: weight * trouble }))]
  world.chance.weighted(steps)?.run(world)
  world.advance(world.chance.pick(0, 0, world.chance.whole(1, 50), world.chance.whole(1, 600)))
}
