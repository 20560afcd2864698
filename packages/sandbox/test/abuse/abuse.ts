/** Measures the memory of a sandbox, and the sends of an unrelated client, while abusive clients attack it. */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { inspect } from "node:util"
import { Worker } from "node:worker_threads"
import type { AttackerData } from "./attacker.ts"
import { type Attack, fill } from "./attacks.ts"

export interface Outcome {
  /** By how much the memory of the sandbox has grown at most, in MiB. */
  readonly grown: number
  /** How many messages the unrelated client sent, and how those failed that did. */
  readonly sent: number
  readonly failures: ReadonlyArray<string>
  /** The duration of its slowest send, in milliseconds. */
  readonly slowest: number
}

/** The resident memory of a process, in MiB. */
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024

/** Whether the memory of other processes can be read on this platform. */
export const canMeasure = process.platform === "linux"

/** Runs attacks concurrently for some milliseconds. */
export const run = async (attacks: ReadonlyArray<Attack>, millis: number): Promise<Outcome> => {
  await using sandbox = await SandboxProcess.start(["--log", "/dev/null"])
  const { info, pid } = sandbox
  const [ada, ,] = info.subscribers
  const room = info.rooms[0]?.addressId
  await fill(info, 1000)
  const before = memoryOf(pid)
  let most = before
  let slowest = 0
  const failures: Array<string> = []
  let sent = 0
  const data: AttackerData = { names: attacks.map(({ name }) => name), info }
  const attacker = new Worker(new URL("./attacker.ts", import.meta.url), { workerData: data })
  await once(attacker, "message")
  const until = performance.now() + millis
  // attacks end in time even if a send takes longer, since on a busy machine they would delay it without end
  const ended = sleep(millis).then(() => attacker.terminate())
  while (performance.now() < until) {
    const at = performance.now()
    const failure = await fetch(`${info.http}/api/fabric/messages`, {
      method: "POST",
      signal: AbortSignal.timeout(60_000),
      headers: { authorization: `Bearer ${ada?.token}`, "content-type": "application/json" },
      body: JSON.stringify({ conversation_id: room, text: `message ${sent}` })
    }).then(async (response) => {
      const body = await response.text()
      return response.ok ? undefined : `${response.status} ${body}`
    }, (error: unknown) => inspect(error))
    sent++
    if (failure !== undefined) failures.push(failure)
    slowest = Math.max(slowest, performance.now() - at)
    most = Math.max(most, memoryOf(pid))
    await sleep(50)
  }
  await ended
  return { grown: Math.round(most - before), sent, failures, slowest: Math.round(slowest) }
}
