/** Runs an attack in a worker thread, so that it does not block the test. It runs until the worker is terminated. */
import { parentPort, workerData } from "node:worker_threads"
import { attacks } from "./attacks.ts"

const attack = attacks.find(({ name }) => name === workerData.name)
if (attack === undefined) throw new Error(`There is no attack ${workerData.name}`)
await attack.start(workerData.info)
parentPort?.postMessage("started")
