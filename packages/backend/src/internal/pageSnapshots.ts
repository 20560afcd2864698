/**
 * The snapshots of lists that page tokens identify. A snapshot is taken when the first page is read, so that items that are
 * added later do not shift the pages that follow.
 */

/** The maximum number of snapshots, and the maximum number of bytes they take together. The oldest are removed first. */
const capacity = { snapshots: 4096, bytes: 16 * 1024 * 1024 }

export class PageSnapshots<A> {
  readonly #snapshots = new Map<string, { readonly snapshot: A; readonly bytes: number }>()
  readonly #uuid: () => string
  #bytes = 0

  constructor(uuid: () => string) {
    this.#uuid = uuid
  }

  /** Adds a snapshot that takes this many bytes, and returns its page token. */
  add(snapshot: A, bytes: number): string {
    const token = `PA${this.#uuid()}`
    this.#snapshots.set(token, { snapshot, bytes })
    this.#bytes += bytes
    for (const [oldest, { bytes }] of this.#snapshots) {
      const isFull = this.#snapshots.size > capacity.snapshots || this.#bytes > capacity.bytes
      if (!isFull || oldest === token) break
      this.#snapshots.delete(oldest)
      this.#bytes -= bytes
    }
    return token
  }

  get(token: string): A | undefined {
    return this.#snapshots.get(token)?.snapshot
  }
}
