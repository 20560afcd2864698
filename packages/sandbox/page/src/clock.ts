/** Times of day, as the page shows them. `millis` are Unix milliseconds. */

export const timeOf = (millis: number): string => new Date(millis).toLocaleTimeString(undefined, { hour12: false })

/** With milliseconds. */
export const exactTimeOf = (millis: number): string => `${timeOf(millis)}.${String(millis % 1000).padStart(3, "0")}`
