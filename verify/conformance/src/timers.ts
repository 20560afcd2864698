/** The timers of a page, which end with it. Like those of browsers they are numbers. */

type Handler = (...args: ReadonlyArray<unknown>) => unknown

/** `functions` has them by their names in a page. After `close` none of them fires. */
export const makeTimers = () => {
  const pending = new Map<number, NodeJS.Timeout>()
  let last = 0
  let closed = false
  const clear = (id?: number) => {
    if (id === undefined) return
    clearTimeout(pending.get(id))
    pending.delete(id)
  }
  const start = (begin: (id: number) => NodeJS.Timeout) => {
    const id = ++last
    if (!closed) pending.set(id, begin(id))
    return id
  }
  const functions = {
    setTimeout: (handler: Handler, millis?: number, ...args: ReadonlyArray<unknown>) =>
      start((id) =>
        setTimeout(() => {
          pending.delete(id)
          handler(...args)
        }, millis)
      ),
    setInterval: (handler: Handler, millis?: number, ...args: ReadonlyArray<unknown>) =>
      start(() => setInterval(() => void handler(...args), millis)),
    clearTimeout: clear,
    clearInterval: clear
  }
  const close = () => {
    closed = true
    for (const id of pending.keys()) clear(id)
  }
  return { functions, close }
}
