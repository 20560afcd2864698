/** A controller whose signal is aborted with another one, at the latest. */
export const within = (signal: AbortSignal): AbortController => {
  const controller = new AbortController()
  const end = () => controller.abort()
  if (signal.aborted) end()
  signal.addEventListener("abort", end, { once: true })
  controller.signal.addEventListener("abort", () => signal.removeEventListener("abort", end), { once: true })
  return controller
}
