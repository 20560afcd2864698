/** How long to wait before dialling again: doubling, capped, and spread over the whole span (full jitter). */
export interface Backoff {
  readonly delayMillis: (attempt: number, chance: number) => number
}

export const make = (options: { readonly baseMillis: number; readonly capMillis: number }): Backoff => ({
  delayMillis: (attempt, chance) =>
    // from 2^30 on the cap has long been reached
    Math.round(chance * Math.min(options.capMillis, options.baseMillis * 2 ** Math.min(attempt, 30)))
})
