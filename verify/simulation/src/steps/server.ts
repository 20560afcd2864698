/** Steps in which the server fails. */
import * as FaultRules from "../faultRules.ts"
import type { Step } from "./Step.ts"

/** The server resumes sessions, but does not send unacknowledged events again. */
export const loseUnacknowledged: Step = {
  weight: 2,
  run: (world) => {
    world.note("the server loses unacknowledged events")
    for (const session of world.server.running?.backend.sessions() ?? []) {
      session.unacked.clear()
      session.connection?.close(null)
    }
  }
}

export const closeSocket: Step = {
  weight: 2,
  run: (world) => {
    const code = world.random.pick(1001, 1006, 1011, 1012)
    const session = world.random.oneOf(world.server.running?.backend.sessions() ?? [])
    if (session?.connection === undefined) return
    world.note(`the server closes a socket with ${code}`)
    world.totals.drops++
    session.connection.close(code === 1006 ? null : code)
  }
}

export const forgetSession: Step = {
  weight: 1,
  run: (world) => {
    const session = world.random.oneOf(world.server.running?.backend.sessions() ?? [])
    if (session === undefined) return
    world.note("the server forgets a session")
    world.server.running?.backend.removeSession(session)
    session.connection?.close(null)
  }
}

export const restart: Step = {
  weight: 1.5,
  run: ({ faults, random }) => faults.restartServer(random.pick(0, 500, 20_000))
}

export const addFault: Step = {
  weight: 12,
  run: ({ faults, people, random, setup }) => {
    const victim = random.oneOf(people)
    faults.add(FaultRules.generate(random, random.boolean(0.5) ? victim?.id : undefined, !setup.reconciles))
  }
}

export const clearFaults: Step = { weight: 5, run: ({ faults }) => faults.clear() }
