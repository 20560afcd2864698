/**
 * Something that goes on as long as anybody holds it. Who lets go and holds it again in one go, as React's strict mode has
 * every component do, does not end it.
 */
export const make = (begin: () => void, end: () => void): () => () => void => {
  let holders = 0
  let hasBegun = false
  const endUnlessHeld = () => {
    if (holders > 0 || !hasBegun) return
    hasBegun = false
    end()
  }
  return () => {
    holders++
    if (!hasBegun) {
      hasBegun = true
      begin()
    }
    let isHolder = true
    return () => {
      if (!isHolder) return
      isHolder = false
      holders--
      queueMicrotask(endUnlessHeld)
    }
  }
}
