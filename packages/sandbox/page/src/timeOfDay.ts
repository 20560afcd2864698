/** Formats times of day. `millis` are unix milliseconds. */

export const timeOf = (millis: number): string => new Date(millis).toLocaleTimeString(undefined, { hour12: false })

/** Includes milliseconds. */
export const exactTimeOf = (millis: number): string => `${timeOf(millis)}.${String(millis % 1000).padStart(3, "0")}`
