/** Whether the platform says that there is no network; where it says nothing, there may be one. */
export const isOffline = (): boolean => typeof navigator === "object" && Reflect.get(navigator, "onLine") === false
