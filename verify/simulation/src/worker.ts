/** Runs the ranges of seeds that it is given. */
import { parentPort } from "node:worker_threads"
import { type Range, run } from "./runs.ts"

parentPort?.on("message", (range: Range) => parentPort?.postMessage(run(range)))
