/**
 * Page tokens. One stands for a window that was pinned when its first page was read, so that what arrives meanwhile does
 * not shift the pages after it.
 */

/** How many windows are remembered; the oldest are forgotten first. */
const capacity = 4096

export class Windows<A> {
  readonly #windows = new Map<string, A>()
  readonly #uuid: () => string

  constructor(uuid: () => string) {
    this.#uuid = uuid
  }

  /** Remembers a window and names it. */
  pin(window: A): string {
    const token = `PA${this.#uuid()}`
    this.#windows.set(token, window)
    if (this.#windows.size > capacity) {
      for (const oldest of this.#windows.keys()) {
        this.#windows.delete(oldest)
        break
      }
    }
    return token
  }

  get(token: string): A | undefined {
    return this.#windows.get(token)
  }
}
