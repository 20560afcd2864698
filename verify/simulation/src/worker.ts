/** A worker thread that runs the ranges of seeds it receives. */
import { parentPort } from "node:worker_threads"
import { type Range, run } from "./runs.ts"

parentPort?.on("message", (range: Range) => parentPort?.postMessage(run(range)))
