/** Whether the platform says that there is no network; where it says nothing, there may be one. */
export const isOffline = (): boolean => {
  const isOnline: unknown = typeof navigator === "object" ? navigator.onLine : undefined
  return isOnline === false
}
