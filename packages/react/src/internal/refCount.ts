/**
 * Counts references to a resource, which starts with the first reference and stops after the last one was released.
 * Returns a function that acquires a reference and returns a function that releases it. The resource continues if it is
 * acquired again before the next microtask, as it is when React's strict mode remounts a component.
 */
export const make = (start: () => void, stop: () => void): () => () => void => {
  let references = 0
  let hasStarted = false
  const stopIfUnused = () => {
    if (references > 0 || !hasStarted) return
    hasStarted = false
    stop()
  }
  return () => {
    references++
    if (!hasStarted) {
      hasStarted = true
      start()
    }
    let isAcquired = true
    return () => {
      if (!isAcquired) return
      isAcquired = false
      references--
      queueMicrotask(stopIfUnused)
    }
  }
}
