/** A thread of its own for an attack, so that it does not keep anybody but the sandbox busy. It ends when it is ended. */
import { parentPort, workerData } from "node:worker_threads"
import { attacks } from "./attacks.ts"

const attack = attacks.find(({ name }) => name === workerData.name)
if (attack === undefined) throw new Error(`there is no attack ${workerData.name}`)
await attack.begin(workerData.info)
parentPort?.postMessage("begun")
