/** A controller, its signal, and the number of listeners of that. */
export const makeCountingSignal = () => {
  const controller = new AbortController()
  const { signal } = controller
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    const [type, listener] = args
    if (type === "abort") listeners.add(listener)
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    const [type, listener] = args
    if (type === "abort") listeners.delete(listener)
    removeEventListener.apply(signal, args)
  }
  return { controller, signal, listeners: () => listeners.size }
}
