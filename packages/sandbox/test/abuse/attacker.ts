/** Runs attacks in a worker thread, so that they do not block the test, until the worker is terminated. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { parentPort, workerData } from "node:worker_threads"
import { attacks } from "./attacks.ts"

export interface AttackerData {
  readonly names: ReadonlyArray<string>
  readonly info: Info
}

const { info, names }: AttackerData = workerData
await Promise.all(names.map((name) => {
  const attack = attacks.find((one) => one.name === name)
  if (attack === undefined) throw new Error(`There is no attack ${name}`)
  return attack.start(info)
}))
parentPort?.postMessage("started")
