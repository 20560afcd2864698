/** Formats times of day. `millis` are unix milliseconds. */

// made once: a busy page formats a thousand times, and each `toLocaleTimeString` with options would make its own
const format = new Intl.DateTimeFormat(undefined, {
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
  hour12: false
})

export const timeOf = (millis: number): string => format.format(millis)

/** Includes milliseconds. */
export const exactTimeOf = (millis: number): string => `${timeOf(millis)}.${String(millis % 1000).padStart(3, "0")}`
