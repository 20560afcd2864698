/** Stack traces without the frames of Effect and of these packages. */

/** Whether a line of a stack trace belongs to Effect or to these packages. */
export const isInternalFrame = (line: string): boolean =>
  /[\\/]effect[\\/](?:dist|src)[\\/]|[\\/]node_modules[\\/]@effect-signalwire[\\/]|~effect|FiberImpl/.test(line)

/** The frames of a stack trace. The message in front of them is left out; not every engine writes it. */
export const framesOf = (error: Error): ReadonlyArray<string> => {
  const head = String(error)
  const stack = error.stack ?? ""
  const frames = stack.startsWith(head) ? stack.slice(head.length) : stack
  return frames.split("\n").filter((line) => line.trim() !== "")
}

/** Replaces the frames of a stack trace. */
export const setFrames = (error: Error, frames: ReadonlyArray<string>): void => {
  // has no effect on a frozen error
  Reflect.defineProperty(error, "stack", {
    value: [String(error), ...frames].join("\n"),
    configurable: true,
    writable: true
  })
}

const trimStacks = (error: unknown): void => {
  const seen = new Set<unknown>()
  for (let current = error; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current)
    const frames = framesOf(current)
    const kept = frames.filter((line) => !isInternalFrame(line))
    if (kept.length < frames.length) setFrames(current, kept)
  }
}

/** Removes internal frames from the stack traces of an error and of its causes, and returns the error. */
export const trimStack = (error: unknown): unknown => {
  try {
    trimStacks(error)
  } catch {
    // an unusual error: its stack is not a string, or a getter throws
  }
  return error
}
