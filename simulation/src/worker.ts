/** Runs the ranges of seeds that it is given. */
import { parentPort } from "node:worker_threads"
import { type Range, run } from "./runs.ts"

// a stack for every failure that is expected costs more than the failure
Error.stackTraceLimit = 0

parentPort?.on("message", (range: Range) => parentPort?.postMessage(run(range)))
