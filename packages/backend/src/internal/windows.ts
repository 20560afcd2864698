/**
 * Page tokens. One stands for a window that was pinned when its first page was read, so that what arrives meanwhile does
 * not shift the pages after it.
 */

/** How many windows are remembered, and how much they may hold together; the oldest are forgotten first. */
const capacity = { windows: 4096, weight: 1_000_000 }

export class Windows<A> {
  readonly #windows = new Map<string, { readonly window: A; readonly weight: number }>()
  readonly #uuid: () => string
  #weight = 0

  constructor(uuid: () => string) {
    this.#uuid = uuid
  }

  /** Remembers a window and names it. Its weight is how many things it holds. */
  pin(window: A, weight: number): string {
    const token = `PA${this.#uuid()}`
    this.#windows.set(token, { window, weight })
    this.#weight += weight
    for (const [oldest, { weight }] of this.#windows) {
      const isFull = this.#windows.size > capacity.windows || this.#weight > capacity.weight
      if (!isFull || oldest === token) break
      this.#windows.delete(oldest)
      this.#weight -= weight
    }
    return token
  }

  get(token: string): A | undefined {
    return this.#windows.get(token)?.window
  }
}
