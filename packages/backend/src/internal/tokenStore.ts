/**
 * The tokens of a backend, indexed by token string and by subscriber, in the order in which they were minted.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Token } from "../Records.ts"
import { stringBytes } from "./stringBytes.ts"

/** The memory that a token takes besides its string, in bytes: its record, and its entries in the index of secrets. */
const overhead = 3072

/** Returns the memory that a token takes, in bytes. */
export const tokenBytes = ({ token }: Token): number => overhead + stringBytes(token)

interface Owned {
  readonly strings: Set<string>
  bytes: number
}

export class TokenStore {
  readonly #byString = new Map<string, Token>()
  readonly #byOwner = new Map<SubscriberId, Owned>()
  #bytes = 0

  /** The memory that all tokens take, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  get(value: string): Token | undefined {
    return this.#byString.get(value)
  }

  values(): Iterable<Token> {
    return this.#byString.values()
  }

  *of(subscriberId: SubscriberId): Generator<Token> {
    for (const value of this.#byOwner.get(subscriberId)?.strings ?? []) {
      const token = this.#byString.get(value)
      if (token !== undefined) yield token
    }
  }

  /** Returns how many tokens a subscriber has. */
  countOf(subscriberId: SubscriberId): number {
    return this.#byOwner.get(subscriberId)?.strings.size ?? 0
  }

  /** Returns the memory that the tokens of a subscriber take, in bytes. */
  bytesOf(subscriberId: SubscriberId): number {
    return this.#byOwner.get(subscriberId)?.bytes ?? 0
  }

  /** Adds a token, or replaces it. */
  set(token: Token): void {
    const isNew = !this.#byString.has(token.token)
    this.#byString.set(token.token, token)
    if (!isNew) return
    const bytes = tokenBytes(token)
    this.#bytes += bytes
    const owned = this.#byOwner.get(token.subscriberId)
    if (owned === undefined) this.#byOwner.set(token.subscriberId, { strings: new Set([token.token]), bytes })
    else {
      owned.strings.add(token.token)
      owned.bytes += bytes
    }
  }

  delete(value: string): void {
    const token = this.#byString.get(value)
    if (token === undefined) return
    this.#byString.delete(value)
    const bytes = tokenBytes(token)
    this.#bytes -= bytes
    const owned = this.#byOwner.get(token.subscriberId)
    if (owned === undefined) return
    owned.strings.delete(value)
    owned.bytes -= bytes
    if (owned.strings.size === 0) this.#byOwner.delete(token.subscriberId)
  }
}
