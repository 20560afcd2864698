/** Creates a controller whose signal is also aborted when another signal is. */
export const childController = (signal: AbortSignal): AbortController => {
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (signal.aborted) abort()
  signal.addEventListener("abort", abort)
  controller.signal.addEventListener("abort", () => signal.removeEventListener("abort", abort))
  return controller
}
