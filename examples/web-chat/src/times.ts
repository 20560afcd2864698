/** Times as users read them. Each formatter is made once: making one takes far longer than formatting a time. */

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" })

/** The time of day of unix seconds. */
export const clock = (ts: number): string => clockFormat.format(ts * 1000)

/** The day of unix seconds. */
export const dayOf = (ts: number): string => dayFormat.format(ts * 1000)
