/** Whether the platform reports that there is no network; `false` where it does not report it, as in Node. */
export const isOffline = (): boolean => {
  const isOnline: unknown = typeof navigator === "object" ? navigator.onLine : undefined
  return isOnline === false
}
