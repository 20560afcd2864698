/**
 * Page tokens. One stands for a window that was pinned when its first page was read, so that what arrives meanwhile does
 * not shift the pages after it.
 */

/** How many windows are remembered, and how many bytes they may take together; the oldest are forgotten first. */
const capacity = { windows: 4096, bytes: 16 * 1024 * 1024 }

export class Windows<A> {
  readonly #windows = new Map<string, { readonly window: A; readonly bytes: number }>()
  readonly #uuid: () => string
  #bytes = 0

  constructor(uuid: () => string) {
    this.#uuid = uuid
  }

  /** Remembers a window that takes so many bytes, and names it. */
  pin(window: A, bytes: number): string {
    const token = `PA${this.#uuid()}`
    this.#windows.set(token, { window, bytes })
    this.#bytes += bytes
    for (const [oldest, { bytes }] of this.#windows) {
      const isFull = this.#windows.size > capacity.windows || this.#bytes > capacity.bytes
      if (!isFull || oldest === token) break
      this.#windows.delete(oldest)
      this.#bytes -= bytes
    }
    return token
  }

  get(token: string): A | undefined {
    return this.#windows.get(token)?.window
  }
}
